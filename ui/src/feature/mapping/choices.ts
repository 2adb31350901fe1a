// The words of firn.yaml that a table can be set to, as the screens say them.

/** How a table is read. */
export const modes = [
  { value: "incremental", text: "what changed, by watermark" },
  { value: "full", text: "everything, each time" },
] as const;

/** What becomes of rows that vanished from the source. */
export const deletes = [
  { value: "ignore", text: "stay in the target" },
  { value: "soft", text: "are marked" },
  { value: "hard", text: "are deleted" },
] as const;

/** What happens when the source's columns change. */
export const drifts = [
  { value: "add", text: "the target follows" },
  { value: "ignore", text: "new ones are left out" },
  { value: "stop", text: "the table stops" },
] as const;

/** What becomes of a value that the target's type cannot hold. */
export const unfits = [
  { value: "reject", text: "their rows are rejected" },
  { value: "null", text: "become NULL, and are counted" },
] as const;
