import { navigate } from "../../action";
import { count } from "../../data/format";
import type { RejectedCauseView } from "../../host";
import { Said } from "../../kit";

type CausesProps = {
  causes: readonly RejectedCauseView[];
  table: string | null;
  error: string | null;
  onError: (error: string | null) => void;
};

/** Why rows were rejected: tables with their reasons, most first; each of them filters. */
export function Causes({ causes, table, error, onError }: CausesProps) {
  const byTable = Map.groupBy(causes, (cause) => cause.source);
  const tables = [...byTable]
    .map(([source, own]) => ({ source, own, rows: own.reduce((sum, cause) => sum + cause.rows, 0) }))
    .sort((a, b) => b.rows - a.rows || (a.source < b.source ? -1 : 1));
  const all = tables.reduce((sum, one) => sum + one.rows, 0);
  const go = (source: string | null, wanted: string | null) => {
    onError(wanted);
    navigate({ screen: "rejected", table: source, row: null });
  };
  return (
    <ul className="causes">
      <li>
        <button type="button" aria-current={table === null || undefined} onClick={() => go(null, null)}>
          <span>all tables</span>
          <b>{count(all)}</b>
        </button>
      </li>
      {tables.map(({ source, own, rows }) => (
        <li key={source}>
          <button
            type="button"
            aria-current={(table === source && error === null) || undefined}
            onClick={() => go(source, null)}
          >
            <code className="cut" title={source}>
              {source}
            </code>
            <b>{count(rows)}</b>
          </button>
          {own.map((cause) => (
            <button
              type="button"
              key={`${cause.code}${cause.error}`}
              className="cause"
              title={cause.error}
              aria-current={(table === source && error === cause.error) || undefined}
              onClick={() => go(source, cause.error)}
            >
              <span className="what">
                <Said text={cause.error} />
              </span>
              <span className="small soft">{count(cause.rows)}</span>
            </button>
          ))}
        </li>
      ))}
    </ul>
  );
}
