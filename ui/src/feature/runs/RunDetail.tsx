import { Play, RotateCw, Square } from "lucide-react";
import { useEffect, useState } from "react";
import { useAction, useStartRun } from "../../action";
import { clock, count, shortRun, when } from "../../data/format";
import { useCommand } from "../../data/queries";
import { type Follow, goesOn, inOrderOfNeed, runRate, tableError } from "../../data/run";
import { runWord } from "../../data/words";
import { useOpenWorkspace } from "../../data/workspace";
import { errorView, type RunSummary, type RunView, type TableProgress } from "../../host";
import { ActionButton, Button, Finding, Icon, State, Trouble, Waiting } from "../../kit";
import { Log } from "./Log";
import { TableLines } from "./TableLines";
import { Throughput } from "./Throughput";

type RunDetailProps = { runId: string; follow: Follow | undefined; summary: RunSummary | null; failure: unknown };

/** One run in full: figures, what failed, a line a table, log. */
export function RunDetail({ runId, follow, summary, failure }: RunDetailProps) {
  const { workspace, feed } = useOpenWorkspace();
  const view = follow?.view ?? null;
  const starting = useStartRun();
  const cancel = useCommand("sync_cancel");
  const running = view !== null && goesOn(view.status);
  const failed = (view?.tables ?? []).filter((table) => table.stage === "failed").map((table) => table.source);
  const configured = new Set(workspace.tables.map((table) => table.source));
  const again = (view?.tables ?? []).map((table) => table.source).filter((source) => configured.has(source));
  const now = useNow(running);

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
          <State tone={word.tone}>{running ? `${word.word}, ${clock(elapsed(view, now))}` : word.word}</State>
        </span>
        <span className="about cut">
          <code>
            {workspace.source} → {workspace.target}
          </code>
          {view && `, started ${when(view.started_at)}`}
          {summary &&
            ` by the ${summary.trigger === "window" ? "window" : summary.trigger === "watch" ? "watch" : "command line"}`}
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
      {view && follow ? (
        <>
          <Figures view={view} follow={follow} now={now} />
          <div className="scroll">
            <Throughput
              runId={runId}
              running={running}
              words={`Rows a second over ${clock(elapsed(view, now))}; the figures above and the lines below say the same in words`}
            />
            {view.error && <Trouble error={view.error} title={<b>The run failed</b>} />}
            {inOrderOfNeed(view.tables).map((table) => (
              <Needy
                key={table.source}
                table={table}
                attempts={follow.attempts[table.source] ?? null}
                running={running}
                now={now}
                onRetry={() => starting.start([table.source])}
                cannotRetry={running ? "when the run has ended" : starting.unavailable}
              />
            ))}
            <TableLines view={view} follow={follow} />
            <Findings view={view} />
          </div>
          <Log moments={follow.moments} />
        </>
      ) : failure === undefined ? (
        <Waiting text="Asking for the state of the run" />
      ) : null}
    </section>
  );
}

/** The time now, in milliseconds; goes on only while something depends on it. */
function useNow(ticking: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!ticking) return;
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [ticking]);
  return now;
}

function elapsed(view: RunView, now: number): number {
  if (!goesOn(view.status)) return view.seconds;
  return Math.max(view.seconds, (now - Date.parse(view.started_at)) / 1000);
}

function Figures({ view, follow, now }: { view: RunView; follow: Follow; now: number }) {
  const done = view.tables.filter((table) => table.stage === "done").length;
  const merged = view.tables.reduce((sum, table) => sum + table.rows_merged, 0);
  const read = view.tables.reduce((sum, table) => sum + table.rows_read, 0);
  const rejected = view.tables.reduce((sum, table) => sum + table.rows_rejected, 0);
  const seconds = elapsed(view, now);
  const running = goesOn(view.status);
  const rate = running ? runRate(follow) : seconds > 0 ? Math.round(read / seconds) : null;
  return (
    <div className="figures">
      <div>
        <div className="name">Tables done</div>
        <div className="value">
          {count(done)} <small>of {count(view.tables.length)}</small>
        </div>
      </div>
      <div>
        <div className="name">Rows merged</div>
        <div className="value" data-figure="merged">
          {count(merged)}
        </div>
        <div className="note">{count(read)} read</div>
      </div>
      <div>
        <div className="name">{running ? "Rows a second, now" : "Rows a second"}</div>
        <div className="value">{count(rate)}</div>
      </div>
      <div>
        <div className="name">Rows rejected</div>
        <div className="value">{rejected > 0 ? <span className="state warn">{count(rejected)}</span> : "0"}</div>
      </div>
      <div>
        <div className="name">Took</div>
        <div className="value">{clock(seconds)}</div>
      </div>
    </div>
  );
}

/** A table that failed or waits: what happened, where, what to do. */
function Needy({
  table,
  attempts,
  running,
  now,
  onRetry,
  cannotRetry,
}: {
  table: TableProgress;
  attempts: number | null;
  running: boolean;
  now: number;
  onRetry: () => void;
  cannotRetry: string | null;
}) {
  const error = tableError(table);
  if (table.stage === "failed" && error)
    return (
      <Trouble
        error={error}
        title={
          <>
            <code className="strong">{table.source}</code>&ensp;<span className="state failed">failed, needs you</span>
            <span className="soft">
              &ensp;
              {table.rows_merged > 0
                ? `${count(table.rows_merged)} rows are committed and will not be read again.`
                : "Nothing was written."}
            </span>
          </>
        }
      >
        <Button compact unavailable={cannotRetry} onPress={onRetry}>
          Run this table again
        </Button>
      </Trouble>
    );
  if (table.stage === "waiting" && running && error)
    return (
      <Trouble
        tone="warn"
        error={error}
        title={
          <>
            <code className="strong">{table.source}</code>&ensp;
            <span className="state warn">
              {retryText(table.retry_at, now)}
              {attempts !== null && `, attempt ${attempts} failed`}
            </span>
          </>
        }
      />
    );
  if (table.stage === "held" && error)
    return (
      <Trouble
        tone="warn"
        error={error}
        title={
          <>
            <code className="strong">{table.source}</code>&ensp;
            <span className="state warn">held by another runner</span>
          </>
        }
      />
    );
  return null;
}

function retryText(at: string | null, now: number): string {
  if (!at) return "tries again soon";
  const left = (Date.parse(at) - now) / 1000;
  return left > 0 ? `tries again in ${clock(Math.ceil(left))}` : "tries again now";
}

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
