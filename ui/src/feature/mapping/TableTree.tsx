import { useRef, useState } from "react";
import { routeHash } from "../../action";
import { count } from "../../data/format";
import { isEdited } from "../../data/mapping";
import { useOpenWorkspace } from "../../data/workspace";
import { FilterField } from "../../kit";

/** The tables of the workspace by schema, to go from one mapping to the next. */
export function TableTree({ current }: { current: string }) {
  const { workspace } = useOpenWorkspace();
  const [filter, setFilter] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const wanted = filter.trim().toLowerCase();
  const tables = workspace.tables.filter((table) => table.source.toLowerCase().includes(wanted));
  const schemas = new Map<string, typeof tables>();
  for (const table of tables) {
    const schema = table.source.includes(".") ? table.source.slice(0, table.source.indexOf(".")) : "";
    schemas.set(schema, [...(schemas.get(schema) ?? []), table]);
  }
  return (
    <nav className="pane table-tree" aria-label="Tables">
      <div className="filter-bar">
        <FilterField label="Filter tables" value={filter} onChange={setFilter} inputRef={field} width={156} />
      </div>
      <div className="scroll">
        {[...schemas].map(([schema, list]) => (
          <div key={schema} role="group" aria-label={schema || "no schema"}>
            <div className="schema">
              <code>{schema || "–"}</code>
            </div>
            {list.map((table) => (
              <a
                key={table.source}
                href={routeHash({ screen: "mapping", table: table.source, column: null })}
                aria-current={table.source === current ? "page" : undefined}
                draggable={false}
                title={table.source}
              >
                <code className="cut">{table.source.slice(schema ? schema.length + 1 : 0)}</code>
                {isEdited(workspace.folder, table.source) ? (
                  <span className="edited">edited</span>
                ) : (
                  table.last && <span className="faint">{count(table.last.rows_merged)}</span>
                )}
              </a>
            ))}
          </div>
        ))}
        {tables.length === 0 && <p className="soft none">No table has “{filter}” in its name.</p>}
      </div>
    </nav>
  );
}
