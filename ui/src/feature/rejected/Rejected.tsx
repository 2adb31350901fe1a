import "./rejected.css";
import { RotateCw } from "lucide-react";
import { useRef, useState } from "react";
import { navigate, useAction } from "../../action";
import { count, counted, shellWord } from "../../data/format";
import { afterRun, mayConnect, REJECTED_LIMIT, useCommand, useRejected } from "../../data/queries";
import { retryWord } from "../../data/rejected";
import { valueText } from "../../data/value";
import { useOpenWorkspace } from "../../data/workspace";
import { errorView, type RejectedRowView, type RetryView } from "../../host";
import { type GridColumn, RowGrid } from "../../grid/RowGrid";
import {
  ActionButton,
  Divider,
  FilterField,
  Icon,
  Nothing,
  Said,
  SameAsText,
  Segments,
  State,
  Trouble,
  Waiting,
} from "../../kit";
import { DiscardDialog } from "./DiscardDialog";
import { RowInspector } from "./RowInspector";

/** Rows that the target refused: by table, with reason and payload. */
export function Rejected({ table, row: rowId }: { table: string | null; row: string | null }) {
  const { workspace } = useOpenWorkspace();
  const ask = mayConnect(workspace) && workspace.state !== null;
  const [which, setWhich] = useState<"open" | "all">("open");
  const rejected = useRejected(workspace.folder, which === "all", ask);
  const [filter, setFilter] = useState("");
  const filterField = useRef<HTMLInputElement>(null);

  const all = rejected.data ?? [];
  const tables = tally(all);
  const inTable = table ? all.filter((row) => row.source === table) : all;
  const wanted = filter.trim().toLowerCase();
  const shown = wanted === "" ? inTable : inTable.filter((row) => rowText(row).includes(wanted));
  const chosen = shown.find((row) => row.id === rowId) ?? shown[0] ?? null;
  const place = chosen ? shown.indexOf(chosen) : -1;
  const go = (row: RejectedRowView | undefined) => row && navigate({ screen: "rejected", table, row: row.id }, true);

  useAction("rejected.filter", () => filterField.current?.focus());
  useAction("rejected.next", () => go(shown[place + 1]), place + 1 < shown.length ? null : "this is the last row");
  useAction("rejected.previous", () => go(shown[place - 1]), place > 0 ? null : "this is the first row");
  const retry = useCommand("sync_retry", (client) => afterRun(client));
  const [discarding, setDiscarding] = useState<RejectedRowView | null>(null);
  const open = inTable.some((row) => row.resolved_at === null);
  useAction(
    "rejected.retry",
    () => retry.mutate({ folder: workspace.folder, tables: table ? [table] : [] }),
    retry.isPending ? "they are being tried" : open ? null : "no row is open",
  );
  useAction(
    "rejected.discard",
    () => setDiscarding(chosen),
    chosen === null ? "no row is chosen" : chosen.resolved_at ? "it is resolved" : null,
  );
  useAction(
    "rejected.reload",
    () => void rejected.refetch(),
    !ask ? "nothing may be connected yet" : rejected.isFetching ? "it is being asked" : null,
  );

  return (
    <div className="page rejected">
      <div className="head">
        <h1>
          {rejected.data ? `${which === "open" ? "" : "All "}${counted(all.length, "rejected row")}` : "Rejected rows"}
        </h1>
        <span className="about cut">
          {all.length === REJECTED_LIMIT ? `the newest ${count(REJECTED_LIMIT)}; ` : ""}everything else is merged
        </span>
        <div className="acts">
          <Segments
            label="Which rows"
            value={which}
            options={[
              { value: "open", text: "Unresolved" },
              { value: "all", text: "All" },
            ]}
            onChange={setWhich}
          />
          <ActionButton id="rejected.reload">
            <Icon of={RotateCw} small />
            Ask again
          </ActionButton>
          <ActionButton id="rejected.retry" look="primary">
            Try again
          </ActionButton>
        </div>
      </div>
      {retry.isError && (
        <Trouble error={errorView(retry.error)} title={<b>Rejected rows were not tried again</b>} tone="warn" />
      )}
      {retry.data && !retry.isPending && <Retried of={retry.data} />}
      {discarding && <DiscardDialog rows={[discarding]} onClose={() => setDiscarding(null)} />}
      {rejected.isError && (
        <Trouble
          error={errorView(rejected.error)}
          title={<b>Rejected rows were not read</b>}
          tone={rejected.data ? "warn" : "failed"}
        >
          <ActionButton id="rejected.reload" compact />
        </Trouble>
      )}
      {!ask ? (
        <Nothing title="Nothing was asked" command="firn sync errors">
          Rejected rows are kept in the state database, which may not be connected yet.
        </Nothing>
      ) : rejected.isPending && !rejected.isError ? (
        <Waiting text="Asking the state database" />
      ) : rejected.data && all.length === 0 ? (
        <Nothing title="No rejected row" command="firn sync errors">
          A row that the target refuses is set aside here with its reason and its values, and the rest of the batch goes
          on.
        </Nothing>
      ) : (
        rejected.data && (
          <div className="split folds">
            <section className="pane list" aria-label="By table">
              <Divider pane="list" />
              <div className="pane-head">
                <h2>Tables</h2>
                <span className="faint">{tables.length}</span>
              </div>
              <div className="scroll">
                <ul className="causes">
                  <TableLine name={null} text="all tables" reason="" number={all.length} current={table === null} />
                  {tables.map((line) => (
                    <TableLine
                      key={line.source}
                      name={line.source}
                      text={line.source}
                      reason={line.codes}
                      number={line.number}
                      current={table === line.source}
                    />
                  ))}
                </ul>
              </div>
              <div className="pane-foot">
                <SameAsText command={`firn sync errors${table ? ` ${shellWord(table)}` : ""}`} />
              </div>
            </section>
            <section className="pane wide" aria-label="Rows">
              <div className="filter-bar">
                <FilterField
                  label="Filter by key, reason or value"
                  value={filter}
                  onChange={setFilter}
                  inputRef={filterField}
                  width={260}
                />
                <span className="faint" role="status">
                  {wanted === "" ? "" : `${count(shown.length)} of ${count(inTable.length)}`}
                </span>
              </div>
              {shown.length === 0 ? (
                <Nothing title="No row matches">
                  Nothing among {counted(inTable.length, "row")} holds “{filter}”.
                </Nothing>
              ) : (
                <RowGrid
                  label="Rejected rows"
                  columns={table ? columnsOfOneTable : allColumns}
                  rows={shown}
                  rowKey={(row) => row.id}
                  selected={chosen?.id ?? null}
                  onSelect={go}
                  autoFocus
                />
              )}
            </section>
            {chosen && <RowInspector key={chosen.id} row={chosen} place={place} of={shown.length} />}
          </div>
        )
      )}
    </div>
  );
}

