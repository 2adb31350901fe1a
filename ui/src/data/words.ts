// The words and weights of states: one place, so that a status never has two names.

import type { LevelView, RunStatus, Stage } from "../host";

/** How a state is drawn. */
export type Tone = "ok" | "running" | "warn" | "failed" | "queued" | "off";

/** A state in a word, with its tone. */
export type Word = {
  tone: Tone;
  word: string;
  /** A glyph of its own, where the tone's would say something else. */ glyph?: "arrow" | "pencil" | "plus";
};

/** The word of a run's status. */
export function runWord(status: RunStatus): Word {
  switch (status) {
    case "running":
      return { tone: "running", word: "Running" };
    case "cancelling":
      return { tone: "warn", word: "Cancelling" };
    case "success":
      return { tone: "ok", word: "Done" };
    case "partial":
      return { tone: "warn", word: "Done in part" };
    case "failed":
      return { tone: "failed", word: "Failed" };
    case "cancelled":
      return { tone: "off", word: "Cancelled" };
    case "held":
      return { tone: "warn", word: "Held by another" };
    case "interrupted":
      return { tone: "warn", word: "Interrupted" };
  }
}

/** The word of a table's stage in a run. */
export function stageWord(stage: Stage): Word {
  switch (stage) {
    case "queued":
      return { tone: "queued", word: "Queued" };
    case "inspecting":
      return { tone: "running", word: "Inspecting" };
    case "reading":
      return { tone: "running", word: "Reading" };
    case "merging":
      return { tone: "running", word: "Merging" };
    case "waiting":
      return { tone: "warn", word: "Waiting" };
    case "done":
      return { tone: "ok", word: "Done" };
    case "failed":
      return { tone: "failed", word: "Failed" };
    case "cancelled":
      return { tone: "off", word: "Cancelled" };
    case "held":
      return { tone: "warn", word: "Held" };
  }
}

const tableWords: Record<string, Word> = {
  never: { tone: "off", word: "Never ran" },
  idle: { tone: "ok", word: "In step" },
  success: { tone: "ok", word: "Done" },
  running: { tone: "running", word: "Running" },
  partial: { tone: "warn", word: "Rows rejected" },
  error: { tone: "failed", word: "Failed" },
  failed: { tone: "failed", word: "Failed" },
  cancelled: { tone: "off", word: "Cancelled" },
  held: { tone: "warn", word: "Held" },
};

/** The word of a table's state between runs, as `sync_watermarks` or the last result has it. */
export function tableWord(status: string): Word {
  return tableWords[status] ?? { tone: "off", word: status };
}

/** The tone of a finding. */
export function levelTone(level: LevelView): Tone {
  switch (level) {
    case "ok":
      return "ok";
    case "info":
      return "queued";
    case "warning":
      return "warn";
    case "critical":
      return "failed";
  }
}

const verdicts: Record<string, Word> = {
  exact: { tone: "ok", word: "Exact" },
  widens: { tone: "queued", word: "Widens", glyph: "arrow" },
  lossy: { tone: "warn", word: "Lossy" },
  as_text: { tone: "running", word: "As text", glyph: "pencil" },
  refused: { tone: "failed", word: "Refused" },
  left_out: { tone: "off", word: "Left out" },
};

/** Verdicts in the order in which they are filtered. */
export const verdictOrder = ["exact", "widens", "lossy", "as_text", "refused"] as const;

/** The word of a column's verdict. */
export function verdictWord(verdict: string): Word {
  return verdicts[verdict] ?? { tone: "off", word: verdict };
}

const sides: Record<string, string> = {
  source: "Source",
  target: "Target",
  state: "State database",
  engine: "Firn itself",
};

/** The side on which something failed, for people. */
export function sideWord(side: string | null): string {
  return (side && sides[side]) || "Firn itself";
}
