import "./drawer.css";
import { ChevronDown, Square } from "lucide-react";
import { navigate, useAction } from "../action";
import { useNow } from "../data/clock";
import { clock, count, counted, shortRun } from "../data/format";
import { layout, useDrawer } from "../data/layout";
import { useCommand } from "../data/queries";
import { type Follow, goesOn, runRate, runSums, secondsAt } from "../data/run";
import { runWord } from "../data/words";
import { useLatestRun, useOpenWorkspace, useSources } from "../data/workspace";
import { errorView, type RunView } from "../host";
import { Log } from "../feature/runs/Log";
import { Button, Divider, Icon, Nothing, State, Trouble } from "../kit";

/** The drawer below every screen: the run that goes on, or the last one that this window has followed, and its log. */
export function Drawer() {
  const out = useDrawer();
  useAction("drawer.toggle", () => layout.setDrawer(!out));
  return out ? <OpenDrawer /> : null;
}

function OpenDrawer() {
  const { workspace, feed, activeRun } = useOpenWorkspace();
  const latest = useLatestRun(feed, workspace.folder);
  const cancel = useCommand("sync_cancel");
  const follow = activeRun?.view && goesOn(activeRun.view.status) ? activeRun : latest;
  const view = follow?.view ?? null;
  const sources = useSources(view);
  return (
    <section className="drawer runs" aria-label="Runs and log">
      <Divider pane="drawer" />
      <div className="pane-head">
        {follow && view ? <Summary follow={follow} view={view} /> : <h2>Runs and log</h2>}
        <div className="acts">
          {view && goesOn(view.status) && (
            <Button
              compact
              look="danger"
              unavailable={
                view.status === "cancelling" ? "it is stopping already" : cancel.isPending ? "one moment" : null
              }
              onPress={() => cancel.mutate({ run_id: view.run_id })}
            >
              <Icon of={Square} small />
              {view.status === "cancelling" ? "Cancelling…" : "Cancel run"}
            </Button>
          )}
          {view && (
            <Button compact onPress={() => navigate({ screen: "runs", runId: view.run_id })}>
              Open run
            </Button>
          )}
          <Button compact look="quiet" label="Close the drawer" keys="l" onPress={() => layout.setDrawer(false)}>
            <Icon of={ChevronDown} small />
          </Button>
        </div>
      </div>
      {cancel.isError && <Trouble error={errorView(cancel.error)} title={<b>The run was not cancelled</b>} />}
      {follow && view ? (
        follow.moments.length > 0 ? (
          <Log moments={follow.moments} tables={sources} />
        ) : (
          <p className="pad soft">Nothing has happened in this run since the window began to follow it.</p>
        )
      ) : (
        <div className="scroll">
          <Nothing title="No run in this window yet" command="firn sync run">
            A run that goes on is shown here on every screen, with the end of its log.
          </Nothing>
        </div>
      )}
    </section>
  );
}

/** A run in a line. */
function Summary({ follow, view }: { follow: Follow; view: RunView }) {
  const running = goesOn(view.status);
  const now = useNow(running, 1000);
  const word = runWord(view.status);
  const { done, tables, rows_merged } = runSums(view);
  const rate = running ? runRate(follow, now) : null;
  return (
    <>
      <h2>
        Run <code>{shortRun(view.run_id)}</code>
      </h2>
      <State tone={word.tone}>
        {word.word}, {clock(secondsAt(view, now))}
      </State>
      <span className="soft cut">
        {count(done)} of {counted(tables, "table")}, {counted(rows_merged, "row")} merged
        {rate !== null && `, ${count(rate)} a second`}
      </span>
    </>
  );
}
