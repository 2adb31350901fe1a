import { count } from "../data/format";
import type { Word } from "../data/words";
import { WordGlyph } from "./icon";
import { toneClass } from "./state";

/** One of several states that rows can be filtered by, with how many of them have it. */
export type StateFilter = { id: string; word: Word; number: number };

/** States with their numbers, of which one filters; pressed again, all are shown. */
export function StateFilters({
  label,
  all,
  states,
  value,
  onChange,
}: {
  label: string;
  /** How many rows there are in all. */
  all: number;
  states: readonly StateFilter[];
  value: string | null;
  onChange: (id: string | null) => void;
}) {
  return (
    <div className="filters" role="group" aria-label={label}>
      <button type="button" aria-pressed={value === null} onClick={() => onChange(null)}>
        All <b>{count(all)}</b>
      </button>
      {states.map(({ id, word, number }) => (
        <button
          type="button"
          key={id}
          className={toneClass(word.tone)}
          aria-pressed={value === id}
          onClick={() => onChange(value === id ? null : id)}
        >
          <WordGlyph of={word} />
          {word.word} <b>{count(number)}</b>
        </button>
      ))}
    </div>
  );
}
