import type { Word } from "../../data/words";

/** What a comparison of a table came to, in a word. */
const statusWords: Record<string, Word> = {
  equal: { tone: "ok", word: "Equal" },
  different: { tone: "failed", word: "Different" },
  failed: { tone: "failed", word: "Failed" },
  cancelled: { tone: "off", word: "Cancelled" },
  held: { tone: "warn", word: "Held by another" },
};

/** The word of a comparison's status. */
export function verdictWord(status: string): Word {
  return statusWords[status] ?? { tone: "off", word: status };
}
