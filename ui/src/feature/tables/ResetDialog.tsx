import { useState } from "react";
import { shellWord } from "../../data/format";
import { afterRun, useCommand } from "../../data/queries";
import { useOpenWorkspace } from "../../data/workspace";
import { errorView } from "../../host";
import { Button, Dialog, SameAsText, TextField, Trouble } from "../../kit";

/** Moves a cursor back: the only way there is. */
export function ResetDialog({ table, cursor, onClose }: { table: string; cursor: string | null; onClose: () => void }) {
  const { workspace } = useOpenWorkspace();
  const [to, setTo] = useState("");
  const reset = useCommand("sync_reset", (client) => {
    afterRun(client);
    onClose();
  });
  const back = to.trim();
  return (
    <Dialog
      title={
        <>
          Move the cursor of <code>{table}</code> back
        </>
      }
      onClose={onClose}
      leave="Leave it"
      foot={
        <Button
          look="danger"
          unavailable={reset.isPending ? "one moment" : null}
          onPress={() => reset.mutate({ folder: workspace.folder, table, to: back || null })}
        >
          {back ? "Move it back" : "Start again from the beginning"}
        </Button>
      }
    >
      {reset.isError && <Trouble error={errorView(reset.error)} title={<b>The cursor was not moved</b>} />}
      <div className="body folder-form">
        <p>
          It stands at <code>{cursor ?? "the beginning"}</code>. Rows after the new place are read and merged again;
          rows already in the target are replaced, none is doubled.
        </p>
        <TextField
          label="Back to"
          value={to}
          onChange={setTo}
          placeholder={cursor ?? "2026-11-20 00:00:00+00"}
          autoFocus
        />
        <p className="soft">Left empty, the table is loaded from the beginning.</p>
        <SameAsText command={`firn sync reset ${shellWord(table)}${back ? ` --to ${shellWord(back)}` : ""}`} />
      </div>
    </Dialog>
  );
}
