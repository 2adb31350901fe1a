import "./rows.css";
import { ArrowLeft, RotateCw, Rows3 } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { navigate, useAction } from "../../action";
import { count, counted } from "../../data/format";
import { cannotConnect, mayConnect } from "../../data/queries";
import { textParts } from "../../data/value";
import { useOpenWorkspace } from "../../data/workspace";
import { type Copied, DataGrid, type GridCell, type GridHandle } from "../../grid/DataGrid";
import type { RowsFilter, RowsSide } from "../../host";
import { ActionButton, Button, Icon, Nothing, Segments, State, Trouble, Waiting } from "../../kit";
import { CellPane } from "./CellPane";
import { type Listed, useListed } from "./listed";
import { RowFilters } from "./RowFilters";

const none: readonly RowsFilter[] = [];

/** Rows of a table, in the source or in the target. */
export function Rows({ table, side }: { table: string; side: RowsSide }) {
  const { workspace } = useOpenWorkspace();
  const ask = mayConnect(workspace);
  const [filters, setFilters] = useState<readonly RowsFilter[]>(none);
  const listed = useListed({ folder: workspace.folder, table, side, filters }, ask);
  const grid = useRef<GridHandle>(null);
  const value = useRef<HTMLInputElement>(null);
  const [focused, setFocused] = useState<GridCell | null>(null);
  const [opened, setOpened] = useState(false);
  const [pins, setPins] = useState<readonly number[] | null>(null);
  const [dense, setDense] = useState(false);
  const [copied, setCopied] = useState<Copied | null>(null);
  const { view, cells, columns, reader } = listed;

  const keyed = columns.flatMap((column, at) => (column.key ? [at] : []));
  const pinned = pins ?? keyed;
  const nowhere = cells ? null : "no rows are here yet";
  const noCell = nowhere ?? (focused ? null : "choose a cell first");
  const other: RowsSide = side === "source" ? "target" : "source";
  const go = (next: RowsSide) => navigate({ screen: "rows", table, side: next }, true);
  useAction("rows.side", () => go(other), null, other);
  useAction("rows.filter", () => value.current?.focus(), nowhere);
  useAction("rows.open", () => setOpened(true), noCell);
  useAction("rows.copy", () => grid.current?.copy(), noCell);
  useAction("rows.fit", () => grid.current?.fit(), noCell);
  useAction("rows.wider", () => grid.current?.widen(1), noCell);
  useAction("rows.narrower", () => grid.current?.widen(-1), noCell);
  useAction(
    "rows.pin",
    () => {
      if (!focused) return;
      const { column } = focused;
      setPins(pinned.includes(column) ? pinned.filter((pin) => pin !== column) : [...pinned, column]);
    },
    noCell,
    columns[focused?.column ?? -1]?.name ?? null,
  );
  useAction("rows.dense", () => setDense(!dense), nowhere);
  useAction("rows.reload", listed.again, cannotConnect(workspace) ?? (listed.busy ? "they are being listed" : null));
  useEffect(() => {
    // The other side has columns of its own.
    setFocused(null);
    setPins(null);
    setOpened(false);
    setFilters(none);
  }, [side]);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(null), 2_400);
    return () => clearTimeout(timer);
  }, [copied]);

  const cell = focused && cells ? cells.cell(focused.row, focused.column) : undefined;
  const whole = cell !== undefined && cells?.isCut(cell) ? undefined : cell;
  const paneColumn = focused ? columns[focused.column] : undefined;
  return (
    <div className="page rows-page">
      <div className="head">
        <h1 className="cut">
          <code>{view?.table ?? table}</code>
        </h1>
        <Amount of={listed} filtered={filters.length > 0} />
        <div className="acts">
          {copied && (
            <State tone={"refused" in copied ? "failed" : "ok"}>
              {"refused" in copied ? copied.refused : `${count(copied.rows)} × ${count(copied.columns)} copied`}
            </State>
          )}
          <Segments
            label="Side"
            value={side}
            options={[
              { value: "source", text: "Source" },
              { value: "target", text: "Target" },
            ]}
            onChange={go}
          />
          <ActionButton id="rows.dense" withKeys={false}>
            <Icon of={Rows3} small />
            {dense ? "Usual rows" : "Dense rows"}
          </ActionButton>
          <ActionButton id="rows.reload">
            <Icon of={RotateCw} small />
            Read again
          </ActionButton>
        </div>
      </div>
      {listed.error && (
        <Trouble
          error={listed.error}
          title={<b>{cells ? "Not all rows could be read" : "The rows could not be read"}</b>}
          tone={cells ? "warn" : "failed"}
        >
          <ActionButton id="rows.reload" compact />
        </Trouble>
      )}
      {cells && (
        <RowFilters
          columns={columns.map(({ name }) => name)}
          column={paneColumn?.name ?? null}
          filters={filters}
          onChange={(next) => {
            setFilters(next);
            grid.current?.focus();
          }}
          inputRef={value}
        />
      )}
      {!ask ? (
        <Nothing title="Nothing was asked">Rows are in databases that may not be connected yet.</Nothing>
      ) : !cells || !reader ? (
        listed.error ? null : (
          <Waiting text={`Asking the ${side}`} />
        )
      ) : cells.rows === 0 && !listed.busy ? (
        <Nothing
          title={filters.length > 0 ? "No row matches" : "No rows"}
          acts={filters.length > 0 ? <Button onPress={() => setFilters(none)}>Drop the filters</Button> : undefined}
        >
          {filters.length > 0
            ? `No row of the ${side} is as the filters say.`
            : `The ${side} table is there, and has no rows.`}
        </Nothing>
      ) : (
        <div className="split folds">
          <section className="pane wide" aria-label="Rows">
            <DataGrid
              ref={grid}
              label={`Rows of ${view?.table ?? table} in the ${side}`}
              cells={cells}
              columns={columns}
              pins={pinned}
              dense={dense}
              marks={textParts}
              onFocusCell={setFocused}
              onOpen={() => setOpened(true)}
              onCopied={setCopied}
              autoFocus
            />
          </section>
          {opened && focused && paneColumn && (
            <CellPane
              reader={reader}
              row={focused.row}
              at={focused.column}
              column={paneColumn}
              known={whole}
              onClose={() => {
                setOpened(false);
                grid.current?.focus();
              }}
            />
          )}
        </div>
      )}
      <div className="foot-line">
        <Button compact look="quiet" onPress={() => navigate({ screen: "tables", table })}>
          <Icon of={ArrowLeft} small />
          Back to the table
        </Button>
      </div>
    </div>
  );
}

/** How many rows there are, as far as is known. */
function Amount({ of: { view, busy }, filtered }: { of: Listed; filtered: boolean }) {
  if (!view) return busy ? <State tone="running">listing rows</State> : null;
  const rows = counted(view.rows, filtered ? "matching row" : "row");
  return (
    <>
      <span className="about cut">
        {view.complete ? rows : `the first ${rows}`}, {counted(view.columns.length, "column")}
      </span>
      {busy && <State tone="running">{view.complete ? "reading" : "listing more rows"}</State>}
    </>
  );
}
