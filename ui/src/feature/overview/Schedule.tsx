import { CalendarClock, Pause } from "lucide-react";
import { useAction } from "../../action";
import { counted, span, timeOfDay, when } from "../../data/format";
import { nextRun, useSchedule, useScheduleCommands } from "../../data/schedule";
import { tableWord } from "../../data/words";
import { useOpenWorkspace } from "../../data/workspace";
import { cannotConnect } from "../../data/queries";
import { errorView } from "../../host";
import { ActionButton, Icon, SameAsText, State, StateWord, Trouble } from "../../kit";

/** Tables that still have to run or fail are shown first, and no more than these. */
const SHOWN = 8;

/** The schedule in the window's own process: whether it runs, what is due next, what fails. */
export function Schedule() {
  const { workspace } = useOpenWorkspace();
  const asked = useSchedule(workspace.folder);
  const { start, stop } = useScheduleCommands();
  const schedule = asked.data ?? null;
  const state = schedule?.state ?? "stopped";
  const cannotStart =
    workspace.tables.length === 0
      ? "no table is chosen yet"
      : state === "stopping"
        ? "it is stopping"
        : state === "running" || start.isPending
          ? "it runs already"
          : null;
  useAction(
    "schedule.start",
    () => start.mutate({ folder: workspace.folder }),
    cannotConnect(workspace) ?? cannotStart,
  );
  useAction(
    "schedule.stop",
    () => stop.mutate({ folder: workspace.folder }),
    state === "running" ? (stop.isPending ? "one moment" : null) : "it does not run",
  );
  const failure = start.isError ? errorView(start.error) : stop.isError ? errorView(stop.error) : null;
  const next = schedule ? nextRun(schedule) : null;
  const lines = (schedule?.tables ?? []).toSorted(
    (a, b) => b.failures - a.failures || (a.next_run ?? "").localeCompare(b.next_run ?? ""),
  );
  return (
    <section aria-label="Schedule">
      <div className="section-head">
        <h2>Schedule</h2>
        {state === "running" ? (
          <State tone="ok">on{next && `, next run ${timeOfDay(next)}`}</State>
        ) : state === "stopping" ? (
          <State tone="queued">stopping: what runs comes to its end</State>
        ) : (
          <span className="faint">off: tables run when you say so</span>
        )}
        <div className="acts">
          {state === "stopped" ? (
            <ActionButton id="schedule.start" compact>
              <Icon of={CalendarClock} small />
              Start schedule
            </ActionButton>
          ) : (
            <ActionButton id="schedule.stop" compact>
              <Icon of={Pause} small />
              {state === "stopping" ? "Stopping…" : "Stop schedule"}
            </ActionButton>
          )}
        </div>
      </div>
      {failure && <Trouble error={failure} title={<b>The schedule was not changed</b>} />}
      {schedule?.error && (
        <Trouble error={schedule.error} title={<b>The schedule runs with an earlier firn.yaml</b>} tone="warn" />
      )}
      {lines.length > 0 && (
        <table className="plain overview-schedule">
          <colgroup>
            <col style={{ width: 150 }} />
            <col />
            <col style={{ width: 160 }} />
            <col style={{ width: 150 }} />
            <col style={{ width: 110 }} />
          </colgroup>
          <thead>
            <tr>
              <th>State</th>
              <th>Table</th>
              <th>When</th>
              <th className="number">Next run</th>
              <th className="number">Lag</th>
            </tr>
          </thead>
          <tbody>
            {lines.slice(0, SHOWN).map((table) => (
              <tr key={table.source}>
                <td>
                  {table.running ? <State tone="running">Running</State> : <StateWord of={tableWord(table.status)} />}
                </td>
                <td className="mono" title={table.error?.message ?? table.source}>
                  {table.source}
                </td>
                <td className="mono soft">{table.schedule}</td>
                <td className="number mono">{table.next_run ? when(table.next_run) : "–"}</td>
                <td className="number mono">{table.lag_seconds === null ? "–" : span(table.lag_seconds)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <div className="same-as-text">
        {lines.length > SHOWN && <span className="faint">and {counted(lines.length - SHOWN, "more table")}&ensp;</span>}
        <SameAsText lead="Without the window:" command="firn serve" />
      </div>
    </section>
  );
}
