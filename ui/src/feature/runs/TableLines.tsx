import { bytes, count, percent, span } from "../../data/format";
import { phaseNames } from "../../data/moment";
import { type Follow, goesOn, inOrderOfNeed, secondsBehind, stageGoesOn, tableRate } from "../../data/run";
import { stageWord, type Word } from "../../data/words";
import type { RunView, TableProgress } from "../../host";
import { type GridColumn, RowGrid } from "../../grid/RowGrid";
import { StateWord } from "../../kit";

type TableLinesProps = {
  view: RunView;
  follow: Follow;
  /** The time now, in milliseconds. */
  now: number;
  selected: string | null;
  onSelect: (source: string) => void;
};

/** A line a table: stage, rows, rate, how far behind it is. */
export function TableLines({ view, follow, now, selected, onSelect }: TableLinesProps) {
  const running = goesOn(view.status);
  const none = <span className="faint">–</span>;
  const begun = (table: TableProgress, value: number) => (table.stage === "queued" ? none : count(value));
  const columns: readonly GridColumn<TableProgress>[] = [
    { id: "state", head: "State", width: 114, cell: (table) => <StateWord of={stateOf(table, view)} /> },
    { id: "stages", head: "Stages", width: 68, cell: (table) => <Stages table={table} /> },
    {
      id: "table",
      head: "Table",
      width: 150,
      grow: 1,
      mono: true,
      cell: (table) => <Name of={table.source} />,
      whole: (table) => `${table.source} → ${table.target}`,
    },
    { id: "read", head: "Rows read", width: 84, end: true, mono: true, cell: (table) => begun(table, table.rows_read) },
    {
      id: "merged",
      head: "merged",
      width: 84,
      end: true,
      mono: true,
      cell: (table) => begun(table, table.rows_merged),
    },
    { id: "progress", head: "Progress", width: 112, cell: (table) => <Progress table={table} of={view} /> },
    {
      id: "rejected",
      head: "Rejected",
      width: 66,
      end: true,
      mono: true,
      cell: (table) =>
        table.rows_rejected > 0 ? <span className="state warn">{count(table.rows_rejected)}</span> : none,
    },
    {
      id: "bytes",
      head: "Bytes",
      width: 74,
      end: true,
      mono: true,
      cell: (table) => (table.bytes > 0 ? <span className="soft">{bytes(table.bytes)}</span> : none),
    },
    {
      id: "rate",
      head: "Rows/s",
      width: 74,
      end: true,
      mono: true,
      cell: (table) => <span className="soft">{count(rate(table, follow, running, now))}</span>,
    },
    {
      id: "behind",
      head: "Behind",
      width: 82,
      end: true,
      mono: true,
      // Of a table that is done nothing was waiting, however old its newest row is.
      cell: (table) => (running && stageGoesOn(table.stage) ? span(secondsBehind(table.watermark, now)) : none),
      whole: (table) => (table.watermark ? `cursor at ${table.watermark}` : null),
    },
    {
      id: "took",
      head: "Took",
      width: 62,
      end: true,
      mono: true,
      cell: (table) => (table.result ? span(table.result.seconds) : none),
    },
  ];
  return (
    <RowGrid
      label="Tables of the run"
      columns={columns}
      rows={inOrderOfNeed(view.tables)}
      rowKey={(table) => table.source}
      selected={selected}
      onSelect={(table) => onSelect(table.source)}
    />
  );
}

/** A table's name; where it does not fit, its schema gives way first. */
function Name({ of }: { of: string }) {
  const dot = of.indexOf(".") + 1;
  return (
    <span className="of-table">
      <span className="schema">{of.slice(0, dot)}</span>
      <span>{of.slice(dot)}</span>
    </span>
  );
}

/** The word of a table's stage; of a run whose process went away, what was going on is over. */
function stateOf(table: TableProgress, view: RunView): Word {
  if (view.status === "interrupted" && table.result === null)
    return table.stage === "queued" ? { tone: "off", word: "Not begun" } : { tone: "warn", word: "Interrupted" };
  return stageWord(table.stage);
}

function rate(table: TableProgress, follow: Follow, running: boolean, now: number): number | null {
  if (running && stageGoesOn(table.stage)) return tableRate(follow, table.source, now);
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

function Progress({ table, of: view }: { table: TableProgress; of: RunView }) {
  if (view.status === "interrupted" && table.result === null)
    return <span className="faint small">goes on next time</span>;
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
      return "waits its turn";
    case "done":
      return table.result?.status === "idle" ? "nothing new" : "complete";
    case "failed":
      return "see above";
    case "cancelled":
      return "goes on next time";
    case "held":
      return "another runner has it";
    case "waiting":
      return "tries again";
    default:
      return phaseNames[table.phase ?? ""] ?? "";
  }
}
