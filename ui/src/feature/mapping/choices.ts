// The words of firn.yaml that a table can be set to, as the screens say them.

/** How a table is read. */
const modes = [
  { value: "incremental", text: "what changed, by watermark" },
  { value: "full", text: "everything, each time" },
] as const;

/** What becomes of rows that vanished from the source. */
const deletes = [
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
const unfits = [
  { value: "reject", text: "their rows are rejected" },
  { value: "null", text: "become NULL, and are counted" },
] as const;

/** Keys of a table that have one of these words, by what the screens call them. */
export const tableChoices = {
  mode: { text: "Reads", options: modes },
  deletes: { text: "Deleted rows", options: deletes },
  on_drift: { text: "When columns change", options: drifts },
  on_unfit: { text: "Values that do not fit", options: unfits },
} as const;
