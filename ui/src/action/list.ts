// The one list of what a person can do. The palette, the shortcuts, the key sheet, the hints and the keys shown on
// buttons all come from it.

/** Where an action belongs: everywhere, in any open workspace, or on one screen. */
export type Scope =
  | "everywhere"
  | "welcome"
  | "workspace"
  | "overview"
  | "connections"
  | "tables"
  | "mapping"
  | "verify"
  | "verifyAll"
  | "rows"
  | "find"
  | "runs"
  | "rejected"
  | "settings";

/** What is known of an action before any screen offers it. */
export type ActionSpec = {
  id: string;
  title: string;
  scope: Scope;
  /** `mod` is Ctrl, or Cmd on a Mac; two keys with a space between are pressed one after the other. */
  keys?: string;
  /** Whether the keys work while the person types into a field. */
  whileTyping?: boolean;
  /** Left out of the palette: it is the palette, or makes sense only where the focus is. */
  unlisted?: boolean;
  /** The word beside the keys in the status bar. */
  hint?: string;
};

/** Every action. */
export const actions = [
  { id: "palette.open", title: "Go to or run", scope: "everywhere", keys: "mod+k", whileTyping: true, unlisted: true },
  { id: "keys.open", title: "Show all keys", scope: "everywhere", keys: "?", hint: "keys" },
  { id: "theme.system", title: "Theme: as the system", scope: "everywhere" },
  { id: "theme.light", title: "Theme: light", scope: "everywhere" },
  { id: "theme.dark", title: "Theme: dark", scope: "everywhere" },
  { id: "workspace.sample", title: "Open the sample workspace", scope: "everywhere" },
  { id: "workspace.open", title: "Open a folder…", scope: "everywhere", keys: "mod+o", whileTyping: true },
  { id: "workspace.new", title: "New workspace…", scope: "everywhere", keys: "mod+Shift+n", whileTyping: true },

  { id: "go.up", title: "One level up", scope: "workspace", keys: "Escape", unlisted: true },
  { id: "go.overview", title: "Go to overview", scope: "workspace", keys: "g o" },
  { id: "go.connections", title: "Go to connections", scope: "workspace", keys: "g c" },
  { id: "go.tables", title: "Go to tables", scope: "workspace", keys: "g t" },
  { id: "go.runs", title: "Go to runs", scope: "workspace", keys: "g r" },
  { id: "go.rejected", title: "Go to rejected rows", scope: "workspace", keys: "g e" },
  { id: "go.settings", title: "Settings", scope: "everywhere", keys: "mod+,", whileTyping: true },
  { id: "drawer.toggle", title: "Runs and log below the screen", scope: "workspace", keys: "l", hint: "log" },
  { id: "workspace.trust", title: "Trust this workspace", scope: "workspace" },
  { id: "workspace.reload", title: "Read firn.yaml again", scope: "workspace", keys: "mod+r", whileTyping: true },
  { id: "workspace.close", title: "Close this workspace", scope: "workspace" },

  {
    id: "overview.run",
    title: "Run all tables now",
    scope: "overview",
    keys: "mod+Enter",
    whileTyping: true,
    hint: "run",
  },
  { id: "overview.verify", title: "Compare all tables with their sources", scope: "overview", keys: "v" },
  { id: "schedule.start", title: "Start the schedule", scope: "overview", keys: "s" },
  { id: "schedule.stop", title: "Stop the schedule", scope: "overview" },

  { id: "connection.new", title: "New connection", scope: "connections", keys: "n", hint: "new" },
  {
    id: "connection.check",
    title: "Check this connection",
    scope: "connections",
    keys: "mod+Enter",
    whileTyping: true,
    hint: "check",
  },
  {
    id: "connection.save",
    title: "Save this connection",
    scope: "connections",
    keys: "mod+s",
    whileTyping: true,
    hint: "save",
  },
  { id: "connection.duplicate", title: "Duplicate this connection", scope: "connections", keys: "d" },
  { id: "connection.remove", title: "Remove this connection", scope: "connections" },

  { id: "tables.filter", title: "Filter tables", scope: "tables", keys: "/", unlisted: true, hint: "filter" },
  { id: "tables.run", title: "Run", scope: "tables", keys: "mod+Enter", whileTyping: true, hint: "run" },
  { id: "tables.find", title: "Find tables in the source", scope: "tables", keys: "f", hint: "find" },
  { id: "tables.plan", title: "Plan", scope: "tables", keys: "p", hint: "plan" },
  { id: "tables.mapping", title: "Map columns", scope: "tables", keys: "m", hint: "columns" },
  { id: "tables.verify", title: "Compare with the source", scope: "tables", keys: "v", hint: "compare" },

  { id: "tables.rows", title: "Look at rows", scope: "tables", keys: "o", hint: "rows" },

  { id: "rows.filter", title: "Filter rows by the column", scope: "rows", keys: "/", unlisted: true, hint: "filter" },
  { id: "rows.side", title: "Show the other side", scope: "rows", keys: "s", hint: "other side" },
  { id: "rows.open", title: "Show the whole value", scope: "rows", keys: "v", hint: "value" },
  { id: "rows.copy", title: "Copy the chosen cells", scope: "rows" },
  { id: "rows.pin", title: "Pin the column, or let it go", scope: "rows", keys: "p", hint: "pin" },
  { id: "rows.fit", title: "Fit the column to its values", scope: "rows", keys: "w", hint: "fit" },
  { id: "rows.wider", title: "Make the column wider", scope: "rows", keys: "]" },
  { id: "rows.narrower", title: "Make the column narrower", scope: "rows", keys: "[" },
  { id: "rows.dense", title: "Dense rows, or usual ones", scope: "rows", keys: "d" },
  { id: "rows.reload", title: "Read the rows again", scope: "rows", keys: "r" },

  {
    id: "verifyAll.run",
    title: "Compare the tables with their sources",
    scope: "verifyAll",
    keys: "mod+Enter",
    whileTyping: true,
    hint: "compare",
  },
  { id: "verifyAll.filter", title: "Filter tables", scope: "verifyAll", keys: "/", unlisted: true, hint: "filter" },
  { id: "verifyAll.cancel", title: "Cancel the comparison", scope: "verifyAll", keys: "mod+.", whileTyping: true },

  { id: "verify.run", title: "Compare", scope: "verify", keys: "mod+Enter", whileTyping: true, hint: "compare" },
  { id: "verify.repair", title: "Repair what differs", scope: "verify", keys: "r", hint: "repair" },
  { id: "verify.next", title: "Next key that differs", scope: "verify", keys: "n", hint: "next" },
  { id: "verify.previous", title: "Previous key that differs", scope: "verify", keys: "p", hint: "previous" },
  { id: "verify.cancel", title: "Cancel the comparison", scope: "verify", keys: "mod+.", whileTyping: true },

  { id: "mapping.filter", title: "Find a column", scope: "mapping", keys: "/", unlisted: true, hint: "column" },
  { id: "mapping.transform", title: "Edit the transform", scope: "mapping", keys: "t", hint: "transform" },
  { id: "mapping.type", title: "Arrive as another type", scope: "mapping", keys: "a" },
  { id: "mapping.leave", title: "Leave the column out, or take it in", scope: "mapping", keys: "x", hint: "leave out" },
  { id: "mapping.text", title: "Send the column as text", scope: "mapping", keys: "s" },
  { id: "mapping.rows", title: "Show rows before and after", scope: "mapping", keys: "v", hint: "rows" },
  { id: "mapping.undo", title: "Undo", scope: "mapping", keys: "mod+z", hint: "undo" },
  { id: "mapping.redo", title: "Redo", scope: "mapping", keys: "mod+Shift+z" },
  { id: "mapping.save", title: "Save the mapping", scope: "mapping", keys: "mod+s", whileTyping: true, hint: "save" },
  { id: "mapping.drop", title: "Drop the edits", scope: "mapping" },
  { id: "mapping.yaml", title: "Show firn.yaml beside it", scope: "mapping", keys: "y", hint: "yaml" },
  { id: "mapping.run", title: "Run this table", scope: "mapping", keys: "mod+Enter", whileTyping: true, hint: "run" },
  { id: "mapping.again", title: "Ask source and target again", scope: "mapping", keys: "r" },

  { id: "find.filter", title: "Filter what was found", scope: "find", keys: "/", unlisted: true, hint: "filter" },
  { id: "find.add", title: "Add the chosen tables", scope: "find", keys: "mod+Enter", whileTyping: true, hint: "add" },
  { id: "find.again", title: "Look again", scope: "find", keys: "r" },

  { id: "run.cancel", title: "Cancel this run", scope: "runs", keys: "mod+.", whileTyping: true, hint: "cancel" },
  {
    id: "run.again",
    title: "Run the same tables again",
    scope: "runs",
    keys: "mod+Enter",
    whileTyping: true,
    hint: "run again",
  },
  { id: "run.retry", title: "Run the failed tables again", scope: "runs", keys: "r", hint: "retry" },
  { id: "run.log", title: "Find in the log", scope: "runs", keys: "/", hint: "log" },
  { id: "run.chart", title: "Save the chart…", scope: "runs", keys: "s" },

  {
    id: "rejected.filter",
    title: "Filter rejected rows",
    scope: "rejected",
    keys: "/",
    unlisted: true,
    hint: "filter",
  },
  { id: "rejected.next", title: "Next rejected row", scope: "rejected", keys: "n", hint: "next" },
  { id: "rejected.previous", title: "Previous rejected row", scope: "rejected", keys: "p", hint: "previous" },
  {
    id: "rejected.retry",
    title: "Try rejected rows again",
    scope: "rejected",
    keys: "mod+Enter",
    whileTyping: true,
    hint: "try again",
  },
  { id: "rejected.try", title: "Try the fix on its rows", scope: "rejected", keys: "f", hint: "try the fix" },
  {
    id: "rejected.fix",
    title: "Save the fix and try its rows again",
    scope: "rejected",
    keys: "mod+s",
    whileTyping: true,
  },
  { id: "rejected.one", title: "Try this row again", scope: "rejected", keys: "t", hint: "this row" },
  { id: "rejected.discard", title: "Discard rejected rows…", scope: "rejected", keys: "d", hint: "discard" },
  { id: "rejected.reload", title: "Ask for rejected rows again", scope: "rejected", keys: "r" },

  { id: "settings.reload", title: "Read the settings file again", scope: "settings", keys: "r" },
] as const satisfies readonly ActionSpec[];

/** The name of an action. */
export type ActionId = (typeof actions)[number]["id"];

const byId = new Map<string, ActionSpec>(actions.map((action) => [action.id, action]));

/** What is known of an action. */
export function actionSpec(id: ActionId): ActionSpec {
  const spec = byId.get(id);
  if (!spec) throw new Error(`no action is called ${id}`);
  return spec;
}

const onMac = typeof navigator !== "undefined" && /Mac/.test(navigator.platform);
const names: Record<string, string> = {
  mod: onMac ? "⌘" : "Ctrl",
  Shift: onMac ? "⇧" : "Shift",
  Enter: "⏎",
  Escape: "Esc",
};

/** The caps to draw for `mod+Enter` or `g o`. */
export function keyCaps(keys: string): string[] {
  return keys.split(/[ +]/).map((key) => names[key] ?? (key.length === 1 ? key.toUpperCase() : key));
}
