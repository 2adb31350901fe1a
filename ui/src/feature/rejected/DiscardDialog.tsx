import { useState } from "react";
import { counted, shellWord } from "../../data/format";
import { afterRun, useCommand } from "../../data/queries";
import { useOpenWorkspace } from "../../data/workspace";
import { errorView } from "../../host";
import { Button, Dialog, SameAsText, TextField, Trouble } from "../../kit";

/** Most ids that are written out in a command line. */
const WRITTEN = 12;

type DiscardDialogProps = { ids: readonly string[]; onClose: () => void; onDone: () => void };

/** Closes rejected rows that nobody wants any more; a note says why. */
export function DiscardDialog({ ids, onClose, onDone }: DiscardDialogProps) {
  const { workspace } = useOpenWorkspace();
  const [note, setNote] = useState("");
  const discard = useCommand("sync_discard", (client) => {
    afterRun(client);
    onDone();
  });
  const why = note.trim();
  const go = () => discard.mutate({ folder: workspace.folder, table: null, ids: [...ids], note: why });
  const unavailable = discard.isPending ? "one moment" : why === "" ? "say why" : null;
  const named = ids.length > WRITTEN ? `${ids.slice(0, WRITTEN).join(" ")} …` : ids.join(" ");
  return (
    <Dialog
      title={`Discard ${counted(ids.length, "rejected row")}`}
      onClose={onClose}
      foot={
        <>
          <Button onPress={onClose} keys="Escape">
            Leave {ids.length === 1 ? "it" : "them"}
          </Button>
          <Button look="danger" unavailable={unavailable} onPress={go}>
            Discard
          </Button>
        </>
      }
    >
      {discard.isError && <Trouble error={errorView(discard.error)} title={<b>Nothing was discarded</b>} />}
      <div className="body folder-form">
        <p>
          {ids.length === 1 ? "The row stays at the source and is" : "The rows stay at the source and are"} not merged.{" "}
          {ids.length === 1 ? "It is" : "They are"} listed under All, with who discarded{" "}
          {ids.length === 1 ? "it" : "them"} and why.
        </p>
        <TextField label="Why" value={note} onChange={setNote} onEnter={() => !unavailable && go()} autoFocus />
        <SameAsText command={`firn sync discard --id ${named} --note ${shellWord(why || "WHY")}`} />
      </div>
    </Dialog>
  );
}
