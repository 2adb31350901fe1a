import "./overview.css";
import { CircleAlert, Play, Scale } from "lucide-react";
import { navigate, useAction, useStartRun } from "../../action";
import { type Need, needs } from "../../data/attention";
import { clock, count, counted, millis, shortRun, when } from "../../data/format";
import { useDriftAhead } from "../../data/drift";
import { mayConnect, useConnections, useStatus } from "../../data/queries";
import { goesOn, withActive } from "../../data/run";
import { runWord } from "../../data/words";
import { useOpenWorkspace } from "../../data/workspace";
import { errorView, type RunSummary, type WorkspaceView } from "../../host";
import {
  ActionButton,
  Between,
  Button,
  Finding,
  Glyph,
  Icon,
  Nothing,
  Said,
  SameAsText,
  State,
  StateWord,
  Trouble,
} from "../../kit";
import { Figures } from "./Figures";
import { Schedule } from "./Schedule";

/** What needs a person first, then what runs, then what ran. */
export function Overview() {
  const { workspace, activeRun } = useOpenWorkspace();
  const connections = useConnections(workspace.folder);
  const ask = mayConnect(workspace) && workspace.state !== null && workspace.tables.length > 0;
  const status = useStatus(workspace.folder, ask);
  const starting = useStartRun();
  useDriftAhead(workspace.folder, starting.unavailable === null);
  useAction("overview.run", () => starting.start([]), starting.unavailable);
  useAction(
    "overview.verify",
    () => navigate({ screen: "verify", table: null }),
    workspace.tables.length === 0 ? "there is no table yet" : null,
  );

  const found = needs({
    workspace,
    connections: connections.data ?? workspace.connections,
    status: status.data ?? null,
    statusError: status.isError ? errorView(status.error) : null,
  });
  const toSettle =
    found.length +
    workspace.problems.length +
    (workspace.trusted ? 0 : 1) +
    workspace.notices.filter((notice) => notice.level === "critical").length;
  const active = activeRun?.view && goesOn(activeRun.view.status) ? activeRun.view : null;

  return (
    <>
      <div className="head">
        <h1>
          {toSettle === 0
            ? "Nothing needs you"
            : toSettle === 1
              ? "1 thing needs you"
              : `${count(toSettle)} things need you`}
        </h1>
        <span className="about cut">
          <Between {...workspace} />
        </span>
        <div className="acts">
          <ActionButton id="overview.verify">
            <Icon of={Scale} small />
            Compare all
          </ActionButton>
          <ActionButton id="overview.run" look="primary">
            <Icon of={Play} small />
            Run now
          </ActionButton>
        </div>
      </div>
      <div className="scroll">
        {starting.error && <Trouble error={starting.error} title={<b>The run was not started</b>} />}
        {workspace.problems.length === 0 && (
          <Figures workspace={workspace} active={active} status={status.data ?? null} silent={status.isError} />
        )}
        {!workspace.trusted && <Trust workspace={workspace} />}
        <Problems workspace={workspace} />
        {workspace.notices.length > 0 && (
          <ul>
            {workspace.notices.map((notice) => (
              <Finding key={`${notice.code}${notice.message}`} of={notice} />
            ))}
          </ul>
        )}
        {found.length > 0 && (
          <>
            <div className="section-head">
              <h2>Needs you</h2>
              <span className="faint">{found.length}</span>
            </div>
            <ul className="needs">
              {found.map((need, place) => (
                <NeedLine key={need.id} need={need} first={place === 0} />
              ))}
            </ul>
          </>
        )}
        <Schedule />
        <WhatRan runs={withActive(workspace.runs, active)} />
      </div>
    </>
  );
}

function NeedLine({ need, first }: { need: Need; first: boolean }) {
  const settle = () => {
    switch (need.remedy.to) {
      case "connection":
        return navigate({ screen: "connections", name: need.remedy.name });
      case "table":
        return navigate({ screen: "tables", table: need.remedy.source });
      case "rejected":
        return navigate({ screen: "rejected", table: need.remedy.source, row: null });
      case "run":
        return navigate({ screen: "runs", runId: need.remedy.runId });
      case "connections":
        return navigate({ screen: "connections", name: "+" });
      case "find":
        return navigate({ screen: "find" });
    }
  };
  return (
    <li>
      <span className={`state ${need.tone}`}>
        {need.waits ? <Icon of={CircleAlert} /> : <Glyph tone={need.tone} small={false} />}
      </span>
      <div className="text selectable">
        <div className="cut">
          <b>{need.word}</b>&ensp;<code>{need.object}</code>
        </div>
        <div className="soft cut" title={need.text}>
          <Said text={need.text} />
        </div>
        {need.hint && (
          <div className="soft cut" title={need.hint}>
            <Said text={need.hint} />
          </div>
        )}
      </div>
      <Button compact look={first ? "primary" : "plain"} onPress={settle}>
        {need.action}
      </Button>
    </li>
  );
}

