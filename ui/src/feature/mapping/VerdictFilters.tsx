import { count } from "../../data/format";
import { filterOrder, type MappedColumn, verdictCounts } from "../../data/mapping";
import { verdictWord } from "../../data/words";
import { toneClass, WordGlyph } from "../../kit";

/** Verdicts with their counts; one of them filters. */
export function VerdictFilters({
  columns,
  value,
  onChange,
}: {
  columns: readonly MappedColumn[];
  value: string | null;
  onChange: (verdict: string | null) => void;
}) {
  const counts = verdictCounts(columns);
  return (
    <div className="filters" role="group" aria-label="Verdicts">
      <button type="button" aria-pressed={value === null} onClick={() => onChange(null)}>
        All <b>{count(columns.length)}</b>
      </button>
      {filterOrder
        .filter((verdict) => counts.has(verdict) || verdict === value)
        .map((verdict) => {
          const word = verdictWord(verdict);
          return (
            <button
              type="button"
              key={verdict}
              className={toneClass(word.tone)}
              aria-pressed={value === verdict}
              onClick={() => onChange(value === verdict ? null : verdict)}
            >
              <WordGlyph of={word} />
              {word.word} <b>{count(counts.get(verdict) ?? 0)}</b>
            </button>
          );
        })}
    </div>
  );
}
