import { ChevronLeft, ChevronRight } from "lucide-react";
import { navigate } from "../../action";
import { count, shortRun, when } from "../../data/format";
import { useRejectedRow } from "../../data/queries";
import { resolvedWord } from "../../data/rejected";
import { valueText } from "../../data/value";
import { useOpenWorkspace } from "../../data/workspace";
import { errorView, type RejectedLineView } from "../../host";
import { ActionButton, Button, Divider, Icon, Said, State, Trouble, Waiting } from "../../kit";
import { Payload } from "./Payload";

type RowInspectorProps = {
  row: RejectedLineView;
  place: number;
  of: number;
  /** Types of the table's columns in the source, as far as they are known. */
  types: ReadonlyMap<string, string>;
};

/** One rejected row: why, and its values as they were read. Read-only: a row is mended at the source. */
export function RowInspector({ row, place, of, types }: RowInspectorProps) {
  const { workspace } = useOpenWorkspace();
  const whole = useRejectedRow(workspace.folder, row.id);
  const runId = whole.data?.run_id ?? null;
  const key = Object.entries(row.pk)
    .map(([column, value]) => `${column} ${valueText(value)}`)
    .join(", ");
  return (
    <section className="pane inspector" aria-label="Row">
      <Divider pane="inspector" />
      <div className="pane-head">
        <h2>Row</h2>
        <code className="cut" title={key}>
          {key}
        </code>
        <div className="acts">
          <span className="faint small">
            {count(place + 1)} of {count(of)}
          </span>
          <ActionButton id="rejected.previous" look="quiet" compact withKeys={false}>
            <Icon of={ChevronLeft} />
            <span className="unseen">Previous row</span>
          </ActionButton>
          <ActionButton id="rejected.next" look="quiet" compact withKeys={false}>
            <Icon of={ChevronRight} />
            <span className="unseen">Next row</span>
          </ActionButton>
        </div>
      </div>
      <div className="scroll">
        <div className={`finding ${row.resolved_at ? "" : "failed"}`}>
          <span />
          <div className="body selectable">
            {row.resolved_at ? (
              <State tone="ok">
                {resolvedWord(row)} {when(row.resolved_at)}
              </State>
            ) : (
              <State tone="failed">Rejected</State>
            )}
            <span className="message">
              <Said text={row.error} />
            </span>
            <span className="small soft">
              code <code>{row.code}</code>, {when(row.occurred_at)}, tried{" "}
              {row.attempts === 1 ? "once" : `${count(row.attempts)} times`}
              {runId && (
                <>
                  , run{" "}
                  <Button compact look="quiet" onPress={() => navigate({ screen: "runs", runId })}>
                    <code>{shortRun(runId)}</code>
                  </Button>
                </>
              )}
            </span>
          </div>
        </div>
        {whole.isError ? (
          <Trouble error={errorView(whole.error)} title={<b>Its values were not read</b>} tone="warn" />
        ) : whole.data ? (
          <Payload row={whole.data} types={types} />
        ) : (
          <Waiting text="Asking for its values" />
        )}
        <p className="pad soft">
          A rejected row is mended at the source, or by a transform. The next change of it is read and merged like any
          other; trying it again reads it now by its key, as it is.
        </p>
      </div>
      {!row.resolved_at && (
        <div className="pane-foot">
          <ActionButton id="rejected.one" compact>
            Try this row again
          </ActionButton>
          <ActionButton id="rejected.discard" look="quiet" compact>
            Discard…
          </ActionButton>
        </div>
      )}
    </section>
  );
}
