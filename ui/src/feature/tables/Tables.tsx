import "./tables.css";
import { Play, Search } from "lucide-react";
import { useMemo, useRef, useState } from "react";
import { navigate, useAction, useStartRun } from "../../action";
import { count, counted, shellWord, when } from "../../data/format";
import { standing } from "../../data/attention";
import { useDriftAhead } from "../../data/drift";
import { cannotConnect, mayConnect, usePlan, usePrefetchedMapping, useStatus } from "../../data/queries";
import { goesOn, stageGoesOn } from "../../data/run";
import { stageWord, tableWord, type Word } from "../../data/words";
import { useOpenWorkspace } from "../../data/workspace";
import { errorView, type TableStatusView, type TableView } from "../../host";
import { nameColumn } from "../../grid/columns";
import { type GridColumn, RowGrid } from "../../grid/RowGrid";
import { widthOf } from "../../grid/width";
import { ActionButton, Between, FilterField, Icon, Nothing, SameAsText, State, StateWord, Trouble } from "../../kit";
import { TableInspector } from "./TableInspector";

/** A configured table with all that is known of it. */
type Line = { table: TableView; status: TableStatusView | null; word: Word; rejected: number };

/** The tables of the workspace: state, cursor, rows; run them, plan them, find more. */
export function Tables({ table: chosenName }: { table: string | null }) {
  const { workspace, activeRun } = useOpenWorkspace();
  const connects = mayConnect(workspace);
  const ask = connects && workspace.state !== null && workspace.tables.length > 0;
  const status = useStatus(workspace.folder, ask);
  const starting = useStartRun();
  useDriftAhead(workspace.folder, starting.unavailable === null);
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const [filter, setFilter] = useState("");
  const filterField = useRef<HTMLInputElement>(null);
  const [planned, setPlanned] = useState<string | null>(null);

  const running = activeRun?.view && goesOn(activeRun.view.status) ? activeRun.view.tables : [];
  const live = new Map((status.data ?? []).map((row) => [row.source, row]));
  const lines = workspace.tables.map((table): Line => {
    const now = live.get(table.source) ?? null;
    const progress = running.find((row) => row.source === table.source);
    const word =
      progress && (stageGoesOn(progress.stage) || progress.stage === "queued")
        ? stageWord(progress.stage)
        : tableWord(standing(table, now));
    return { table, status: now, word, rejected: now?.open_errors ?? table.last?.rows_rejected ?? 0 };
  });
  const shownColumns = useMemo(
    () =>
      columns(
        widthOf(
          workspace.tables.map((table) => table.target),
          WIDEST_TARGET,
        ),
      ),
    [workspace.tables],
  );
  const wanted = filter.trim().toLowerCase();
  const shown =
    wanted === ""
      ? lines
      : lines.filter(({ table }) => `${table.source} ${table.target}`.toLowerCase().includes(wanted));
  const chosen = lines.find(({ table }) => table.source === chosenName) ?? null;
  const source = chosen?.table.source ?? null;
  const chosenTables = workspace.tables.filter((table) => ticked.has(table.source)).map((table) => table.source);
  const isPlanned = source !== null && planned === source;
  const plan = usePlan(workspace.folder, source, connects && isPlanned);

  // Whoever chooses a table is likely to open its columns: they are asked for before that.
  usePrefetchedMapping(workspace.folder, source, connects && running.length === 0);

  const apart = cannotConnect(workspace);
  const noTable = chosen ? null : "choose a table first";
  useAction("tables.filter", () => filterField.current?.focus());
  useAction(
    "tables.find",
    () => navigate({ screen: "find" }),
    apart ?? (workspace.source ? null : "no connection is the source yet"),
  );
  useAction(
    "tables.run",
    () => starting.start(chosenTables),
    starting.unavailable,
    chosenTables.length > 0
      ? counted(chosenTables.length, "table")
      : `all ${counted(workspace.tables.length, "table")}`,
  );
  useAction(
    "tables.mapping",
    () => source && navigate({ screen: "mapping", table: source, column: null }),
    noTable,
    source,
  );
  useAction("tables.verify", () => source && navigate({ screen: "verify", table: source }), noTable, source);
  useAction(
    "tables.rows",
    () => source && navigate({ screen: "rows", table: source, side: "source" }),
    noTable ?? apart,
    source,
  );
  const askPlan = () => {
    if (isPlanned) void plan.refetch();
    else setPlanned(source);
  };
  useAction("tables.plan", askPlan, noTable ?? apart, source);

  return (
    <div className="page tables-page">
      <div className="head">
        <h1>{counted(workspace.tables.length, "table")}</h1>
        <span className="about cut">
          <Between {...workspace} />
        </span>
        <div className="acts">
          <ActionButton id="tables.find">
            <Icon of={Search} small />
            Find tables
          </ActionButton>
          <ActionButton id="tables.run" look="primary">
            <Icon of={Play} small />
            {chosenTables.length > 0 ? `Run ${count(chosenTables.length)} chosen` : "Run all"}
          </ActionButton>
        </div>
      </div>
      {starting.error && <Trouble error={starting.error} title={<b>The run was not started</b>} />}
      {status.isError && (
        <Trouble
          error={errorView(status.error)}
          title={<b>The state database did not answer; states are from the last runs on this machine</b>}
          tone="warn"
        />
      )}
      {workspace.tables.length === 0 ? (
        <Nothing
          title="No table yet"
          command="firn sync discover --write"
          acts={<ActionButton id="tables.find" look="primary" />}
        >
          Firn looks at the source and proposes key, watermark and types for each table. Nothing is written until you
          add one.
        </Nothing>
      ) : (
        <div className="split folds">
          <section className="pane wide" aria-label="Tables">
            <div className="filter-bar">
              <FilterField label="Filter tables" value={filter} onChange={setFilter} inputRef={filterField} />
              <span className="faint">{wanted === "" ? "" : `${count(shown.length)} of ${count(lines.length)}`}</span>
              {ticked.size > 0 && <span className="soft">{count(chosenTables.length)} chosen</span>}
            </div>
            {shown.length === 0 ? (
              <Nothing title="No table matches">
                Nothing among {counted(lines.length, "table")} has “{filter}” in its name.
              </Nothing>
            ) : (
              <RowGrid
                label="Tables"
                columns={shownColumns}
                rows={shown}
                rowKey={({ table }) => table.source}
                selected={source}
                onSelect={({ table }) => navigate({ screen: "tables", table: table.source }, true)}
                onOpen={askPlan}
                ticked={ticked}
                onTick={setTicked}
                autoFocus
              />
            )}
            <div className="same-as-text">
              <SameAsText command={`firn sync run${chosenTables.map((name) => ` ${shellWord(name)}`).join("")}`} />
            </div>
          </section>
          {chosen && (
            <TableInspector
              key={chosen.table.source}
              table={chosen.table}
              status={chosen.status}
              plan={plan}
              planned={isPlanned}
            />
          )}
        </div>
      )}
    </div>
  );
}

