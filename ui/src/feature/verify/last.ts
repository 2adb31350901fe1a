import type { Word } from "../../data/words";
import type { ComparedView, VerifiedTable } from "../../host";
import { verdictWord } from "./words";

/** What a comparison that came to its end has counted. */
export type Compared = Pick<VerifiedTable & ComparedView, keyof ComparedView & keyof VerifiedTable>;

/** What is known of a table's last comparison: this window's verdict, or what the history of this machine has, whichever
 * is newer. One that did not come to its end has counted nothing, and proves nothing. */
export function lastOf(
  here: { verdict: VerifiedTable; at: string } | null,
  kept: ComparedView | null,
): { word: Word; known: Compared | null; at: string | null } {
  if (here && (kept === null || here.at >= kept.at)) {
    const ended = here.verdict.status === "equal" || here.verdict.status === "different";
    return { word: verdictWord(here.verdict.status), known: ended ? here.verdict : null, at: here.at };
  }
  if (kept === null) return { word: { tone: "off", word: "Not compared" }, known: null, at: null };
  return { word: verdictWord(kept.differing_keys > 0 ? "different" : "equal"), known: kept, at: kept.at };
}
