import { type RefObject, useState } from "react";
import type { Draft, MappedColumn } from "../../data/mapping";
import { verdictWord } from "../../data/words";
import type { ColumnTreatment } from "../../host";
import { Button, Chip } from "../../kit";
import { asText } from "./Mapping";
import { Sample } from "./Sample";

type ColumnPaneProps = {
  folder: string;
  table: string;
  draft: Draft;
  column: MappedColumn;
  /** Why it cannot be treated otherwise. */
  fixed: string | null;
  transformField: RefObject<HTMLInputElement | null>;
  onTreat: (treatment: ColumnTreatment) => void;
};

/** One column: what becomes of it, and what else could. */
export function ColumnPane({ folder, table, draft, column, fixed, transformField, onTreat }: ColumnPaneProps) {
  const now = column.treatment.kind === "expression" ? column.treatment.sql : "";
  const [sql, setSql] = useState(now);
  const [known, setKnown] = useState(now);
  if (known !== now) {
    // Undone, or edited elsewhere: the field follows.
    setKnown(now);
    setSql(now);
  }
  const apply = () => onTreat(sql.trim() === "" ? { kind: "as_is" } : { kind: "expression", sql: sql.trim() });
  return (
    <section className="column-pane" aria-label={`Column ${column.name}`}>
      <div className="line">
        <code>
          <b>{column.name}</b>
        </code>
        <code className="soft cut">
          {column.source_type} → {column.treatment.kind === "left_out" ? "nothing" : column.target_type || "nothing"}
        </code>
        <Chip of={verdictWord(column.shownVerdict)} />
        {column.note && column.treatment.kind !== "left_out" && <span className="soft cut">{column.note}</span>}
      </div>
      {fixed ? (
        <p className="soft">
          {column.key
            ? "A row is found again by its key: key columns travel as they are."
            : "Rows are read in the order of the watermark: it travels as it is."}
        </p>
      ) : (
        <div className="line wrap">
          <label htmlFor="transform-sql" className="soft">
            Transform, SQL run in the source
          </label>
          <input
            ref={transformField}
            id="transform-sql"
            className="field mono"
            spellCheck={false}
            autoComplete="off"
            placeholder={`"${column.name}"`}
            value={sql}
            onChange={(event) => setSql(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
                event.preventDefault();
                apply();
              }
              if (event.key === "Escape") {
                event.preventDefault();
                event.stopPropagation();
                setSql(now);
                event.currentTarget.blur();
              }
            }}
          />
          <Button compact onPress={apply} unavailable={sql.trim() === now ? "it is as it was" : null}>
            Apply
          </Button>
          <Button
            compact
            onPress={() => onTreat({ kind: "expression", sql: asText(column.name) })}
            unavailable={now === asText(column.name) ? "it is sent as text" : null}
          >
            Send as text
          </Button>
          {column.treatment.kind === "left_out" ? (
            <Button compact onPress={() => onTreat({ kind: "as_is" })}>
              Take it in
            </Button>
          ) : (
            <Button compact onPress={() => onTreat({ kind: "left_out" })}>
              Leave it out
            </Button>
          )}
          {column.treatment.kind === "expression" && (
            <Button compact onPress={() => onTreat({ kind: "as_is" })}>
              As it is
            </Button>
          )}
        </div>
      )}
      {column.treatment.kind !== "left_out" && column.verdict !== "refused" && (
        <Sample folder={folder} table={table} draft={draft} column={column.name} />
      )}
    </section>
  );
}
