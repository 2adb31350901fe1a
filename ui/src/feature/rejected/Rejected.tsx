import "./rejected.css";
import { RotateCw, Trash2 } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { navigate, useAction } from "../../action";
import { count, counted, shellWord } from "../../data/format";
import { afterRun, mayConnect, REJECTED_LIMIT, useCommand, useRejected } from "../../data/queries";
import { keyText, retryWord } from "../../data/rejected";
import { useOpenWorkspace } from "../../data/workspace";
import { errorView, type RejectedCauseView, type RejectedLineView, type RetryView, useHost } from "../../host";
import {
  ActionButton,
  Divider,
  FilterField,
  Icon,
  Nothing,
  SameAsText,
  Segments,
  State,
  Trouble,
  Waiting,
} from "../../kit";
import { Causes, keyOf } from "./Causes";
import { RejectedStore } from "./cells";
import { DiscardDialog } from "./DiscardDialog";
import { FixBar } from "./FixBar";
import { RejectedGrid } from "./RejectedGrid";
import { RowInspector } from "./RowInspector";
import { SavedNote, type SavedTransform } from "./SavedNote";
import { useScope } from "./scope";

const NONE: ReadonlySet<string> = new Set();
const noCauses: readonly RejectedCauseView[] = [];

/** Rows that the target refused: by table and reason, with their values; tried again or discarded. */
export function Rejected({ table, row: rowId }: { table: string | null; row: string | null }) {
  const { workspace } = useOpenWorkspace();
  const folder = workspace.folder;
  const ask = mayConnect(workspace) && workspace.state !== null;
  const [which, setWhich] = useState<"open" | "all">("open");
  const [filter, setFilter] = useState("");
  const [pressed, setPressed] = useState<RejectedCauseView | null>(null);
  const [saved, setSaved] = useState<SavedTransform | null>(null);
  const [ticked, setTicked] = useState(NONE);
  const [discarding, setDiscarding] = useState<readonly string[] | null>(null);
  const filterField = useRef<HTMLInputElement>(null);
  // Looked for where the rows are kept: not at every letter.
  const search = useSettled(filter.trim(), 250);
  const error = pressed?.error ?? null;
  const rejected = useRejected(folder, { table, error, search, resolved: which === "all" }, ask);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = rejected;
  const pages = rejected.data?.pages;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
    // A stretch may be here before it was seen on its way.
  }, [hasNextPage, isFetchingNextPage, fetchNextPage, pages?.length]);

  const rows = useMemo(() => pages?.flatMap((page) => page.rows) ?? [], [pages]);
  const matching = pages?.[0]?.matching ?? 0;
  const causes = pages?.[0]?.causes ?? noCauses;
  const standing = causes.filter((one) => one.standing === "open");
  const all = (which === "all" ? causes : standing).reduce((sum, cause) => sum + cause.rows, 0);
  const chosen = rows.find((row) => row.id === rowId) ?? rows[0] ?? null;
  const place = chosen ? rows.indexOf(chosen) : -1;
  const open = useMemo(() => rows.filter((row) => row.resolved_at === null), [rows]);
  const picked = useMemo(() => open.filter((row) => ticked.has(row.id)).map((row) => row.id), [open, ticked]);
  const go = (row: RejectedLineView | undefined) => row && navigate({ screen: "rejected", table, row: row.id }, true);
  const retry = useCommand("sync_retry", (client) => {
    setTicked(NONE);
    setPressed(null);
    afterRun(client);
  });

  const scope = useScope({ folder, table, pressed, closed: which === "all", rows, causes, chosen, ask });
  const { cause, fix } = scope;
  const host = useHost();
  const first = pages?.[0];
  // Values may have become others whenever the rows were asked for again.
  const store = useMemo(() => new RejectedStore(host, folder), [host, folder, first]);
  useEffect(() => () => store.close(), [store]);
  const discarded = () => {
    setDiscarding(null);
    setTicked(NONE);
  };
  // Ticked ones; or those that were found; or all of a cause, of a table, or of all tables, listed or not.
  const narrowed = pressed !== null || search !== "";
  const some = picked.length > 0 ? picked : search !== "" ? open.map((row) => row.id) : [];
  const number = some.length > 0 ? some.length : which === "open" ? matching : open.length;

  useAction("rejected.filter", () => filterField.current?.focus());
  useAction("rejected.next", () => go(rows[place + 1]), place + 1 < rows.length ? null : "this is the last row");
  useAction("rejected.previous", () => go(rows[place - 1]), place > 0 ? null : "this is the first row");
  useAction(
    "rejected.retry",
    () => retry.mutate({ folder, tables: table ? [table] : [], ids: [...some], error: some.length > 0 ? null : error }),
    retry.isPending ? "they are being tried" : open.length === 0 ? "no row is open" : null,
  );
  useAction(
    "rejected.one",
    () => chosen && retry.mutate({ folder, tables: [chosen.source], ids: [chosen.id], error: null }),
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
          <ActionButton id="rejected.retry" look={fix ? "plain" : "primary"}>
            {open.length === 0
              ? "Try again"
              : number === 1
                ? "Try 1 again"
                : `Try ${picked.length > 0 || narrowed ? "" : "all "}${count(number)} again`}
          </ActionButton>
        </div>
      </div>
      {retry.isError && (
        <Trouble error={errorView(retry.error)} title={<b>Rejected rows were not tried again</b>} tone="warn" />
      )}
      {retry.data && !retry.isPending && <Retried of={retry.data} />}
      {saved && <SavedNote of={saved} onClose={() => setSaved(null)} />}
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
      ) : pages && all === 0 && table === null && causes.length === 0 ? (
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
                <span className="faint">{count(standing.length)} open</span>
              </div>
              <div className="scroll">
                <Causes
                  causes={causes}
                  table={table}
                  chosen={pressed}
                  onCause={(one) => {
                    setPressed(one);
                    setWhich(one !== null && one.standing !== "open" ? "all" : "open");
                  }}
                />
              </div>
              <div className="pane-foot">
                <SameAsText command={`firn sync errors${table ? ` ${shellWord(table)}` : ""}`} />
              </div>
            </section>
            <section className="pane wide" aria-label="Rows">
              {fix && (
                <FixBar
                  key={keyOf(fix.cause)}
                  cause={fix.cause}
                  remedy={fix.remedy}
                  unavailable={retry.isPending ? "rows are being tried" : null}
                  onSaved={() => {
                    setSaved({ table: fix.cause.source, column: fix.remedy.column });
                    retry.mutate({ folder, tables: [fix.cause.source], ids: [], error: fix.cause.error });
                  }}
                />
              )}
              {cause?.one_fix && scope.told.isError && (
                <Trouble
                  error={errorView(scope.told.error)}
                  title={<b>What would settle them all is not known: the source was not asked</b>}
                  tone="warn"
                />
              )}
              <div className="filter-bar">
                <label className="pick-all">
                  <input
                    type="checkbox"
                    className="check-box"
                    aria-label="all"
                    checked={open.length > 0 && picked.length === open.length}
                    ref={(element) => {
                      if (element) element.indeterminate = picked.length > 0 && picked.length < open.length;
                    }}
                    onChange={() => setTicked(picked.length === open.length ? NONE : new Set(open.map(({ id }) => id)))}
                  />
                </label>
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
                <Nothing title={search === "" ? "No rejected row" : "No row matches"}>
                  {search === ""
                    ? "None is rejected now; what was settled or discarded stands among the causes for a while."
                    : `Nothing among ${counted(all, "row")} holds “${search}”.`}
                </Nothing>
              ) : (
                <RejectedGrid
                  rows={rows}
                  columns={scope.columns}
                  store={store}
                  place={place}
                  onPlace={(at) => go(rows[at])}
                  ticked={ticked}
                  onTick={setTicked}
                />
              )}
            </section>
            {chosen && <RowInspector key={chosen.id} row={chosen} place={place} of={matching} types={scope.types} />}
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
