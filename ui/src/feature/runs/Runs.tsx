import "./runs.css";
import { Fragment, useEffect } from "react";
import { ActionButton, Divider, Nothing, StateWord, Trouble } from "../../kit";
import { navigate, useAction, useStartRun } from "../../action";
import { count, counted, day, millis, shortRun, span, timeOfDay } from "../../data/format";
import { useRuns } from "../../data/queries";
import { withActive } from "../../data/run";
import { runWord } from "../../data/words";
import { useFollow, useOpenWorkspace } from "../../data/workspace";
import { errorView, type RunSummary } from "../../host";
import { RunDetail } from "./RunDetail";

/** Runs of this workspace: the history, and one of them in full. */
export function Runs({ runId, table }: { runId: string | null; table: string | null }) {
  const { workspace, feed, activeRun } = useOpenWorkspace();
  const history = useRuns(workspace.folder);
  const runs = withActive(history.data ?? workspace.runs, activeRun?.view ?? null);
  const shown = runId ?? workspace.active_run ?? runs[0]?.run_id ?? null;
  useEffect(() => {
    if (shown) feed.open(shown);
  }, [feed, shown]);
  const follow = useFollow(feed, shown);

  return (
    <div className="split runs">
      <section className="pane list" aria-label="History">
        <Divider pane="list" />
        <div className="pane-head">
          <h2>Runs</h2>
          <span className="faint">{runs.length === 200 ? "last 200" : runs.length}</span>
        </div>
        <div className="scroll">
          {history.isError && <Trouble error={errorView(history.error)} title={<b>The history was not read</b>} />}
          <ul className="history">
            {runs.map((run, place) => (
              <Fragment key={run.run_id}>
                {day(run.started_at) !== day(runs[place - 1]?.started_at) && (
                  <li className="day">{day(run.started_at)}</li>
                )}
                <HistoryLine run={run} current={run.run_id === shown} />
              </Fragment>
            ))}
          </ul>
        </div>
      </section>
      {shown ? (
        <RunDetail
          key={shown}
          runId={shown}
          table={table}
          follow={follow}
          summary={runs.find((run) => run.run_id === shown) ?? null}
          failure={feed.failure(shown)}
        />
      ) : (
        <NoRun />
      )}
    </div>
  );
}

function HistoryLine({ run, current }: { run: RunSummary; current: boolean }) {
  const start = millis(run.started_at);
  const end = millis(run.finished_at);
  const figures = [
    counted(run.tables, "table"),
    counted(run.rows_merged, "row"),
    start !== null && end !== null && span((end - start) / 1000),
    run.rows_rejected > 0 && `${count(run.rows_rejected)} rejected`,
  ]
    .filter(Boolean)
    .join(", ");
  return (
    <li>
      <button
        type="button"
        aria-current={current || undefined}
        onClick={() => navigate({ screen: "runs", runId: run.run_id })}
      >
        <StateWord of={runWord(run.status)} />
        <span className="faint small">{timeOfDay(run.started_at)}</span>
        <span className="numbers cut" title={`run ${shortRun(run.run_id)}: ${figures}`}>
          {figures}
        </span>
      </button>
    </li>
  );
}

function NoRun() {
  const starting = useStartRun();
  useAction("run.again", () => starting.start([]), starting.unavailable);
  return (
    <section className="pane wide" aria-label="Run">
      {starting.error && <Trouble error={starting.error} title={<b>The run was not started</b>} />}
      <Nothing
        title="No run yet"
        command="firn sync run"
        acts={
          <ActionButton id="run.again" look="primary">
            Run all tables
          </ActionButton>
        }
      >
        A run reads what changed in each table and merges it into the target. It can be cancelled at any time; what is
        committed stays.
      </Nothing>
    </section>
  );
}
