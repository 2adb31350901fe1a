import { Check, Minus, X } from "lucide-react";
import { navigate } from "../../action";
import { count } from "../../data/format";
import { causeTitle, closedWord, metWord } from "../../data/rejected";
import type { RejectedCauseView } from "../../host";
import { Icon, Said } from "../../kit";

type CausesProps = {
  causes: readonly RejectedCauseView[];
  table: string | null;
  /** The cause that is looked at. */
  chosen: RejectedCauseView | null;
  onCause: (cause: RejectedCauseView | null) => void;
};

/** Why rows were rejected: tables with their open causes, most first, then what was settled or discarded; each filters. */
export function Causes({ causes, table, chosen, onCause }: CausesProps) {
  const open = causes.filter((cause) => cause.standing === "open");
  const closed = causes.filter((cause) => cause.standing !== "open");
  const tables = [...Map.groupBy(open, (cause) => cause.source)]
    .map(([source, own]) => ({ source, own, rows: own.reduce((sum, cause) => sum + cause.rows, 0) }))
    .sort((a, b) => b.rows - a.rows || (a.source < b.source ? -1 : 1));
  const all = tables.reduce((sum, one) => sum + one.rows, 0);
  const go = (source: string | null, cause: RejectedCauseView | null) => {
    onCause(cause);
    navigate({ screen: "rejected", table: source, row: null });
  };
  return (
    <ul className="causes">
      {tables.length !== 1 && (
        <li>
          <button
            type="button"
            aria-current={(table === null && chosen === null) || undefined}
            onClick={() => go(null, null)}
          >
            <span>all tables</span>
            <b>{count(all)}</b>
          </button>
        </li>
      )}
      {tables.map(({ source, own, rows }) => (
        <li key={source}>
          <button
            type="button"
            aria-current={(table === source && chosen === null) || undefined}
            onClick={() => go(source, null)}
          >
            <code className="cut" title={source}>
              {source}
            </code>
            <b>{count(rows)}</b>
          </button>
          {own.map((cause) => (
            <CauseButton key={keyOf(cause)} cause={cause} chosen={chosen} onPress={() => go(source, cause)} />
          ))}
        </li>
      ))}
      {closed.length > 0 && (
        <li className="closed">
          {closed.map((cause) => (
            <CauseButton key={keyOf(cause)} cause={cause} chosen={chosen} onPress={() => go(cause.source, cause)} />
          ))}
        </li>
      )}
    </ul>
  );
}

/** Tells causes apart: rows of one reason may stand differently. */
export function keyOf(cause: RejectedCauseView): string {
  return JSON.stringify([cause.source, cause.code, cause.error, cause.standing, cause.by, cause.note]);
}

const glyphs = { open: X, settled: Check, discarded: Minus } as const;

type CauseButtonProps = { cause: RejectedCauseView; chosen: RejectedCauseView | null; onPress: () => void };

function CauseButton({ cause, chosen, onPress }: CauseButtonProps) {
  const standing = cause.standing as keyof typeof glyphs;
  return (
    <button
      type="button"
      className={`cause ${standing}`}
      title={cause.error}
      aria-current={(chosen !== null && keyOf(chosen) === keyOf(cause)) || undefined}
      onClick={onPress}
    >
      <Icon of={glyphs[standing] ?? X} small />
      <span className="what">
        <Said text={causeTitle(cause)} />
      </span>
      <span className="number">{count(cause.rows)}</span>
      {cause.column !== null && (
        <code className="column cut" title={cause.column}>
          {cause.column}
        </code>
      )}
      <span className="about small">
        {standing === "open" ? `${metWord(cause)}${cause.one_fix ? ", one fix for all" : ""}` : closedWord(cause)}
      </span>
    </button>
  );
}
