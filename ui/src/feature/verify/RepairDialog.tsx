import { count, counted, shellWord } from "../../data/format";
import { valueText } from "../../data/value";
import type { DifferingKeyView, VerifiedTable } from "../../host";
import { Button, Dialog, SameAsText } from "../../kit";

type RepairDialogProps = {
  verdict: VerifiedTable;
  /** `ignore`, `soft` or `hard`. */
  deletes: string;
  onClose: () => void;
  onRepair: () => void;
};

/** What the repair will do, before it does it. */
export function RepairDialog({ verdict, deletes, onClose, onRepair }: RepairDialogProps) {
  const steps = plan(verdict, deletes);
  return (
    <Dialog
      title={`Repair ${verdict.target}`}
      onClose={onClose}
      foot={
        <>
          <Button keys="Escape" onPress={onClose}>
            Leave it
          </Button>
          <Button look="primary" onPress={onRepair} autoFocus>
            Repair
          </Button>
        </>
      }
    >
      <div className="repair">
        <p className="soft">
          As the comparison found it. Everything is done under the table’s lease; the cursor stays where it is, and the
          same keys are compared again afterwards.
        </p>
        <table className="plain steps" aria-label="Plan of the repair">
          <thead>
            <tr>
              <th>What is done</th>
              <th className="number">Keys</th>
              <th>Such as</th>
            </tr>
          </thead>
          <tbody>
            {steps.map((step) => (
              <tr key={step.what}>
                <td className={step.left ? "soft" : "strong"}>{step.what}</td>
                <td className="number mono">{count(step.keys)}</td>
                <td className="mono soft" title={step.examples}>
                  {step.examples}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        <SameAsText command={`firn sync verify ${shellWord(verdict.source)} --repair`} />
      </div>
    </Dialog>
  );
}

type Step = { what: string; keys: number; examples: string; left: boolean };

/** The steps of a repair, with the first keys of each. */
function plan(verdict: VerifiedTable, deletes: string): Step[] {
  const open = (kind: string) => verdict.keys.filter((one) => one.kind === kind && one.reason === null);
  const known = verdict.keys.filter((one) => one.kind !== "extra" && one.reason !== null);
  const rejected = verdict.rejected;
  const extra =
    deletes === "hard"
      ? "Delete in the target: the source has no such row"
      : deletes === "soft"
        ? "Mark as deleted in the target: the source has no such row"
        : "Stays in the target: this table does not sync deletes";
  const extras = verdict.keys.filter((one) => one.kind === "extra");
  const steps: Step[] = [
    {
      what: "Read from the source by key, write into the target",
      keys: verdict.missing + verdict.changed - rejected,
      examples: examples([...open("missing"), ...open("changed")]),
      left: false,
    },
    { what: extra, keys: verdict.extra, examples: examples(extras), left: deletes === "ignore" },
    {
      what: `Stays rejected: ${counted(rejected, "row")} to be tried again`,
      keys: rejected,
      examples: examples(known),
      left: true,
    },
  ];
  return steps.filter((step) => step.keys > 0);
}

function examples(keys: readonly DifferingKeyView[]): string {
  const some = keys.slice(0, 3).map((one) => Object.values(one.key).map(valueText).join(" "));
  return some.join(", ") + (keys.length > some.length ? ", …" : "");
}
