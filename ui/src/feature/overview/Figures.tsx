import { inStep } from "../../data/attention";
import { count, counted, when } from "../../data/format";
import { type Proof, proof } from "../../data/proof";
import { goesOn, runSums } from "../../data/run";
import type { RunView, TableStatusView, WorkspaceView } from "../../host";
import { Glyph, State } from "../../kit";

type FiguresProps = {
  workspace: WorkspaceView;
  /** The run that goes on. */
  active: RunView | null;
  /** What the state database said; null where it was not asked or did not answer. */
  status: readonly TableStatusView[] | null;
  /** Whether it was asked and did not answer. */
  silent: boolean;
};

/** The few figures of the overview. */
export function Figures({ workspace, active, status, silent }: FiguresProps) {
  const last = workspace.runs.find((run) => !goesOn(run.status));
  const rejected = (status ?? []).reduce((sum, table) => sum + table.open_errors, 0);
  return (
    <div className="figures">
      <div>
        <div className="name">Tables in step</div>
        <div className="value">
          {count(inStep(workspace, status))} <small>of {count(workspace.tables.length)}</small>
        </div>
        <div className="note">{status ? "by the state database" : "by the last runs on this machine"}</div>
      </div>
      <div>
        <div className="name">Running</div>
        <div className="value">
          {active ? (
            <span className="state running">
              <Glyph tone="running" small={false} />1
            </span>
          ) : (
            "0"
          )}
        </div>
        <div className="note">
          {active ? `${runSums(active).done} of ${counted(active.tables.length, "table")} done` : "nothing goes on"}
        </div>
      </div>
      <div>
        <div className="name">Rows of the last run</div>
        <div className="value">{last ? count(last.rows_merged) : "–"}</div>
        <div className="note">{last ? when(last.started_at) : "none yet"}</div>
      </div>
      <div>
        <div className="name">Rejected rows</div>
        <div className="value">
          {status ? rejected > 0 ? <span className="state warn">{count(rejected)}</span> : "0" : "–"}
        </div>
        <div className="note">{status ? "unresolved" : unasked(silent)}</div>
      </div>
      <div>
        <div className="name">Last proof that target equals source</div>
        {status ? (
          <Proved of={proof(status)} />
        ) : (
          <>
            <div className="value">–</div>
            <div className="note">{unasked(silent)}</div>
          </>
        )}
      </div>
    </div>
  );
}

const unasked = (silent: boolean) => (silent ? "the state database did not answer" : "not asked");

function Proved({ of: { compared, of, differing, worst, at } }: { of: Proof }) {
  if (at === null) {
    return (
      <>
        <div className="value">–</div>
        <div className="note">no table was compared yet</div>
      </>
    );
  }
  return (
    <>
      <div className="value">
        <State tone={differing > 0 ? "failed" : compared < of ? "warn" : "ok"}>{when(at)}</State>
      </div>
      <div className="note">
        {counted(compared, "table")} of {count(of)},{" "}
        {worst === null ? (
          "0 keys differ"
        ) : (
          <>
            {counted(differing, "key")} in <code>{worst}</code>
          </>
        )}
      </div>
    </>
  );
}
