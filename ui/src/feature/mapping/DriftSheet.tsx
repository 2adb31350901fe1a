import { count } from "../../data/format";
import type { ChangeView, MappingView } from "../../host";
import { Button, Choice, Dialog, State } from "../../kit";
import { drifts } from "./choices";

const groups = [
  { kind: "new", title: "New" },
  { kind: "removed", title: "Removed" },
  { kind: "changed", title: "Changed" },
] as const;

/** What has changed in the source since the last run, to be looked through before the next. */
export function DriftSheet({
  view,
  onDrift,
  onAccept,
  onClose,
}: {
  view: MappingView;
  /** Says what is done about changes from now on: an edit of the document. */
  onDrift: (word: string) => void;
  onAccept: () => void;
  onClose: () => void;
}) {
  const { changes } = view.plan;
  const stopping = changes.filter((change) => change.stops).length;
  return (
    <Dialog
      title={
        <>
          Changed in <code>{view.source}</code> since the last run
        </>
      }
      onClose={onClose}
      foot={
        <>
          <Button onPress={onClose} keys="Escape">
            Not now
          </Button>
          <Button
            look="primary"
            autoFocus
            unavailable={stopping > 0 ? "a change stops the table: let the target follow, or mend the mapping" : null}
            onPress={onAccept}
          >
            Accept {count(changes.length)}
          </Button>
        </>
      }
    >
      <div className="body drift">
        <div className="line wrap">
          <label htmlFor="drift-word">When columns change</label>
          <Choice id="drift-word" value={view.on_drift} options={drifts} onChange={onDrift} />
          {stopping > 0 && <State tone="failed">{count(stopping)} would stop the table</State>}
        </div>
        <div className="changes">
          {groups.map(({ kind, title }) => {
            const list = changes.filter((change) => change.kind === kind);
            return (
              list.length > 0 && (
                <section key={kind} aria-label={title}>
                  <h3>
                    {title} <span className="faint">{count(list.length)}</span>
                  </h3>
                  <table className="plain">
                    <tbody>
                      {list.map((change, place) => (
                        <Row key={place} change={change} />
                      ))}
                    </tbody>
                  </table>
                </section>
              )
            );
          })}
        </div>
      </div>
    </Dialog>
  );
}

function Row({ change }: { change: ChangeView }) {
  return (
    <tr>
      <td className="mono" title={change.column ?? undefined}>
        {change.column ?? "the table"}
      </td>
      <td className="mono soft">
        {change.before && change.now ? (
          <>
            {change.before} → {change.now}
          </>
        ) : (
          (change.now ?? change.before ?? "")
        )}
      </td>
      <td>{change.stops ? <State tone="failed">{change.outcome}</State> : change.outcome}</td>
    </tr>
  );
}