function Trust({ workspace }: { workspace: WorkspaceView }) {
  return (
    <section className="trust" aria-label="Trust">
      <div>
        <State tone="warn">
          <b>This workspace was not made here</b>
        </State>
      </div>
      <p>
        Until you trust it, Firn connects to nothing, runs no transform and sends no secret. Once you do, it may sign in
        to these:
      </p>
      <ul>
        {workspace.connections.map((connection) => (
          <li key={connection.name}>
            <code className="cut">{connection.name}</code>
            <span className="soft">{connection.kind}</span>
            <code className="soft cut">{connection.address}</code>
          </li>
        ))}
      </ul>
      <div className="line">
        <ActionButton id="workspace.trust" look="primary" />
        <SameAsText lead="A command typed in a terminal trusts by itself:" command="firn sync plan" />
      </div>
    </section>
  );
}

function Problems({ workspace }: { workspace: WorkspaceView }) {
  if (workspace.problems.length === 0) return null;
  return (
    <section aria-label="Problems of firn.yaml">
      <div className="section-head">
        <h2>firn.yaml</h2>
        <span className="faint">
          {counted(workspace.problems.length, "problem")}; nothing runs until the file is right again
        </span>
        <div className="acts">
          <ActionButton id="workspace.reload" compact />
        </div>
      </div>
      <ul className="problems">
        {workspace.problems.map((problem) => (
          <li key={`${problem.line}:${problem.column}:${problem.message}`}>
            <span className="state failed">
              <Glyph tone="failed" small={false} />
            </span>
            <div className="selectable">
              <div>
                <code>
                  {problem.file}:{problem.line}:{problem.column}
                </code>
                &ensp;
                <code className="soft">{problem.key}</code>
              </div>
              <div>
                <Said text={problem.message} />
              </div>
              {problem.hint && (
                <div className="soft">
                  <Said text={problem.hint} />
                </div>
              )}
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

function WhatRan({ runs }: { runs: readonly RunSummary[] }) {
  return (
    <>
      <div className="section-head">
        <h2>What ran</h2>
        <span className="faint">on this machine, newest first</span>
      </div>
      {runs.length === 0 ? (
        <Nothing title="No run yet" command="firn sync run">
          Each run is listed here with what it read, merged and rejected.
        </Nothing>
      ) : (
        <table className="plain overview-runs">
          <colgroup>
            <col style={{ width: 150 }} />
            <col />
            <col style={{ width: 90 }} />
            <col style={{ width: 140 }} />
            <col style={{ width: 80 }} />
            <col style={{ width: 80 }} />
            <col style={{ width: 110 }} />
            <col style={{ width: 100 }} />
          </colgroup>
          <thead>
            <tr>
              <th>State</th>
              <th>Run</th>
              <th>By</th>
              <th className="number">Started</th>
              <th className="number">Took</th>
              <th className="number">Tables</th>
              <th className="number">Rows merged</th>
              <th className="number">Rejected</th>
            </tr>
          </thead>
          <tbody>
            {runs.slice(0, 12).map((run) => (
              <tr key={run.run_id} onDoubleClick={() => navigate({ screen: "runs", runId: run.run_id })}>
                <td>
                  <StateWord of={runWord(run.status)} />
                </td>
                <td className="mono">
                  <button
                    type="button"
                    className="link"
                    onClick={() => navigate({ screen: "runs", runId: run.run_id })}
                  >
                    {shortRun(run.run_id)}
                  </button>
                </td>
                <td className="soft">{run.trigger}</td>
                <td className="number mono">{when(run.started_at)}</td>
                <td className="number mono">{took(run)}</td>
                <td className="number mono soft">{count(run.tables)}</td>
                <td className="number mono">{count(run.rows_merged)}</td>
                <td className="number mono">
                  {run.rows_rejected > 0 ? <span className="state warn">{count(run.rows_rejected)}</span> : "0"}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {runs.length > 0 && (
        <div className="same-as-text">
          <SameAsText command="firn sync status" />
        </div>
      )}
    </>
  );
}

function took(run: RunSummary): string {
  const start = millis(run.started_at);
  const end = millis(run.finished_at);
  return start === null || end === null ? "–" : clock((end - start) / 1000);
}
