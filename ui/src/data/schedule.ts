// The schedule of a workspace in the window's own process.

import { useQuery } from "@tanstack/react-query";
import { type ScheduleView, useHost } from "../host";
import { keys, useCommand } from "./queries";

/** How the schedule stands; kept up to date by the host's events. */
export function useSchedule(folder: string) {
  const host = useHost();
  return useQuery({
    queryKey: keys.schedule(folder),
    queryFn: () => host.call("schedule_show", { folder }),
  });
}

/** Starting and stopping it. */
export function useScheduleCommands() {
  const start = useCommand("schedule_start", (client, answer) =>
    client.setQueryData(keys.schedule(answer.folder), answer),
  );
  const stop = useCommand("schedule_stop", (client, answer) =>
    client.setQueryData(keys.schedule(answer.folder), answer),
  );
  return { start, stop };
}

/** When a table runs next, over all of them; null where that is not known. */
export function nextRun(schedule: ScheduleView): string | null {
  const times = schedule.tables.flatMap((table) => (table.next_run ? [table.next_run] : []));
  return times.toSorted()[0] ?? null;
}
