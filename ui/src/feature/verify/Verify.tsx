import "./verify.css";
import { Scale, Square, Wrench, X } from "lucide-react";
import { useMemo, useState } from "react";
import { navigate, useAction } from "../../action";
import { clock, count, counted, shellWord, span } from "../../data/format";
import { useVerdict } from "../../data/queries";
import { useOpenWorkspace } from "../../data/workspace";
import type { RunView, VerifiedTable } from "../../host";
import {
  ActionButton,
  Button,
  Divider,
  Finding,
  Icon,
  Nothing,
  SameAsText,
  StateFilters,
  StateWord,
  Trouble,
} from "../../kit";
import { ByColumn, Cells } from "./Cells";
import { ComparisonStrip, useComparison } from "./comparison";
import { differingColumns, keyText, kinds } from "./differing";
import { KeyGrid } from "./KeyGrid";
import { RepairDialog } from "./RepairDialog";
import { verdictWord } from "./words";

/** One table held against its source: counts, the keys that differ and their cells, and the repair. */
export function Verify({ table }: { table: string }) {
  const { workspace } = useOpenWorkspace();
  const verdict = useVerdict(workspace.folder, table);
  const comparison = useComparison(table);
  const { pending, cannot } = comparison;
  const [asking, setAsking] = useState(false);
  const [chosenKey, setChosenKey] = useState<string | null>(null);
  const [kind, setKind] = useState<string | null>(null);
  const [column, setColumn] = useState<string | null>(null);

  useAction("verify.run", () => comparison.compare([table], false), cannot, table);
  useAction(
    "verify.repair",
    () => setAsking(true),
    cannot ?? (!verdict ? "compare first" : verdict.differing_keys === 0 ? "nothing differs" : null),
    table,
  );
  useAction("verify.cancel", comparison.cancel, comparison.cannotCancel);

  const columns = useMemo(() => (verdict ? differingColumns(verdict) : []), [verdict]);
  const shown = useMemo(
    () =>
      (verdict?.keys ?? []).filter(
        (one) =>
          (kind === null || one.kind === kind) &&
          (column === null || one.cells.some((differing) => differing.column === column)),
      ),
    [verdict, kind, column],
  );
  const chosen = shown.find((one) => keyText(one) === chosenKey) ?? shown[0] ?? null;
  const place = chosen ? shown.indexOf(chosen) : -1;
  const go = (to: number) => {
    const one = shown[to];
    if (one) setChosenKey(keyText(one));
  };
  useAction("verify.next", () => go(place + 1), place + 1 < shown.length ? null : "this is the last key");
  useAction("verify.previous", () => go(place - 1), place > 0 ? null : "this is the first key");
  const far = (view: RunView | null) => {
    const read = view?.tables.find((one) => one.source === table)?.rows_read ?? 0;
    return `${read > 0 ? `${counted(read, "row")} compared` : "Asking source and target"}${view ? `, ${clock(view.seconds)}` : ""}`;
  };
  return (
    <div className="page verify">
      <div className="head">
        <h1 className="cut">
          <code>{table}</code> against its source
        </h1>
        {verdict && <StateWord of={verdictWord(verdict.status)} />}
        <div className="acts">
          {pending ? (
            <ActionButton id="verify.cancel" look="danger">
              <Icon of={Square} small />
              Cancel
            </ActionButton>
          ) : (
            verdict &&
            verdict.differing_keys > 0 && (
              <ActionButton id="verify.repair">
                <Icon of={Wrench} small />
                Repair…
              </ActionButton>
            )
          )}
          <ActionButton id="verify.run" look="primary">
            <Icon of={Scale} small />
            {verdict ? "Compare again" : "Compare"}
          </ActionButton>
        </div>
      </div>
      <ComparisonStrip of={comparison} far={far} />
      {!pending && verdict?.error && <Trouble error={verdict.error} title={<b>The table was not compared</b>} />}
      {!verdict ? (
        !pending && (
          <Nothing
            title="Not compared yet"
            command={`firn sync verify ${shellWord(table)}`}
            acts={<ActionButton id="verify.run" look="primary" />}
          >
            Every row of the source is held against its copy, by count and content. What a watermark cannot see is found
            here: rows of a clock that was behind, changes in the target, lost deletes.
          </Nothing>
        )
      ) : (
        <>
          <Figures verdict={verdict} />
          <div className="split folds">
            <section className="pane wide" aria-label="Keys that differ">
              <div className="filter-bar">
                <StateFilters
                  label="Differences"
                  all={verdict.differing_keys}
                  states={kinds
                    .filter(({ id }) => verdict[id] > 0)
                    .map(({ id, word }) => ({ id, word, number: verdict[id] }))}
                  value={kind}
                  onChange={setKind}
                />
                {column !== null && (
                  <Button compact onPress={() => setColumn(null)}>
                    in <code>{column}</code> <Icon of={X} small />
                  </Button>
                )}
                {verdict.keys.length < verdict.differing_keys && (
                  <span className="faint">
                    the first {count(verdict.keys.length)} of {count(verdict.differing_keys)} are listed
                  </span>
                )}
              </div>
              {verdict.repaired && (
                <p className="note-line" role="status">
                  Repaired: {counted(verdict.repaired.written, "row")} written, {count(verdict.repaired.deleted)}{" "}
                  deleted or marked, {count(verdict.repaired.left)} left as they were.
                </p>
              )}
              {verdict.differing_keys === 0 ? (
                <Nothing
                  title={verdict.status === "equal" ? "Source and target are equal" : "Nothing is known to differ"}
                >
                  {counted(verdict.rows_source, "row")} were compared by key and content
                  {verdict.waiting > 0 ? `; ${count(verdict.waiting)} wait for the next run` : ""}.
                </Nothing>
              ) : (
                <KeyGrid
                  keys={shown}
                  columns={columns}
                  place={place}
                  column={column}
                  onChoose={(one) => setChosenKey(keyText(one))}
                />
              )}
              <div className="same-as-text">
                <SameAsText command={`firn sync verify ${shellWord(table)}`} />
              </div>
            </section>
            <section className="pane inspector" aria-label="Cells">
              <Divider pane="inspector" />
              <div className="scroll">
                {chosen && <Cells of={chosen} />}
                {Object.keys(verdict.columns).length > 0 && (
                  <ByColumn verdict={verdict} column={column} onColumn={setColumn} />
                )}
                {verdict.findings.length > 0 && (
                  <ul>
                    {verdict.findings.map((finding) => (
                      <Finding key={`${finding.code}${finding.message}`} of={finding} />
                    ))}
                  </ul>
                )}
              </div>
            </section>
          </div>
        </>
      )}
      {asking && verdict && (
        <RepairDialog
          verdict={verdict}
          deletes={workspace.tables.find((one) => one.source === table)?.deletes ?? "ignore"}
          onClose={() => setAsking(false)}
          onRepair={() => {
            setAsking(false);
            comparison.compare([table], true);
          }}
        />
      )}
      <BackToTable table={table} />
    </div>
  );
}

/** Esc leads back to the table; this keeps the way visible, too. */
function BackToTable({ table }: { table: string }) {
  return (
    <div className="foot-line">
      <Button compact look="quiet" onPress={() => navigate({ screen: "tables", table })}>
        Back to the table
      </Button>
    </div>
  );
}

function Figures({ verdict }: { verdict: VerifiedTable }) {
  const figures: [string, string, string][] = [
    ["Rows in the source", count(verdict.rows_source), ""],
    ["Rows in the target", count(verdict.rows_target), ""],
    [
      "Keys that differ",
      count(verdict.differing_keys),
      verdict.rejected > 0 ? `${count(verdict.rejected)} rejected` : "",
    ],
    ["Waiting for the next run", count(verdict.waiting), ""],
    ["Took", span(verdict.seconds), ""],
  ];
  return (
    <div className="figures">
      {figures.map(([name, value, note]) => (
        <div key={name}>
          <div className="name">{name}</div>
          <div className="value">{value}</div>
          {note && <div className="note">{note}</div>}
        </div>
      ))}
    </div>
  );
}
