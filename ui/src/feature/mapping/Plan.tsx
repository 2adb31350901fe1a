import { Play } from "lucide-react";
import { count, counted, script, when } from "../../data/format";
import type { MappingView } from "../../host";
import { ActionButton, CopyBlock, Icon, State } from "../../kit";

/** The statements of a run, to read and to copy. */
export function Statements({ view }: { view: MappingView }) {
  const { ddl, select } = view.plan;
  return (
    <div className="scroll">
      <div className="part">
        <h3>In the target</h3>
        {ddl.length === 0 ? (
          <p className="soft">No table is made or changed.</p>
        ) : (
          <CopyBlock text={script(ddl)} what="Copy DDL" />
        )}
      </div>
      {select && (
        <div className="part">
          <h3>In the source</h3>
          <CopyBlock text={select} what="Copy SQL" />
        </div>
      )}
    </div>
  );
}

/** What the next run would begin with, what stands in its way, and how old the answer is. */
export function PlanBar({
  view,
  refused,
  leftOut,
  busy,
}: {
  view: MappingView;
  refused: number;
  leftOut: number;
  busy: boolean;
}) {
  const { plan } = view;
  const warnings = plan.findings.filter((one) => one.level === "warning" || one.level === "critical").length;
  return (
    <div className="plan-bar" aria-busy={busy}>
      <b>Plan</b>
      <span className="told">
        <span>
          {plan.rows_waiting === null
            ? "rows not counted"
            : plan.rows_waiting >= 1_000_000
              ? "1,000,000 rows or more waiting"
              : `${counted(plan.rows_waiting, "row")} waiting`}
        </span>
        <span>
          {plan.ddl.length === 0 ? "target fits" : counted(plan.ddl.length, "statement")}
          {`, ${counted(plan.columns.length - leftOut, "column")}`}
        </span>
        {refused > 0 && <State tone="failed">{count(refused)} refused</State>}
        {warnings > 0 && <State tone="warn">{counted(warnings, "warning")}</State>}
        {busy ? (
          <State tone="running">asking</State>
        ) : (
          <span className="faint" title={view.asked_at}>
            asked {when(view.asked_at)}
          </span>
        )}
      </span>
      <span className="acts">
        <ActionButton id="mapping.run" look="primary" compact>
          <Icon of={Play} small />
          Run
        </ActionButton>
      </span>
    </div>
  );
}
