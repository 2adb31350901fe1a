import { ArrowRight, Clock, KeyRound } from "lucide-react";
import { useState } from "react";
import { shortType } from "../../data/format";
import { verdictOrder, verdictWord } from "../../data/words";
import type { ColumnView } from "../../host";
import { Chip, Icon, StateFilters } from "../../kit";

/** The columns of a table with how each travels; verdicts filter. */
export function Columns({ columns }: { columns: readonly ColumnView[] }) {
  const [only, setOnly] = useState<string | null>(null);
  const present = verdictOrder.filter((verdict) => columns.some((column) => column.verdict === verdict));
  // A verdict that a new plan has no column of filters nothing.
  const known = present.find((verdict) => verdict === only) ?? null;
  const shown = known ? columns.filter((column) => column.verdict === known) : columns;
  return (
    <div className="columns-of">
      <StateFilters
        label="Verdicts"
        all={columns.length}
        states={present.map((verdict) => ({
          id: verdict,
          word: verdictWord(verdict),
          number: columns.filter((column) => column.verdict === verdict).length,
        }))}
        value={known}
        onChange={setOnly}
      />
      <table className="plain">
        <colgroup>
          <col />
          <col style={{ width: 98 }} />
          <col style={{ width: 106 }} />
          <col style={{ width: 98 }} />
        </colgroup>
        <thead>
          <tr>
            <th>Column</th>
            <th>Source type</th>
            <th>Target type</th>
            <th>Verdict</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((column) => (
            <ColumnRows key={column.name} column={column} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ColumnRows({ column }: { column: ColumnView }) {
  return (
    <>
      <tr>
        <td className="mono" title={column.name}>
          {column.name}
          {column.key && (
            <span className="faint small">
              {" "}
              <Icon of={KeyRound} small /> key
            </span>
          )}
          {column.watermark && (
            <span className="faint small">
              {" "}
              <Icon of={Clock} small /> mark
            </span>
          )}
        </td>
        <td className="mono" title={column.source_type}>
          {shortType(column.source_type)}
        </td>
        <td className="mono" title={column.target_type}>
          {column.target_type || "–"}
        </td>
        <td>
          <Chip of={verdictWord(column.verdict)} title={column.note} />
        </td>
      </tr>
      {(column.transform || (column.note && column.verdict !== "exact" && column.verdict !== "widens")) && (
        <tr>
          <td colSpan={4} className="note-line small" title={column.note}>
            <Icon of={ArrowRight} small /> {column.transform && <code>{column.transform}</code>}
            {column.transform && column.note && ": "}
            {column.note}
          </td>
        </tr>
      )}
    </>
  );
}
