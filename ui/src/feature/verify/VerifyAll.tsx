import "./verify.css";
import { Scale, Square } from "lucide-react";
import { useRef, useState } from "react";
import { navigate, useAction } from "../../action";
import { clock, count, counted, shellWord, span, when } from "../../data/format";
import { mayConnect, useStatus, useVerdicts } from "../../data/queries";
import { stageGoesOn } from "../../data/run";
import { stageWord, type Word } from "../../data/words";
import { useOpenWorkspace } from "../../data/workspace";
import { errorView, type TableView } from "../../host";
import { nameColumn } from "../../grid/columns";
import { type GridColumn, RowGrid } from "../../grid/RowGrid";
import { ActionButton, FilterField, Icon, Nothing, SameAsText, State, StateWord, Trouble } from "../../kit";
import { ComparisonStrip, useComparison } from "./comparison";
import { type Compared, lastOf } from "./last";

/** A table with its last comparison. */
type Line = {
  table: TableView;
  word: Word;
  /** This window's verdict, or what the history of this machine has. */
  known: Compared | null;
  at: string | null;
  /** Rows compared so far by a comparison that goes on. */
  soFar: number | null;
};

/** Every table held against its source: what is proved, and where to look. */
export function VerifyAll() {
  const { workspace } = useOpenWorkspace();
  const folder = workspace.folder;
  const status = useStatus(folder, mayConnect(workspace) && workspace.state !== null && workspace.tables.length > 0);
  const verdicts = useVerdicts(
    folder,
    workspace.tables.map(({ source }) => source),
  );
  const comparison = useComparison(null);
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const [chosen, setChosen] = useState<string | null>(null);
  const [filter, setFilter] = useState("");
  const filterField = useRef<HTMLInputElement>(null);

  const live = new Map((status.data ?? []).map((row) => [row.source, row]));
  const progress = new Map((comparison.view?.tables ?? []).map((row) => [row.source, row]));
  const lines = workspace.tables.map((table): Line => {
    const now = progress.get(table.source);
    if (now && (stageGoesOn(now.stage) || now.stage === "queued")) {
      const word: Word = now.stage === "reading" ? { tone: "running", word: "Comparing" } : stageWord(now.stage);
      return { table, word, known: null, at: null, soFar: now.rows_read };
    }
    return {
      table,
      ...lastOf(verdicts.get(table.source) ?? null, live.get(table.source)?.compared ?? null),
      soFar: null,
    };
  });
  const wanted = filter.trim().toLowerCase();
  const shown = lines.filter(({ table }) => `${table.source} ${table.target}`.toLowerCase().includes(wanted));
  const chosenTables = workspace.tables.filter(({ source }) => ticked.has(source)).map(({ source }) => source);

  useAction("verifyAll.filter", () => filterField.current?.focus());
  useAction(
    "verifyAll.run",
    () => comparison.compare(chosenTables, false),
    comparison.cannot,
    chosenTables.length > 0
      ? counted(chosenTables.length, "table")
      : `all ${counted(workspace.tables.length, "table")}`,
  );
  useAction("verifyAll.cancel", comparison.cancel, comparison.cannotCancel);
  const over = [...progress.values()].filter((one) => one.stage !== "queued" && !stageGoesOn(one.stage)).length;
  return (
    <div className="page verify">
      <div className="head">
        <h1>{counted(workspace.tables.length, "table")} against their source</h1>
        <Summary lines={lines} />
        <div className="acts">
          {comparison.pending && (
            <ActionButton id="verifyAll.cancel" look="danger">
              <Icon of={Square} small />
              Cancel
            </ActionButton>
          )}
          <ActionButton id="verifyAll.run" look="primary">
            <Icon of={Scale} small />
            {chosenTables.length > 0 ? `Compare ${count(chosenTables.length)} chosen` : "Compare all"}
          </ActionButton>
        </div>
      </div>
      <ComparisonStrip
        of={comparison}
        far={(view) =>
          view
            ? `${count(over)} of ${counted(progress.size, "table")} compared, ${clock(view.seconds)}`
            : "Asking source and target"
        }
      />
      {status.isError && (
        <Trouble
          error={errorView(status.error)}
          title={<b>The state database did not answer; only the comparisons of this window are shown</b>}
          tone="warn"
        />
      )}
      <section className="pane wide" aria-label="Tables compared">
        <div className="filter-bar">
          <FilterField label="Filter tables" value={filter} onChange={setFilter} inputRef={filterField} />
          {wanted !== "" && (
            <span className="faint">
              {count(shown.length)} of {count(lines.length)}
            </span>
          )}
        </div>
        {shown.length === 0 ? (
          <Nothing title={lines.length === 0 ? "No table yet" : "No table matches"}>
            {lines.length === 0
              ? "Tables that are synced are held against their source here."
              : `Nothing among ${counted(lines.length, "table")} has “${filter}” in its name.`}
          </Nothing>
        ) : (
          <RowGrid
            label="Tables compared"
            columns={columns}
            rows={shown}
            rowKey={({ table }) => table.source}
            selected={chosen}
            onSelect={({ table }) => setChosen(table.source)}
            onOpen={({ table }) => navigate({ screen: "verify", table: table.source })}
            ticked={ticked}
            onTick={setTicked}
            autoFocus
          />
        )}
        <div className="same-as-text">
          <SameAsText command={`firn sync verify${chosenTables.map((name) => ` ${shellWord(name)}`).join("")}`} />
        </div>
      </section>
    </div>
  );
}

/** How many are equal, how many are not; nothing is said to be equal that was not compared. */
function Summary({ lines }: { lines: readonly Line[] }) {
  const equal = lines.filter(({ known }) => known?.differing_keys === 0).length;
  const different = lines.filter(({ known }) => known !== null && known.differing_keys > 0).length;
  return (
    <>
      {different > 0 && <State tone="failed">{count(different)} different</State>}
      {equal > 0 && <State tone="ok">{count(equal)} equal</State>}
      {equal + different < lines.length && (
        <span className="about">{count(lines.length - equal - different)} not compared</span>
      )}
    </>
  );
}

const figure = (id: string, head: string, width: number, of: (known: Compared) => number): GridColumn<Line> => ({
  id,
  head,
  width,
  end: true,
  mono: true,
  cell: ({ known }) => count(known && of(known)),
});

const columns: readonly GridColumn<Line>[] = [
  { id: "state", head: "State", width: 140, cell: ({ word }) => <StateWord of={word} /> },
  nameColumn({ id: "source", head: "Source", width: 160, grow: 3 }, ({ table }) => table.source),
  nameColumn({ id: "target", head: "Target", width: 120, grow: 2 }, ({ table }) => table.target, true),
  {
    id: "rows-source",
    head: "Rows, source",
    width: 104,
    end: true,
    mono: true,
    cell: ({ known, soFar }) => count(soFar ?? known?.rows_source),
  },
  figure("rows-target", "Rows, target", 104, (known) => known.rows_target),
  {
    id: "differ",
    head: "Keys that differ",
    width: 112,
    end: true,
    mono: true,
    cell: ({ known }) =>
      known && known.differing_keys > 0 ? (
        <State tone="failed">{count(known.differing_keys)}</State>
      ) : (
        count(known?.differing_keys)
      ),
  },
  figure("waiting", "Waiting", 84, (known) => known.waiting),
  { id: "at", head: "Compared", width: 124, end: true, mono: true, cell: ({ at }) => when(at) },
  { id: "took", head: "Took", width: 76, end: true, mono: true, cell: ({ known }) => span(known?.seconds) },
];