/** What came of the last retry: a sentence, and why a table was not tried. */
function Retried({ of }: { of: RetryView }) {
  const { tone, word } = retryWord(of);
  return (
    <div role="status">
      <p className="pad">
        <State tone={tone}>{word}</State>
      </p>
      {of.tables.map(
        (table) =>
          table.error && (
            <Trouble key={table.source} error={table.error} title={<code>{table.source}</code>} tone="warn" />
          ),
      )}
    </div>
  );
}

function TableLine({
  name,
  text,
  reason,
  number,
  current,
}: {
  name: string | null;
  text: string;
  reason: string;
  number: number;
  current: boolean;
}) {
  return (
    <li>
      <button
        type="button"
        aria-current={current || undefined}
        onClick={() => navigate({ screen: "rejected", table: name, row: null })}
      >
        {name ? <code className="cut">{text}</code> : <span>{text}</span>}
        <b>{count(number)}</b>
        {reason && <span className="small soft cut">{reason}</span>}
      </button>
    </li>
  );
}

/** Tables with how many rows were rejected and why, most first. */
function tally(rows: readonly RejectedRowView[]): { source: string; number: number; codes: string }[] {
  const bySource = Map.groupBy(rows, (row) => row.source);
  return [...bySource]
    .map(([source, own]) => ({
      source,
      number: own.length,
      codes: [...new Set(own.map((row) => row.code))].join(", "),
    }))
    .sort((a, b) => b.number - a.number || (a.source < b.source ? -1 : 1));
}

function keyText(row: RejectedRowView): string {
  const entries = Object.entries(row.pk);
  return entries.length === 1
    ? valueText(entries[0]?.[1])
    : entries.map(([column, value]) => `${column}=${valueText(value)}`).join(" ");
}

function rowText(row: RejectedRowView): string {
  const values = row.payload ? Object.values(row.payload).map(valueText).join(" ") : "";
  return `${row.source} ${keyText(row)} ${row.code} ${row.error} ${values}`.toLowerCase();
}

const allColumns: readonly GridColumn<RejectedRowView>[] = [
  { id: "key", head: "Key", width: 100, grow: 1, mono: true, cell: keyText, whole: keyText },
  {
    id: "source",
    head: "Table",
    width: 130,
    grow: 1,
    mono: true,
    cell: (row) => <span className="soft">{row.source}</span>,
    whole: (row) => row.source,
  },
  {
    id: "code",
    head: "Reason",
    width: 110,
    mono: true,
    cell: (row) => <span className="state failed">{row.code}</span>,
    whole: (row) => row.code,
  },
  {
    id: "error",
    head: "What is wrong",
    width: 150,
    grow: 4,
    cell: (row) => <Said text={row.error} />,
    whole: (row) => row.error,
  },
  { id: "attempts", head: "Tries", width: 52, end: true, mono: true, cell: (row) => count(row.attempts) },
];
const columnsOfOneTable = allColumns.filter((column) => column.id !== "source");
