import type { Changed } from "../../data/drift";
import { count } from "../../data/format";
import { Button, Changes, Choice, Dialog, State } from "../../kit";
import { drifts } from "./choices";

/** What has changed in the source since the last run, to be looked through before the next. */
export function DriftSheet({
  changed: { source, on_drift, changes },
  onDrift,
  onAccept,
  onClose,
}: {
  changed: Changed;
  /** Says what is done about changes from now on: an edit of the document. */
  onDrift: (word: string) => void;
  onAccept: () => void;
  onClose: () => void;
}) {
  const stopping = changes.filter((change) => change.stops).length;
  return (
    <Dialog
      title={
        <>
          Changed in <code>{source}</code> since the last run
        </>
      }
      onClose={onClose}
      leave="Not now"
      foot={
        <Button
          look="primary"
          autoFocus
          unavailable={stopping > 0 ? "a change stops the table: let the target follow, or mend the mapping" : null}
          onPress={onAccept}
        >
          Accept {count(changes.length)}
        </Button>
      }
    >
      <div className="body drift">
        <div className="line wrap">
          <label htmlFor="drift-word">When columns change</label>
          <Choice id="drift-word" value={on_drift} options={drifts} onChange={onDrift} />
          {stopping > 0 && <State tone="failed">{count(stopping)} would stop the table</State>}
        </div>
        <Changes of={changes} />
      </div>
    </Dialog>
  );
}
