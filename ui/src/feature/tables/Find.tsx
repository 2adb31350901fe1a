import "./tables.css";
import { Plus, RotateCw } from "lucide-react";
import { useRef, useState } from "react";
import { navigate, useAction } from "../../action";
import { bytes, count, counted, shellWord } from "../../data/format";
import { keepWorkspace, keys, mayConnect, useCommand, useFound } from "../../data/queries";
import { levelTone, type Tone } from "../../data/words";
import { useOpenWorkspace } from "../../data/workspace";
import { type DiscoveredTableView, errorView, useHost } from "../../host";
import { nameColumn } from "../../grid/columns";
import { type GridColumn, RowGrid } from "../../grid/RowGrid";
import {
  ActionButton,
  Divider,
  FilterField,
  Finding,
  Icon,
  Nothing,
  SameAsText,
  State,
  StateWord,
  Trouble,
  Waiting,
} from "../../kit";
import { Columns } from "./Columns";

/** What the source has, and what of it can be added. */
export function Find() {
  const { workspace } = useOpenWorkspace();
  const host = useHost();
  const found = useFound(workspace.folder, mayConnect(workspace) && workspace.source !== null);
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const [chosenName, setChosenName] = useState<string | null>(null);
  const [filter, setFilter] = useState("");
  const filterField = useRef<HTMLInputElement>(null);
  const add = useCommand("sync_discover", (client) => {
    void client
      .fetchQuery({
        queryKey: keys.workspace(workspace.folder),
        queryFn: () => host.call("workspace_open", { folder: workspace.folder }),
        staleTime: 0,
      })
      .then((fresh) => keepWorkspace(client, fresh));
    navigate({ screen: "tables", table: null });
  });

  const tables = found.data?.tables ?? [];
  const wanted = filter.trim().toLowerCase();
  const shown =
    wanted === ""
      ? tables
      : tables.filter((table) =>
          `${table.source} ${table.columns.map((column) => column.name).join(" ")}`.toLowerCase().includes(wanted),
        );
  const chosen = tables.find((table) => table.source === chosenName) ?? shown[0] ?? null;
  const names = tables.filter((table) => ticked.has(table.source) && addable(table)).map((table) => table.source);

  useAction("find.filter", () => filterField.current?.focus());
  useAction("find.again", () => void found.refetch(), found.isFetching ? "it is being looked at" : null);
  useAction(
    "find.add",
    () => add.mutate({ folder: workspace.folder, schema: null, write: true, tables: names }),
    names.length === 0 ? "tick the tables to add first" : add.isPending ? "one moment" : null,
    names.length > 0 ? counted(names.length, "table") : null,
  );

  return (
    <div className="page tables-page">
      <div className="head">
        <h1>Find tables</h1>
        <span className="about cut">
          in <code>{workspace.source ?? "no source"}</code>
          {found.data && `, ${count(tables.length)} found`}
        </span>
        <div className="acts">
          <ActionButton id="find.again">
            <Icon of={RotateCw} small />
            Look again
          </ActionButton>
          <ActionButton id="find.add" look="primary">
            <Icon of={Plus} small />
            {add.isPending ? "Adding…" : names.length > 0 ? `Add ${counted(names.length, "table")}` : "Add tables"}
          </ActionButton>
        </div>
      </div>
      {add.isError && <Trouble error={errorView(add.error)} title={<b>Nothing was added to firn.yaml</b>} />}
      {found.isError && (
        <Trouble error={errorView(found.error)} title={<b>The source was not read</b>}>
          <ActionButton id="find.again" compact />
        </Trouble>
      )}
      {found.isPending && !found.isError ? (
        <Waiting text="Reading schemas, keys and indexes of the source" />
      ) : tables.length === 0 && found.data ? (
        <Nothing title="No table found" command="firn sync discover">
          The user of this connection sees no table. Its rights decide what can be found.
        </Nothing>
      ) : (
        found.data && (
          <div className="split folds">
            <section className="pane wide" aria-label="Tables of the source">
              <div className="filter-bar">
                <FilterField
                  label="Filter by table or column"
                  value={filter}
                  onChange={setFilter}
                  inputRef={filterField}
                  width={260}
                />
                <span className="faint">
                  {wanted === "" ? "" : `${count(shown.length)} of ${count(tables.length)}`}
                </span>
              </div>
              {shown.length === 0 ? (
                <Nothing title="No table matches">
                  Nothing found has “{filter}” in the name of a table or column.
                </Nothing>
              ) : (
                <RowGrid
                  label="Tables of the source"
                  columns={columns}
                  rows={shown}
                  rowKey={(table) => table.source}
                  selected={chosen?.source ?? null}
                  onSelect={(table) => setChosenName(table.source)}
                  ticked={ticked}
                  onTick={setTicked}
                  tickable={addable}
                  autoFocus
                />
              )}
              <div className="same-as-text">
                <SameAsText
                  command={
                    names.length > 0 && names.length < tables.length
                      ? `firn sync discover --write ${names.map(shellWord).join(" ")}`
                      : "firn sync discover --write"
                  }
                />
              </div>
            </section>
            {chosen && <FoundInspector table={chosen} />}
          </div>
        )
      )}
    </div>
  );
}

