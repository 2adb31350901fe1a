import { useState } from "react";
import type { ErrorView } from "../../host";
import { useHost } from "../../host";
import { Button, Dialog, SameAsText, TextField, Trouble } from "../../kit";
import { shellWord } from "../../data/format";

type FolderDialogProps = {
  /** Whether the folder is to become a workspace, or is one. */
  purpose: "new" | "open";
  busy: boolean;
  error: ErrorView | null;
  onDone: (folder: string) => void;
  onClose: () => void;
};

/** Asks for a folder: by its path, or by the system's own dialog. */
export function FolderDialog({ purpose, busy, error, onDone, onClose }: FolderDialogProps) {
  const host = useHost();
  const [path, setPath] = useState("");
  const folder = path.trim();
  const unavailable = busy ? "one moment" : folder === "" ? "name a folder first" : null;
  const done = () => {
    if (unavailable === null) onDone(folder);
  };
  const word = purpose === "new" ? "Make workspace" : "Open workspace";
  return (
    <Dialog
      title={purpose === "new" ? "New workspace" : "Open a workspace"}
      onClose={onClose}
      leave="Leave it"
      foot={
        <Button look="primary" keys="Enter" unavailable={unavailable} onPress={done}>
          {word}
        </Button>
      }
    >
      {error && (
        <Trouble
          error={error}
          title={<b>{purpose === "new" ? "No workspace was made" : "The workspace was not opened"}</b>}
        />
      )}
      <div className="body folder-form">
        <p className="soft">
          {purpose === "new"
            ? "The folder is made where it is missing. Firn writes a firn.yaml into it, which holds no secret and can be committed."
            : "A folder with a firn.yaml. Until you trust it, nothing is connected and nothing runs."}
        </p>
        <div className="row">
          <TextField
            label="Folder"
            value={path}
            onChange={setPath}
            placeholder="/home/me/data/shop"
            autoFocus
            onEnter={done}
          />
          <Button
            onPress={() => {
              void host
                .pickFolder(purpose === "new" ? "Folder for the new workspace" : "Folder with a firn.yaml")
                .then((picked) => picked && setPath(picked));
            }}
          >
            Browse…
          </Button>
        </div>
        <SameAsText
          command={
            purpose === "new"
              ? `firn init ${folder ? shellWord(folder) : "DIR"}`
              : `firn --workspace ${folder ? shellWord(folder) : "DIR"} sync status`
          }
        />
      </div>
    </Dialog>
  );
}
