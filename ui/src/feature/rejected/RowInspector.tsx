import { ChevronLeft, ChevronRight } from "lucide-react";
import { useState } from "react";
import { count, shortRun, when } from "../../data/format";
import { resolvedWord } from "../../data/rejected";
import { valueText } from "../../data/value";
import type { RejectedRowView } from "../../host";
import { ActionButton, CopyBlock, Divider, Icon, Said, Segments, State, Value } from "../../kit";

/** One rejected row: why, and its values as they were read. Read-only: a row is mended at the source. */
export function RowInspector({ row, place, of }: { row: RejectedRowView; place: number; of: number }) {
  const [shape, setShape] = useState<"fields" | "json">("fields");
  const key = Object.entries(row.pk)
    .map(([column, value]) => `${column} ${valueText(value)}`)
    .join(", ");
  return (
    <section className="pane inspector" aria-label="Row">
      <Divider pane="inspector" />
      <div className="pane-head">
        <h2>Row</h2>
        <code className="cut">{key}</code>
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
        <div className="finding failed">
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
              code <code>{row.code}</code>, run <code>{shortRun(row.run_id)}</code>, {when(row.occurred_at)}, tried{" "}
              {row.attempts === 1 ? "once" : `${count(row.attempts)} times`}
            </span>
          </div>
        </div>
        <div className="section-head">
          <h2>Payload</h2>
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
            No values are kept: payloads are switched off, or this one has expired. The row itself is still at the
            source.
          </p>
        ) : shape === "json" ? (
          <div className="pad">
            <CopyBlock text={JSON.stringify(row.payload, null, 2)} tall />
          </div>
        ) : (
          <dl className="payload">
            {Object.entries(row.payload).map(([column, value]) => (
              <PayloadLine key={column} column={column} value={value} isKey={column in row.pk} />
            ))}
          </dl>
        )}
        <p className="pad soft">
          A rejected row is mended at the source, or by a transform. The next change of it is read and merged like any
          other; “Try again” reads it now, as it is.
        </p>
        {!row.resolved_at && (
          <p className="pad">
            <ActionButton id="rejected.discard" look="quiet" compact withKeys={false}>
              Discard…
            </ActionButton>
          </p>
        )}
      </div>
    </section>
  );
}

function PayloadLine({ column, value, isKey }: { column: string; value: unknown; isKey: boolean }) {
  return (
    <>
      <dt className={isKey ? "key-column" : undefined}>{column}</dt>
      <dd>
        <Value of={value} />
      </dd>
    </>
  );
}
