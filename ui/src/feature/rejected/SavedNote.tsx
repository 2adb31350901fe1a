import { Undo2, X } from "lucide-react";
import { useDocument } from "../../data/document";
import { keepWorkspace, useCommand } from "../../data/queries";
import { useOpenWorkspace } from "../../data/workspace";
import { errorView } from "../../host";
import { Button, Icon, State, Trouble } from "../../kit";

/** A transform that was saved here. */
export type SavedTransform = { table: string; column: string };

/** Says that a transform is in the document now, and takes it out again. */
export function SavedNote({ of, onClose }: { of: SavedTransform; onClose: () => void }) {
  const { workspace } = useOpenWorkspace();
  const folder = workspace.folder;
  const document = useDocument(folder);
  const save = useCommand("document_save", (client, answer, request) => {
    keepWorkspace(client, answer);
    document.wasSaved(request.text);
    onClose();
  });
  const { draft } = document;
  const before = draft?.past.at(-1);
  const undo = () => {
    if (!draft || before === undefined) return;
    document.undo();
    save.mutate({ folder, before: draft.base, text: before });
  };
  return (
    <div className="saved">
      <State tone="ok">
        The transform of <code>{of.column}</code> is in the entry of <code>{of.table}</code>
      </State>
      <span className="small soft">for these rows and for every one to come</span>
      <Button
        compact
        onPress={undo}
        unavailable={
          document.unsaved > 0
            ? "the mapping has edits that are not saved"
            : before === undefined
              ? "nothing to undo"
              : null
        }
      >
        <Icon of={Undo2} small />
        Undo
      </Button>
      <Button compact look="quiet" label="Close the note" onPress={onClose}>
        <Icon of={X} small />
      </Button>
      {save.isError && <Trouble error={errorView(save.error)} title={<b>It was not taken out</b>} tone="warn" />}
    </div>
  );
}