/** Whether a table can be added: it is not there yet, has a key, and nothing critical stands against it. */
function addable(table: DiscoveredTableView): boolean {
  return !table.configured && table.pk.length > 0 && !table.findings.some((finding) => finding.level === "critical");
}

const columns: readonly GridColumn<DiscoveredTableView>[] = [
  { id: "state", head: "State", width: 98, cell: (table) => <FoundState table={table} /> },
  nameColumn({ id: "source", head: "Table", width: 132, grow: 3 }, (table) => table.source),
  nameColumn({ id: "target", head: "Target", width: 96, grow: 2 }, (table) => table.target, true),
  { id: "rows", head: "Rows, about", width: 92, end: true, mono: true, cell: (table) => count(table.estimated_rows) },
  { id: "bytes", head: "Size", width: 72, end: true, mono: true, cell: (table) => bytes(table.bytes) },
  {
    id: "pk",
    head: "Key",
    width: 76,
    grow: 1,
    mono: true,
    cell: (table) => (table.pk.length > 0 ? table.pk.join(", ") : <span className="faint">none</span>),
    whole: (table) => table.pk.join(", "),
  },
  {
    id: "watermark",
    head: "Watermark",
    width: 96,
    grow: 1,
    mono: true,
    cell: (table) => table.watermark_column ?? <span className="faint">none</span>,
    whole: (table) => table.watermark_column,
  },
  { id: "columns", head: "Columns", width: 100, grow: 1, cell: (table) => <VerdictCount table={table} /> },
];

function FoundState({ table }: { table: DiscoveredTableView }) {
  if (table.configured) return <State tone="ok">Added</State>;
  if (table.findings.some((finding) => finding.level === "critical")) return <State tone="failed">Cannot run</State>;
  if (table.pk.length === 0) return <State tone="failed">No key</State>;
  const risks = table.findings.filter((finding) => finding.level === "warning").length;
  if (risks > 0) return <State tone="warn">{risks === 1 ? "1 risk" : `${risks} risks`}</State>;
  return <StateWord of={{ tone: "queued", word: "New", glyph: "plus" }} />;
}

function VerdictCount({ table }: { table: DiscoveredTableView }) {
  const worst = table.columns.filter((column) => column.verdict === "refused").length;
  const lossy = table.columns.filter((column) => column.verdict === "lossy").length;
  if (worst > 0) return <State tone="failed">{`${worst} refused`}</State>;
  if (lossy > 0) return <State tone="warn">{`${lossy} lossy`}</State>;
  return <span className="soft">{count(table.columns.length)}</span>;
}

function FoundInspector({ table }: { table: DiscoveredTableView }) {
  return (
    <section className="pane inspector" aria-label={`Found table ${table.source}`}>
      <Divider pane="inspector" />
      <div className="pane-head">
        <h2 className="cut">
          <code>{table.source}</code>
        </h2>
        <span className="faint">{table.kind}</span>
      </div>
      <div className="scroll">
        {table.findings.length > 0 && (
          <ul>
            {[...table.findings]
              .sort((a, b) => weight[levelTone(b.level)] - weight[levelTone(a.level)])
              .map((finding) => (
                <Finding key={`${finding.code}${finding.message}`} of={finding} />
              ))}
          </ul>
        )}
        <div className="part">
          <dl className="facts">
            <dt>Target</dt>
            <dd>
              <code>{table.target}</code>
            </dd>
            <dt>Key</dt>
            <dd>{table.pk.length > 0 ? <code>{table.pk.join(", ")}</code> : <span className="faint">none</span>}</dd>
            <dt>Watermark</dt>
            <dd>
              {table.watermark_column ? (
                <code>{table.watermark_column}</code>
              ) : (
                <span className="faint">none; every run reads all rows</span>
              )}
            </dd>
          </dl>
        </div>
        <Columns columns={table.columns} />
      </div>
    </section>
  );
}

const weight: Record<Tone, number> = { failed: 3, warn: 2, queued: 1, running: 1, ok: 0, off: 0 };
