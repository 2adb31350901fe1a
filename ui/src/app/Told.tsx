import type { FindingView } from "../host";
import { Button, Said, State } from "../kit";

/** What arrived from outside and was not followed: over whatever is shown, until it is read. */
export function Told({ finding, onRead }: { finding: FindingView; onRead: () => void }) {
  return (
    <div className="told" role="alert">
      <State tone="warn">Not followed</State>
      <span className="selectable">
        <Said text={finding.message} />
        {finding.fix && (
          <>
            {" · "}
            <Said text={finding.fix} />
          </>
        )}
      </span>
      <Button compact onPress={onRead}>
        Close
      </Button>
    </div>
  );
}
