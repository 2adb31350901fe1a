import "./rejected.css";
import { RotateCw, Trash2 } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { navigate, useAction } from "../../action";
import { count, counted, shellWord, when } from "../../data/format";
import { afterRun, mayConnect, REJECTED_LIMIT, useCommand, useRejected } from "../../data/queries";
import { keyText, resolvedWord, retryWord } from "../../data/rejected";
import { useOpenWorkspace } from "../../data/workspace";
import { errorView, type RejectedLineView, type RetryView } from "../../host";
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
import { Causes } from "./Causes";
import { DiscardDialog } from "./DiscardDialog";
import { RowInspector } from "./RowInspector";

const NONE: ReadonlySet<string> = new Set();

/** Rows that the target refused: by table and reason, with their values; tried again or discarded. */
export function Rejected({ table, row: rowId }: { table: string | null; row: string | null }) {
  const { workspace } = useOpenWorkspace();
  const folder = workspace.folder;
  const ask = mayConnect(workspace) && workspace.state !== null;
  const [which, setWhich] = useState<"open" | "all">("open");
  const [filter, setFilter] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [ticked, setTicked] = useState(NONE);
  const [discarding, setDiscarding] = useState<readonly string[] | null>(null);
  const filterField = useRef<HTMLInputElement>(null);
  // Looked for where the rows are kept: not at every letter.
  const search = useSettled(filter.trim(), 250);
  const rejected = useRejected(folder, { table, error, search, resolved: which === "all" }, ask);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = rejected;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);

  const pages = rejected.data?.pages;
  const rows = useMemo(() => pages?.flatMap((page) => page.rows) ?? [], [pages]);
  const matching = pages?.[0]?.matching ?? 0;
  const causes = pages?.[0]?.causes ?? [];
  const all = causes.reduce((sum, cause) => sum + cause.rows, 0);
  const chosen = rows.find((row) => row.id === rowId) ?? rows[0] ?? null;
  const place = chosen ? rows.indexOf(chosen) : -1;
  const open = useMemo(() => rows.filter((row) => row.resolved_at === null), [rows]);
  const picked = useMemo(() => open.filter((row) => ticked.has(row.id)).map((row) => row.id), [open, ticked]);
  const go = (row: RejectedLineView | undefined) => row && navigate({ screen: "rejected", table, row: row.id }, true);
  const retry = useCommand("sync_retry", (client) => {
    setTicked(NONE);
    afterRun(client);
  });
  const discarded = () => {
    setDiscarding(null);
    setTicked(NONE);
  };
  // Ticked ones; or those of a reason or a search; or all of a table, or of all tables, listed or not.
  const narrowed = error !== null || search !== "";
  const some = picked.length > 0 ? picked : narrowed ? open.map((row) => row.id) : [];
  const number = some.length > 0 ? some.length : which === "open" ? matching : open.length;

  useAction("rejected.filter", () => filterField.current?.focus());
  useAction("rejected.next", () => go(rows[place + 1]), place + 1 < rows.length ? null : "this is the last row");
  useAction("rejected.previous", () => go(rows[place - 1]), place > 0 ? null : "this is the first row");
  useAction(
    "rejected.retry",
    () => retry.mutate({ folder, tables: table ? [table] : [], ids: [...some] }),
    retry.isPending ? "they are being tried" : open.length === 0 ? "no row is open" : null,
  );
  useAction(
    "rejected.one",
    () => chosen && retry.mutate({ folder, tables: [chosen.source], ids: [chosen.id] }),
    retry.isPending
      ? "it is being tried"
      : chosen === null
        ? "no row is chosen"
        : chosen.resolved_at
          ? "it is resolved"
          : null,
    chosen && keyText(chosen.pk),
  );
  useAction(
    "rejected.discard",
    () => setDiscarding(picked.length > 0 ? picked : chosen ? [chosen.id] : []),
    picked.length > 0 ? null : chosen === null ? "no row is chosen" : chosen.resolved_at ? "it is resolved" : null,
  );
  useAction(
    "rejected.reload",
    () => void rejected.refetch(),
    !ask ? "nothing may be connected yet" : rejected.isFetching ? "it is being asked" : null,
  );

  return (
    <div className="page rejected">
      <div className="head">
        <h1>{pages ? `${which === "open" ? "" : "All "}${counted(all, "rejected row")}` : "Rejected rows"}</h1>
        <span className="about cut">everything else is merged</span>
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
            {open.length === 0
              ? "Try again"
              : `Try ${picked.length > 0 || narrowed ? "" : "all "}${count(number)} again`}
          </ActionButton>
        </div>
      </div>
      {retry.isError && (
        <Trouble error={errorView(retry.error)} title={<b>Rejected rows were not tried again</b>} tone="warn" />
      )}
      {retry.data && !retry.isPending && <Retried of={retry.data} />}
      {discarding && <DiscardDialog ids={discarding} onClose={() => setDiscarding(null)} onDone={discarded} />}
      {rejected.isError && (
        <Trouble
          error={errorView(rejected.error)}
          title={<b>Rejected rows were not read</b>}
          tone={pages ? "warn" : "failed"}
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
      ) : pages && all === 0 && table === null ? (
        <Nothing title="No rejected row" command="firn sync errors">
          A row that the target refuses is set aside here with its reason and its values, and the rest of the batch goes
          on.
        </Nothing>
      ) : (
        pages && (
          <div className="split folds">
            <section className="pane list" aria-label="Causes">
              <Divider pane="list" />
              <div className="pane-head">
                <h2>Causes</h2>
                <span className="faint">{count(causes.length)}</span>
              </div>
              <div className="scroll">
                <Causes causes={causes} table={table} error={error} onError={setError} />
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
                  {listed(rows.length, matching, picked.length)}
                </span>
                <div className="acts">
                  {picked.length > 0 && (
                    <ActionButton id="rejected.discard" look="quiet" compact>
                      <Icon of={Trash2} small />
                      Discard {count(picked.length)}…
                    </ActionButton>
                  )}
                </div>
              </div>
              {rows.length === 0 ? (
                <Nothing title="No row matches">
                  {filter.trim() === ""
                    ? "No row of this table is rejected now."
                    : `Nothing among ${counted(all, "row")} holds “${filter.trim()}”.`}
                </Nothing>
              ) : (
                <RowGrid
                  label="Rejected rows"
                  columns={[...(table ? columnsOfOneTable : allColumns), ...(which === "all" ? [resolved] : [])]}
                  rows={rows}
                  rowKey={(row) => row.id}
                  selected={chosen?.id ?? null}
                  onSelect={go}
                  ticked={ticked}
                  onTick={setTicked}
                  tickable={(row) => row.resolved_at === null}
                  autoFocus
                />
              )}
            </section>
            {chosen && <RowInspector key={chosen.id} row={chosen} place={place} of={matching} />}
          </div>
        )
      )}
    </div>
  );
}

