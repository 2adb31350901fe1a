// A small shop, as a host would tell of it. For tests and for looking at screens only; never part of the window.

export { columns, plan, changes, mapping, wideMapping } from "./columns";
export { connections, checks } from "./connections";
export { settings, schedule, scheduleOn } from "./desktop";
export { discovered } from "./discovered";
export { documentOf } from "./document";
export { folder } from "./place";
export { rejected } from "./rejected";
export { runs, progress, activeRun } from "./runs";
export { status, tables } from "./tables";
export { verdict, repaired } from "./verify";
export { workspace } from "./workspace";
