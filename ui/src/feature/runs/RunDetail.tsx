import { Play, RotateCw, Square } from "lucide-react";
import { useMemo } from "react";
import { navigate, useAction, useStartRun } from "../../action";
import { useNow } from "../../data/clock";
import { clock, shortRun, when } from "../../data/format";
import { type Moment, momentsOf, wholeLog } from "../../data/moment";
import { useCommand, useRunRecord } from "../../data/queries";
import { type Follow, goesOn, inOrderOfNeed, secondsAt } from "../../data/run";
import { runWord } from "../../data/words";
import { useOpenWorkspace, useSources } from "../../data/workspace";
import { errorView, type RunSummary, type RunView } from "../../host";
import { ActionButton, Between, Button, Finding, Icon, State, Trouble, Waiting } from "../../kit";
import { Figures } from "./Figures";
import { Log } from "./Log";
import { Needy } from "./Needy";
import { RunTable } from "./RunTable";
import { TableLines } from "./TableLines";
import { Throughput } from "./Throughput";

type RunDetailProps = {
  runId: string;
  /** The table that is looked at. */
  table: string | null;
  follow: Follow | undefined;
  summary: RunSummary | null;
  failure: unknown;
};

const nothing: readonly Moment[] = [];

/** One run in full: figures, what failed, a line a table, log; and one of its tables with the plan that was used. */
export function RunDetail({ runId, table, follow, summary, failure }: RunDetailProps) {
  const { workspace, feed } = useOpenWorkspace();
  const view = follow?.view ?? null;
  const starting = useStartRun();
  const cancel = useCommand("sync_cancel");
  const running = view !== null && goesOn(view.status);
  const failed = (view?.tables ?? []).filter((table) => table.stage === "failed").map((table) => table.source);
  const configured = new Set(workspace.tables.map((table) => table.source));
  const again = (view?.tables ?? []).map((table) => table.source).filter((source) => configured.has(source));
  const now = useNow(running, 500);
  const seconds = view ? secondsAt(view, now) : 0;
  const record = useRunRecord(runId, null, "");
  const kept = useMemo(() => momentsOf(record.data?.events ?? []), [record.data]);
  const heard = follow?.moments ?? nothing;
  // While it goes on the log changes with what is heard, not with every count.
  const ended = running ? null : view;
  const moments = useMemo(() => wholeLog(kept, heard, ended), [kept, heard, ended]);
  const sources = useSources(view);
  const chosen = view?.tables.find((one) => one.source === table) ?? null;
  const retry = (source: string) => starting.start([source]);
  const cannotRetry = running ? "when the run has ended" : starting.unavailable;

  useAction(
    "run.cancel",
    () => cancel.mutate({ run_id: runId }),
    !running
      ? "it has ended"
      : view.status === "cancelling"
        ? "it is stopping already"
        : cancel.isPending
          ? "one moment"
          : null,
  );
  useAction(
    "run.again",
    () => starting.start(again),
    running
      ? "it still goes on"
      : (starting.unavailable ?? (again.length === 0 ? "none of its tables is in firn.yaml now" : null)),
  );
  useAction(
    "run.retry",
    () => starting.start(failed),
    running ? "when the run has ended" : failed.length === 0 ? "no table failed" : starting.unavailable,
  );

  const word = runWord(view?.status ?? summary?.status ?? "running");
  return (
    <section className="pane wide" aria-label={`Run ${shortRun(runId)}`}>
      <div className="head">
        <h1>
          Run <code>{shortRun(runId)}</code>
        </h1>
        <span aria-live="polite" className="run-state">
          <State tone={word.tone}>{running ? `${word.word}, ${clock(seconds)}` : word.word}</State>
        </span>
        <span className="about cut">
          <Between {...workspace} />
          {view && `, started ${when(view.started_at)}`}
          {summary && ` by the ${triggers[summary.trigger] ?? summary.trigger}`}
        </span>
        <div className="acts">
          {failed.length > 0 && !running && (
            <ActionButton id="run.retry">
              <Icon of={RotateCw} small />
              Retry failed
            </ActionButton>
          )}
          {running ? (
            <ActionButton id="run.cancel" look="danger">
              <Icon of={Square} small />
              {view.status === "cancelling" ? "Cancelling…" : "Cancel run"}
            </ActionButton>
          ) : (
            <ActionButton id="run.again" look="primary">
              <Icon of={Play} small />
              Run again
            </ActionButton>
          )}
        </div>
      </div>
      {starting.error && <Trouble error={starting.error} title={<b>The run was not started</b>} />}
      {cancel.isError && <Trouble error={errorView(cancel.error)} title={<b>The run was not cancelled</b>} />}
      {failure !== undefined && (
        <Trouble
          error={errorView(failure)}
          title={<b>The state of this run is not known</b>}
          tone={view ? "warn" : "failed"}
        >
          <Button compact onPress={() => feed.open(runId)}>
            Ask again
          </Button>
        </Trouble>
      )}
      {view?.status === "cancelling" && (
        <p className="note-line warn" role="status">
          Asked to stop: what is being written now is finished or undone whole, what is committed stays.
        </p>
      )}
      {view?.status === "interrupted" && (
        <p className="note-line warn" role="status">
          The process that ran it went away. What it committed stays; a run of the same tables goes on from there.
        </p>
      )}
      {view && follow ? (
        <>
          <div className="over-run">
            <Figures view={view} follow={follow} now={now} />
            <Throughput
              runId={runId}
              running={running}
              begun={view.tables.some((one) => one.rows_read > 0)}
              words={`Rows a second over ${clock(seconds)}; the figures beside it and the lines below say the same in words`}
            />
          </div>
          <div className="split folds">
            <div className="pane wide">
              <div className="needs-you">
                {view.error && <Trouble error={view.error} title={<b>The run failed</b>} />}
                {inOrderOfNeed(view.tables).map((one) => (
                  <Needy
                    key={one.source}
                    table={one}
                    attempts={follow.attempts[one.source] ?? null}
                    running={running}
                    now={now}
                    onRetry={() => retry(one.source)}
                    cannotRetry={cannotRetry}
                  />
                ))}
                <Findings view={view} />
              </div>
              <TableLines
                view={view}
                follow={follow}
                now={now}
                selected={chosen?.source ?? null}
                onSelect={(source) => navigate({ screen: "runs", runId, table: source }, true)}
              />
            </div>
            {chosen && (
              <RunTable
                key={chosen.source}
                runId={runId}
                table={chosen}
                running={running}
                onRetry={() => retry(chosen.source)}
                cannotRetry={cannotRetry}
              />
            )}
          </div>
          <Log moments={moments} tables={sources} />
        </>
      ) : failure === undefined ? (
        <Waiting text="Asking for the state of the run" />
      ) : null}
    </section>
  );
}

const triggers: Record<string, string> = { window: "window", watch: "schedule", cli: "command line" };

/** What the run noticed, table by table. */
function Findings({ view }: { view: RunView }) {
  const found = view.tables.flatMap((table) =>
    (table.result?.findings ?? [])
      .filter((finding) => finding.level !== "ok")
      .map((finding) => ({ source: table.source, finding })),
  );
  if (found.length === 0) return null;
  return (
    <>
      <div className="section-head">
        <h2>To know</h2>
        <span className="faint">{found.length}</span>
      </div>
      <ul className="findings-of">
        {found.map(({ source, finding }) => (
          <Finding key={`${source}${finding.code}${finding.message}`} title={source} of={finding} />
        ))}
      </ul>
    </>
  );
}
