import { counted } from "../data/format";
import type { WorkspaceView } from "../host";
import { navigate } from "../action";
import { ActionButton, Button, State } from "../kit";

/** What holds on every screen: a file with problems, a workspace that is not trusted. The overview says more. */
export function Strips({ workspace }: { workspace: WorkspaceView }) {
  return (
    <>
      {workspace.problems.length > 0 && (
        <div className="strip failed" role="status">
          <State tone="failed">firn.yaml has {counted(workspace.problems.length, "problem")}</State>
          <span className="cut">Nothing runs until the file is right again.</span>
          <span className="push">
            <Button compact onPress={() => navigate({ screen: "overview" })}>
              Show them
            </Button>
          </span>
        </div>
      )}
      {!workspace.trusted && (
        <div className="strip warn" role="status">
          <State tone="warn">Not trusted yet</State>
          <span className="cut">Nothing is connected and nothing runs until you say so.</span>
          <span className="push line">
            <Button compact look="quiet" onPress={() => navigate({ screen: "overview" })}>
              What it would connect to
            </Button>
            <ActionButton id="workspace.trust" compact />
          </span>
        </div>
      )}
    </>
  );
}
