import type { UseQueryResult } from "@tanstack/react-query";
import { RotateCcw, Scale } from "lucide-react";
import { useState } from "react";
import { navigate } from "../../action";
import { standing } from "../../data/attention";
import { count, script, shellWord, when } from "../../data/format";
import { errorView, type TablePlanView, type TableStatusView, type TableView } from "../../host";
import {
  ActionButton,
  Button,
  CopyBlock,
  Divider,
  Finding,
  Icon,
  SameAsText,
  State,
  Trouble,
  Waiting,
} from "../../kit";
import { Columns } from "./Columns";
import { ResetDialog } from "./ResetDialog";

type TableInspectorProps = {
  table: TableView;
  status: TableStatusView | null;
  plan: UseQueryResult<TablePlanView>;
  planned: boolean;
};

/** One table: what is known, and its dry run. */
export function TableInspector({ table, status, plan, planned }: TableInspectorProps) {
  const [resetting, setResetting] = useState(false);
  const rejected = status?.open_errors ?? 0;
  const failure =
    standing(table, status) === "failed"
      ? (table.last?.error ??
        (status?.error ? { code: "other", message: status.error, hint: null, side: null, table: table.source } : null))
      : null;
  return (
    <section className="pane inspector" aria-label={`Table ${table.source}`}>
      <Divider pane="inspector" />
      <div className="pane-head">
        <h2 className="cut">
          <code>{table.source}</code>
        </h2>
        <div className="acts">
          <ActionButton id="tables.plan" compact>
            {planned ? "Plan again" : "Plan"}
          </ActionButton>
        </div>
      </div>
      <div className="scroll">
        {failure && <Trouble error={failure} title={<b>Failed {status?.last_run ? when(status.last_run) : ""}</b>} />}
        <div className="part">
          <dl className="facts">
            <dt>Target</dt>
            <dd>
              <code>{table.target}</code>
            </dd>
            <dt>Key</dt>
            <dd>
              <code>{table.pk.join(", ") || "none"}</code>
            </dd>
            <dt>Watermark</dt>
            <dd>
              {table.watermark_column ? (
                <code>{table.watermark_column}</code>
              ) : (
                <span className="faint">none: {table.mode}</span>
              )}
            </dd>
            <dt>Cursor</dt>
            <dd className="selectable">
              <code>{status?.watermark ?? table.last?.watermark ?? "not begun"}</code>
            </dd>
            {status?.holder && (
              <>
                <dt>Held by</dt>
                <dd>
                  <code>{status.holder}</code>
                </dd>
              </>
            )}
          </dl>
          <div className="line wrap">
            <ActionButton id="tables.mapping" compact>
              Columns
            </ActionButton>
            <ActionButton id="tables.rows" compact>
              Rows
            </ActionButton>
            {rejected > 0 && (
              <Button compact onPress={() => navigate({ screen: "rejected", table: table.source, row: null })}>
                {count(rejected)} rejected
              </Button>
            )}
            <ActionButton id="tables.verify" compact withKeys={false}>
              <Icon of={Scale} small />
              Compare with the source
            </ActionButton>
            <Button compact onPress={() => setResetting(true)}>
              <Icon of={RotateCcw} small />
              Move cursor back…
            </Button>
          </div>
        </div>
        {table.last && table.last.findings.length > 0 && !planned && (
          <ul>
            {table.last.findings.map((finding) => (
              <Finding key={`${finding.code}${finding.message}`} of={finding} />
            ))}
          </ul>
        )}
        {!planned ? (
          <div className="part">
            <p className="soft">
              A plan is a dry run: rows waiting, statements for the target, how each column travels. It writes nothing.
            </p>
            <SameAsText command={`firn sync plan ${shellWord(table.source)}`} />
          </div>
        ) : plan.isError ? (
          <Trouble error={errorView(plan.error)} title={<b>The plan was not made</b>} />
        ) : plan.data ? (
          <Plan plan={plan.data} stale={plan.isFetching} />
        ) : (
          <Waiting text="Asking source and target" />
        )}
      </div>
      {resetting && (
        <ResetDialog
          table={table.source}
          cursor={status?.watermark ?? table.last?.watermark ?? null}
          onClose={() => setResetting(false)}
        />
      )}
    </section>
  );
}

const phases: Record<string, string> = {
  first_load: "First load",
  resume_first_load: "First load, going on",
  incremental: "Changes since the cursor",
  full: "All rows",
};

/** A dry run. */
function Plan({ plan, stale }: { plan: TablePlanView; stale: boolean }) {
  return (
    <div aria-busy={stale}>
      {plan.error && <Trouble error={plan.error} title={<b>It cannot run</b>} />}
      <div className="part">
        <h3>Plan {stale && <State tone="running">asking again</State>}</h3>
        <dl className="facts">
          <dt>Next run</dt>
          <dd>{plan.phase ? (phases[plan.phase] ?? plan.phase) : "cannot run"}</dd>
          <dt>Rows waiting</dt>
          <dd>
            {plan.rows_waiting === null
              ? "not counted"
              : plan.rows_waiting >= 1_000_000
                ? "1,000,000 or more"
                : count(plan.rows_waiting)}
          </dd>
          {plan.watermark && (
            <>
              <dt>After</dt>
              <dd className="selectable">
                <code>{plan.watermark}</code>
              </dd>
            </>
          )}
        </dl>
      </div>
      {plan.findings.length > 0 && (
        <ul>
          {plan.findings.map((finding) => (
            <Finding key={`${finding.code}${finding.message}`} of={finding} />
          ))}
        </ul>
      )}
      <div className="part">
        <h3>In the target</h3>
        {plan.ddl.length === 0 ? (
          <p className="soft">No table is made or changed.</p>
        ) : (
          <CopyBlock text={script(plan.ddl)} what="Copy DDL" tall />
        )}
      </div>
      {plan.select && (
        <div className="part">
          <h3>In the source</h3>
          <CopyBlock text={plan.select} what="Copy SQL" tall />
        </div>
      )}
      {plan.columns.length > 0 && <Columns columns={plan.columns} />}
    </div>
  );
}
