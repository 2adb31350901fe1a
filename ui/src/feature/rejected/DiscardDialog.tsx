import { useState } from "react";
import { counted, shellWord } from "../../data/format";
import { afterRun, useCommand } from "../../data/queries";
import { useOpenWorkspace } from "../../data/workspace";
import { errorView, type RejectedRowView } from "../../host";
import { Button, Dialog, SameAsText, TextField, Trouble } from "../../kit";

/** Closes rejected rows that nobody wants any more; a note says why. */
export function DiscardDialog({ rows, onClose }: { rows: readonly RejectedRowView[]; onClose: () => void }) {
  const { workspace } = useOpenWorkspace();
  const [note, setNote] = useState("");
  const discard = useCommand("sync_discard", (client) => {
    afterRun(client);
    onClose();
  });
  const why = note.trim();
  const ids = rows.map((row) => row.id);
  const go = () => discard.mutate({ folder: workspace.folder, table: null, ids, note: why });
  const unavailable = discard.isPending ? "one moment" : why === "" ? "say why" : null;
  return (
    <Dialog
      title={`Discard ${counted(rows.length, "rejected row")}`}
      onClose={onClose}
      foot={
        <>
          <Button onPress={onClose} keys="Escape">
            Leave it
          </Button>
          <Button look="danger" unavailable={unavailable} onPress={go}>
            Discard
          </Button>
        </>
      }
    >
      {discard.isError && <Trouble error={errorView(discard.error)} title={<b>Nothing was discarded</b>} />}
      <div className="body folder-form">
        <p>The row stays at the source and is not merged. It is listed under All, with who discarded it and why.</p>
        <TextField label="Why" value={note} onChange={setNote} onEnter={() => !unavailable && go()} autoFocus />
        <SameAsText command={`firn sync discard --id ${ids.join(" ")} --note ${shellWord(why || "WHY")}`} />
      </div>
    </Dialog>
  );
}
