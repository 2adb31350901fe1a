import { ChevronLeft, ChevronRight } from "lucide-react";
import { useState } from "react";
import { navigate } from "../../action";
import { count, counted, shortRun, when } from "../../data/format";
import { useRejectedRow } from "../../data/queries";
import { isBlamed, resolvedWord } from "../../data/rejected";
import { valueText } from "../../data/value";
import { useOpenWorkspace } from "../../data/workspace";
import { errorView, type RejectedLineView, type RejectedRowView } from "../../host";
import {
  ActionButton,
  Button,
  CopyBlock,
  Divider,
  Icon,
  Said,
  Segments,
  State,
  Trouble,
  Value,
  Waiting,
} from "../../kit";

/** One rejected row: why, and its values as they were read. Read-only: a row is mended at the source. */
export function RowInspector({ row, place, of }: { row: RejectedLineView; place: number; of: number }) {
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
          <Payload row={whole.data} />
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

/** The values of a row; NULLs of a wide one are folded away. */
function Payload({ row }: { row: RejectedRowView }) {
  const [shape, setShape] = useState<"fields" | "json">("fields");
  const [nulls, setNulls] = useState(false);
  const fields = Object.entries(row.payload ?? {});
  const isSeen = ([column, value]: [string, unknown]) =>
    value !== null || column in row.pk || isBlamed(column, row.error);
  const hidden = fields.length > 40 ? fields.filter((field) => !isSeen(field)).length : 0;
  const shown = nulls || hidden === 0 ? fields : fields.filter(isSeen);
  return (
    <>
      <div className="section-head">
        <h2>Values</h2>
        <span className="faint">as read from the source</span>
        {row.payload && (
          <div className="acts">
            <Segments
              compact
              label="Shape"
              value={shape}
              options={[
                { value: "fields", text: "Fields" },
                { value: "json", text: "JSON" },
              ]}
              onChange={setShape}
            />
          </div>
        )}
      </div>
      {!row.payload ? (
        <p className="pad soft">
          No values are kept: payloads are switched off, or this one has expired. The row itself is still at the source.
        </p>
      ) : shape === "json" ? (
        <div className="pad">
          <CopyBlock text={JSON.stringify(row.payload, null, 2)} tall />
        </div>
      ) : (
        <dl className="payload">
          {shown.map(([column, value]) => (
            <PayloadLine
              key={column}
              column={column}
              value={value}
              isKey={column in row.pk}
              blamed={isBlamed(column, row.error)}
            />
          ))}
        </dl>
      )}
      {shape === "fields" && hidden > 0 && (
        <p className="pad">
          <Button compact look="quiet" expanded={nulls} onPress={() => setNulls(!nulls)}>
            {nulls ? "Fold" : "Show"} {counted(hidden, "column")} that {hidden === 1 ? "is" : "are"} NULL
          </Button>
        </p>
      )}
    </>
  );
}

type PayloadLineProps = { column: string; value: unknown; isKey: boolean; blamed: boolean };

function PayloadLine({ column, value, isKey, blamed }: PayloadLineProps) {
  return (
    <>
      <dt className={`${isKey ? "key-column" : ""}${blamed ? " blamed" : ""}`}>{column}</dt>
      <dd className={blamed ? "blamed" : undefined}>
        <Value of={value} />
        {blamed && <span className="unseen"> this one was refused</span>}
      </dd>
    </>
  );
}
