import { ChevronDown, ChevronRight } from "lucide-react";
import { memo, useState } from "react";
import { routeHash } from "../../action";
import { bytes, count, counted } from "../../data/format";
import type { DocumentTable, TableSizeView } from "../../host";
import { Button, FilterField, Icon } from "../../kit";

type TableTreeProps = {
  current: string;
  tables: readonly DocumentTable[];
  sizes: readonly TableSizeView[];
  edited: ReadonlySet<string>;
  ticked: ReadonlySet<string>;
  onTick: (sources: ReadonlySet<string>) => void;
};

/** The tables of the workspace by schema, with their sizes: to go from one mapping to the next, and to choose several.
 * There may be hundreds: they are drawn again only where something of them is another. */
export const TableTree = memo(function TableTree(props: TableTreeProps) {
  const { current, tables, sizes, edited, ticked, onTick } = props;
  const [filter, setFilter] = useState("");
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const wanted = filter.trim().toLowerCase();
  const listed = tables.filter((table) => table.source.toLowerCase().includes(wanted));
  const schemas = new Map<string, DocumentTable[]>();
  for (const table of listed) {
    const schema = table.source.includes(".") ? table.source.slice(0, table.source.indexOf(".")) : "";
    const list = schemas.get(schema);
    if (list) list.push(table);
    else schemas.set(schema, [table]);
  }
  const sizeOf = new Map(sizes.map((size) => [size.source, size]));
  const tick = (sources: readonly string[], on: boolean) => {
    const next = new Set(ticked);
    for (const source of sources)
      if (on) next.add(source);
      else next.delete(source);
    onTick(next);
  };
  return (
    <nav className="pane table-tree" aria-label="Tables">
      <div className="filter-bar">
        <Tick label="all listed tables" of={listed} ticked={ticked} onTick={tick} />
        <FilterField label="Filter tables" value={filter} onChange={setFilter} width={150} />
      </div>
      <div className="scroll">
        {[...schemas].map(([schema, list]) => {
          const isClosed = closed.has(schema) && wanted === "";
          return (
            <div key={schema} role="group" aria-label={schema || "no schema"}>
              <div className="schema">
                <Tick label={`all of ${schema || "no schema"}`} of={list} ticked={ticked} onTick={tick} />
                <button
                  type="button"
                  className="fold"
                  aria-expanded={!isClosed}
                  onClick={() => {
                    const next = new Set(closed);
                    if (!next.delete(schema)) next.add(schema);
                    setClosed(next);
                  }}
                >
                  <Icon of={isClosed ? ChevronRight : ChevronDown} small />
                  <code className="cut">{schema || "–"}</code>
                  <span className="faint">{count(list.length)}</span>
                </button>
              </div>
              {!isClosed &&
                list.map((table) => {
                  const size = sizeOf.get(table.source);
                  return (
                    <div key={table.source} className="entry-of" aria-current={table.source === current || undefined}>
                      <input
                        type="checkbox"
                        className="check-box"
                        aria-label={table.source}
                        checked={ticked.has(table.source)}
                        onChange={(event) => tick([table.source], event.target.checked)}
                      />
                      <a
                        href={routeHash({ screen: "mapping", table: table.source, column: null })}
                        aria-current={table.source === current ? "page" : undefined}
                        draggable={false}
                        title={
                          size
                            ? `${table.source}: about ${counted(size.estimated_rows ?? 0, "row")}, ${bytes(size.bytes)}`
                            : table.source
                        }
                      >
                        <code className="cut">{table.source.slice(schema ? schema.length + 1 : 0)}</code>
                        {edited.has(table.source) ? (
                          <span className="edited">edited</span>
                        ) : (
                          size && <span className="faint">{short(size.estimated_rows)}</span>
                        )}
                      </a>
                    </div>
                  );
                })}
            </div>
          );
        })}
        {listed.length === 0 && <p className="soft none">No table has “{filter}” in its name.</p>}
      </div>
      {ticked.size > 0 && (
        <div className="pane-foot">
          <span className="soft">{count(ticked.size)} chosen</span>
          <Button compact look="quiet" onPress={() => onTick(new Set())}>
            None
          </Button>
        </div>
      )}
    </nav>
  );
});

/** Ticks all of several tables, or none. */
function Tick({
  label,
  of,
  ticked,
  onTick,
}: {
  label: string;
  of: readonly DocumentTable[];
  ticked: ReadonlySet<string>;
  onTick: (sources: readonly string[], on: boolean) => void;
}) {
  const some = of.filter((table) => ticked.has(table.source)).length;
  return (
    <input
      type="checkbox"
      className="check-box"
      aria-label={label}
      disabled={of.length === 0}
      checked={of.length > 0 && some === of.length}
      ref={(element) => {
        if (element) element.indeterminate = some > 0 && some < of.length;
      }}
      onChange={(event) =>
        onTick(
          of.map((table) => table.source),
          event.target.checked,
        )
      }
    />
  );
}

/** A number in little room: 940 k, 31.2 M. */
function short(rows: number | null): string {
  if (rows === null) return "–";
  for (const [unit, size] of [
    ["G", 1e9],
    ["M", 1e6],
    ["k", 1e3],
  ] as const)
    if (rows >= size) return `${rows / size >= 100 ? Math.round(rows / size) : (rows / size).toFixed(1)} ${unit}`;
  return String(rows);
}