/** A value once it has stayed the same for a while. */
function useSettled<T>(value: T, milliseconds: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return settled;
}

function listed(rows: number, matching: number, picked: number): string {
  const chosen = picked > 0 ? `${count(picked)} chosen of ` : "";
  if (rows < Math.min(matching, REJECTED_LIMIT))
    return `${chosen}${count(rows)} of ${count(matching)}, more are coming`;
  if (rows < matching) return `${chosen}the newest ${count(rows)} of ${count(matching)}`;
  return `${chosen}${counted(matching, "row")}`;
}

/** What came of the last retry: a sentence, and why a table was not tried. */
function Retried({ of }: { of: RetryView }) {
  const { tone, word } = retryWord(of);
  return (
    <div role="status" className="retried">
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

const allColumns: readonly GridColumn<RejectedLineView>[] = [
  {
    id: "key",
    head: "Key",
    width: 100,
    grow: 1,
    mono: true,
    cell: (row) => keyText(row.pk),
    whole: (row) => keyText(row.pk),
  },
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
  {
    id: "seen",
    head: "Last met",
    width: 112,
    cell: (row) => <span className="soft">{when(row.occurred_at)}</span>,
    whole: (row) => row.occurred_at,
  },
  { id: "attempts", head: "Tries", width: 52, end: true, mono: true, cell: (row) => count(row.attempts) },
];
const columnsOfOneTable = allColumns.filter((column) => column.id !== "source" && column.id !== "code");
const resolved: GridColumn<RejectedLineView> = {
  id: "resolved",
  head: "Resolved",
  width: 150,
  cell: (row) => {
    const word = resolvedWord(row);
    return word === null ? <span className="faint">open</span> : <State tone="ok">{word}</State>;
  },
  whole: resolvedWord,
};