const WIDEST_TARGET = 320;

/** The list's columns; `targets` is the width in which every target's name is seen whole. */
const columns = (targets: number): readonly GridColumn<Line>[] => [
  {
    id: "state",
    head: "State",
    width: 130,
    cell: ({ word }) => <StateWord of={word} />,
    whole: ({ status }) => (status?.holder ? `held by ${status.holder}` : null),
  },
  nameColumn({ id: "source", head: "Source", width: 150, grow: 3 }, ({ table }) => table.source),
  nameColumn({ id: "target", head: "Target", width: 96, enough: targets }, ({ table }) => table.target, true),
  {
    id: "watermark",
    head: "Cursor",
    width: 120,
    grow: 2,
    mono: true,
    cell: ({ table, status }) => status?.watermark ?? table.last?.watermark ?? "–",
    whole: ({ status }) => status?.watermark ?? null,
  },
  {
    id: "rows",
    head: "Rows, last run",
    width: 92,
    end: true,
    mono: true,
    cell: ({ table, status }) => count(status?.last_run ? status.rows_processed : table.last?.rows_merged),
  },
  {
    id: "rejected",
    head: "Rejected",
    width: 76,
    end: true,
    mono: true,
    cell: ({ rejected }) => (rejected > 0 ? <State tone="warn">{count(rejected)}</State> : "0"),
  },
  {
    id: "last",
    head: "Last run",
    width: 104,
    end: true,
    mono: true,
    cell: ({ status }) => (status?.last_run ? when(status.last_run) : "–"),
  },
];
