import { filterOrder, type MappedColumn, verdictCounts } from "../../data/mapping";
import { verdictWord } from "../../data/words";
import { StateFilters } from "../../kit";

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
  const states = filterOrder
    .filter((verdict) => counts.has(verdict) || verdict === value)
    .map((verdict) => ({ id: verdict, word: verdictWord(verdict), number: counts.get(verdict) ?? 0 }));
  return <StateFilters label="Verdicts" all={columns.length} states={states} value={value} onChange={onChange} />;
}
