import { navigate } from "../../action";
import { keepWorkspace, keys, useCommand } from "../../data/queries";
import { useOpenWorkspace } from "../../data/workspace";
import { type ConnectionView, errorView } from "../../host";
import { Button, Dialog, SameAsText, Trouble } from "../../kit";

/** Asks before a connection is taken out of firn.yaml. */
export function RemoveDialog({ connection, onClose }: { connection: ConnectionView; onClose: () => void }) {
  const { workspace } = useOpenWorkspace();
  const remove = useCommand("connection_remove", (queries, answer, request) => {
    keepWorkspace(queries, answer);
    queries.removeQueries({ queryKey: keys.check(workspace.folder, request.name) });
    onClose();
    navigate({ screen: "connections", name: null }, true);
  });
  return (
    <Dialog
      title={`Remove ${connection.name}?`}
      onClose={onClose}
      leave="Keep it"
      foot={
        <Button
          look="danger"
          unavailable={remove.isPending ? "one moment" : null}
          onPress={() => remove.mutate({ folder: workspace.folder, name: connection.name })}
        >
          Remove from firn.yaml
        </Button>
      }
    >
      {remove.isError && <Trouble error={errorView(remove.error)} title={<b>The connection was not removed</b>} />}
      <div className="body">
        <p>Its lines are taken out of firn.yaml; nothing in the database or the file it leads to is touched.</p>
        <SameAsText command={`firn connection remove ${connection.name}`} />
      </div>
    </Dialog>
  );
}
