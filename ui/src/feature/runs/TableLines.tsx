import { bytes, count, percent, span } from "../../data/format";
import { type Follow, goesOn, inOrderOfNeed, stageGoesOn, tableRate } from "../../data/run";
import { stageWord } from "../../data/words";
import type { RunView, TableProgress } from "../../host";
import { StateWord } from "../../kit";

const phaseNames: Record<string, string> = {
  first_load: "first load",
  resume_first_load: "first load",
  deletes: "deletes",
  incremental: "changes",
  full: "all rows",
};

/** A line a table: stage, rows, rate. */
export function TableLines({ view, follow }: { view: RunView; follow: Follow }) {
  return (
    <table className="plain" aria-label="Tables of the run">
      <colgroup>
        <col style={{ width: 122 }} />
        <col style={{ width: 84 }} />
        <col />
        <col style={{ width: 92 }} />
        <col style={{ width: 92 }} />
        <col style={{ width: 150 }} />
        <col style={{ width: 84 }} />
        <col style={{ width: 84 }} />
        <col style={{ width: 84 }} />
        <col style={{ width: 70 }} />
      </colgroup>
      <thead>
        <tr>
          <th>State</th>
          <th>Stages</th>
          <th>Table</th>
          <th className="number">Rows read</th>
          <th className="number">merged</th>
          <th>Progress</th>
          <th className="number">Rejected</th>
          <th className="number">Bytes</th>
          <th className="number">Rows/s</th>
          <th className="number">Took</th>
        </tr>
      </thead>
      <tbody>
        {inOrderOfNeed(view.tables).map((table) => (
          <tr key={table.source} data-table={table.source} data-stage={table.stage}>
            <td>
              <StateWord of={stageWord(table.stage)} />
            </td>
            <td>
              <Stages table={table} />
            </td>
            <td className="mono" title={`${table.source} → ${table.target}`}>
              {table.source}
            </td>
            <td className="number mono">{table.stage === "queued" ? "–" : count(table.rows_read)}</td>
            <td className="number mono">{table.stage === "queued" ? "–" : count(table.rows_merged)}</td>
            <td>
              <Progress table={table} />
            </td>
            <td className="number mono">
              {table.rows_rejected > 0 ? (
                <span className="state warn">{count(table.rows_rejected)}</span>
              ) : (
                <span className="soft">0</span>
              )}
            </td>
            <td className="number mono soft">{table.bytes > 0 ? bytes(table.bytes) : "–"}</td>
            <td className="number mono soft">{count(rate(table, follow, goesOn(view.status)))}</td>
            <td className="number mono">{table.result ? span(table.result.seconds) : "–"}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function rate(table: TableProgress, follow: Follow, running: boolean): number | null {
  if (running && stageGoesOn(table.stage)) return tableRate(follow, table.source);
  const seconds = table.result?.seconds ?? 0;
  return seconds >= 0.05 && table.rows_read > 0 ? Math.round(table.rows_read / seconds) : null;
}

/** Inspect, read, merge: which of them is over, which goes on. */
function Stages({ table }: { table: TableProgress }) {
  const reached = {
    queued: -1,
    inspecting: 0,
    reading: 1,
    merging: 2,
    waiting: 1,
    done: 3,
    failed: table.rows_read > 0 ? 1 : 0,
    cancelled: table.rows_read > 0 ? 1 : 0,
    held: 0,
  }[table.stage];
  const tone =
    table.stage === "failed"
      ? "failed"
      : table.stage === "waiting" || table.stage === "held" || table.stage === "cancelled"
        ? "warn"
        : "now";
  return (
    <span className="stages" title="inspect, read, merge" aria-hidden>
      {[0, 1, 2].map((place) => (
        <i key={place} className={place < reached ? "done" : place === reached ? tone : undefined} />
      ))}
    </span>
  );
}

function Progress({ table }: { table: TableProgress }) {
  const part = percent(table.rows_read, table.rows_expected);
  if (stageGoesOn(table.stage) && part !== null)
    return (
      <span
        className="bar-of"
        role="progressbar"
        aria-label={table.source}
        aria-valuenow={part}
        aria-valuemin={0}
        aria-valuemax={100}
        title={`${count(table.rows_read)} of about ${count(table.rows_expected)}`}
      >
        <span style={{ width: `${part}%` }} />
      </span>
    );
  return <span className="faint small">{progressText(table)}</span>;
}

function progressText(table: TableProgress): string {
  switch (table.stage) {
    case "queued":
      return "waits for a free reader";
    case "done":
      return table.result?.status === "idle" ? "nothing new" : "complete";
    case "failed":
      return "see above";
    case "cancelled":
      return "goes on next time";
    case "held":
      return "another runner has it";
    case "waiting":
      return "before the next attempt";
    default:
      return phaseNames[table.phase ?? ""] ?? "";
  }
}
