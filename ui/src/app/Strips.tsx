import { counted } from "../data/format";
import type { WorkspaceView } from "../host";
import { navigate } from "../action";
import { levelTone } from "../data/words";
import { ActionButton, Button, Said, State } from "../kit";
import type { Told } from "./arrivals";

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

/** What was told from outside the page, until it is put away, and what a command waits for. */
export function ToldStrips({ told }: { told: Told }) {
  return (
    <>
      {told.waiting !== null && (
        <div className="strip" role="status">
          <State tone="queued">Waiting</State>
          <span>
            <Said text={told.waiting} />
          </span>
        </div>
      )}
      {told.findings.map((finding) => {
        const tone = levelTone(finding.level);
        return (
          <div
            key={finding.message}
            className={`strip ${tone === "failed" ? "failed" : tone === "warn" ? "warn" : ""}`}
            role="alert"
          >
            <State tone={tone}>{tone === "failed" ? "Failed" : "To know"}</State>
            <span className="selectable">
              <Said text={finding.message} />
              {finding.fix && (
                <>
                  {": "}
                  <Said text={finding.fix} />
                </>
              )}
            </span>
            <span className="push">
              <Button compact look="quiet" onPress={() => told.dismiss(finding)}>
                Put away
              </Button>
            </span>
          </div>
        );
      })}
    </>
  );
}
