import { X } from "lucide-react";
import { navigate } from "../../action";
import { bytes, count, counted, span } from "../../data/format";
import { phaseNames } from "../../data/moment";
import { useRunRecord } from "../../data/queries";
import { tableError } from "../../data/run";
import { errorView, type TableProgress, type UsedPlanView } from "../../host";
import { Button, CopyBlock, Divider, Finding, Icon, Trouble, Waiting } from "../../kit";

type RunTableProps = {
  runId: string;
  table: TableProgress;
  /** Whether the run still goes on. */
  running: boolean;
  onRetry: () => void;
  cannotRetry: string | null;
};

/** One table of a run: what it came to, and the plan that was used for it, word for word. */
export function RunTable({ runId, table, running, onRetry, cannotRetry }: RunTableProps) {
  // A plan is there once the table has been inspected.
  const record = useRunRecord(runId, table.source, `${table.stage}${running}`);
  const error = tableError(table);
  const plan = record.data?.plan ?? null;
  return (
    <section className="pane inspector" aria-label={`${table.source} in this run`}>
      <Divider pane="inspector" />
      <div className="pane-head">
        <h2 className="cut">
          <code>{table.source}</code>
        </h2>
        <div className="acts">
          <Button look="quiet" compact onPress={() => navigate({ screen: "runs", runId })}>
            <Icon of={X} small />
            <span className="unseen">Close</span>
          </Button>
        </div>
      </div>
      <div className="scroll">
        {error && table.stage === "failed" && (
          <Trouble error={error} title={<b>It failed</b>}>
            <Button compact unavailable={cannotRetry} onPress={onRetry}>
              Run this table again
            </Button>
          </Trouble>
        )}
        <dl className="facts pad">
          <dt>Target</dt>
          <dd>
            <code>{table.target}</code>
          </dd>
          <Counts table={table} />
          {table.result && (
            <>
              <dt>Took</dt>
              <dd>{span(table.result.seconds)}</dd>
            </>
          )}
        </dl>
        <div className="section-head">
          <h2>Plan used</h2>
          {plan && <span className="faint">{phaseNames[plan.phase] ?? plan.phase}</span>}
        </div>
        {record.isError ? (
          <Trouble error={errorView(record.error)} title={<b>The record of this run was not read</b>} tone="warn" />
        ) : record.isPending ? (
          <Waiting text="Asking for the record of the run" />
        ) : plan ? (
          <Plan plan={plan} table={table} running={running} />
        ) : (
          <p className="pad soft">
            {table.stage === "queued" || table.stage === "inspecting"
              ? "It is decided when the table has been looked at."
              : "The table was not read: a glance found nothing to do, or it did not come that far."}
          </p>
        )}
        {table.result && table.result.findings.length > 0 && (
          <ul>
            {table.result.findings.map((finding) => (
              <Finding key={`${finding.code}${finding.message}`} of={finding} />
            ))}
          </ul>
        )}
      </div>
      {table.rows_rejected > 0 && (
        <div className="pane-foot">
          <Button compact onPress={() => navigate({ screen: "rejected", table: table.source, row: null })}>
            {counted(table.rows_rejected, "rejected row")}
          </Button>
        </div>
      )}
    </section>
  );
}

function Counts({ table }: { table: TableProgress }) {
  const counts: [string, number][] = [
    ["Read", table.rows_read],
    ["Merged", table.rows_merged],
    ["Rejected", table.rows_rejected],
    ["Deleted", table.result?.rows_deleted ?? 0],
    ["Older of a key", table.result?.rows_duplicate ?? 0],
    ["No watermark", table.result?.rows_null_watermark ?? 0],
  ];
  return (
    <>
      {counts
        .filter(([, number], place) => place < 2 || number > 0)
        .map(([name, number]) => (
          <div key={name} className="pair">
            <dt>{name}</dt>
            <dd>
              {counted(number, "row")}
              {name === "Read" && table.bytes > 0 && <span className="faint">, {bytes(table.bytes)}</span>}
            </dd>
          </div>
        ))}
    </>
  );
}

function Plan({ plan, table, running }: { plan: UsedPlanView; table: TableProgress; running: boolean }) {
  return (
    <>
      <dl className="facts pad">
        <dt>Key</dt>
        <dd>{plan.key.length > 0 ? <code>{plan.key.join(", ")}</code> : <span className="faint">none</span>}</dd>
        <dt>Watermark</dt>
        <dd>
          {plan.watermark_column ? <code>{plan.watermark_column}</code> : <span className="faint">none, all rows</span>}
        </dd>
        <dt>Cursor before</dt>
        <dd>{plan.cursor ? <code>{plan.cursor}</code> : <span className="faint">none, from the beginning</span>}</dd>
        <dt>{running ? "Cursor now" : "Cursor after"}</dt>
        <dd>{table.watermark ? <code>{table.watermark}</code> : <span className="faint">none</span>}</dd>
        <dt>Columns</dt>
        <dd>{count(plan.columns)}</dd>
      </dl>
      {plan.statements ? (
        <div className="statements">
          <h3>Read in the source</h3>
          <CopyBlock text={plan.statements.select} tall />
          <h3>Done in the target first</h3>
          {plan.statements.ddl.length > 0 ? (
            <CopyBlock text={plan.statements.ddl.map((one) => `${one};`).join("\n")} tall />
          ) : (
            <p className="soft">Nothing: the table was there as it is needed.</p>
          )}
        </div>
      ) : (
        <p className="pad soft">Its statements were too long to be kept.</p>
      )}
    </>
  );
}
