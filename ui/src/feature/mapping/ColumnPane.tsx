import { useQueryClient } from "@tanstack/react-query";
import { type RefObject, useEffect, useState } from "react";
import { tryEdits } from "../../data/document";
import type { MappedColumn } from "../../data/mapping";
import { usePreview } from "../../data/queries";
import type { Word } from "../../data/sql";
import { verdictWord } from "../../data/words";
import { type ColumnTreatment, errorView, useHost } from "../../host";
import { Button, Chip, Choice, State, Trouble } from "../../kit";
import { Sample } from "./Sample";
import { Transform } from "./Transform";

type ColumnPaneProps = {
  folder: string;
  table: string;
  /** The document's text with edits; null for the file's own. */
  document: string | null;
  /** The text that edits are tried on. */
  text: string;
  column: MappedColumn;
  words: readonly Word[];
  /** Why it cannot be treated otherwise. */
  fixed: string | null;
  transformField: RefObject<HTMLInputElement | null>;
  sampling: boolean;
  onSampling: (on: boolean) => void;
  onTreat: (treatment: ColumnTreatment) => void;
};

/** How long a person pauses before what they have typed is tried on rows. */
const PAUSE = 450;

/** One column: what becomes of it, what else could, and real rows before and after. */
export function ColumnPane(props: ColumnPaneProps) {
  const { column, fixed, onTreat, sampling } = props;
  const now = column.treatment.kind === "expression" ? column.treatment.sql : "";
  const [sql, setSql] = useState(now);
  const [known, setKnown] = useState(now);
  if (known !== now) {
    // Undone, or edited elsewhere: the field follows.
    setKnown(now);
    setSql(now);
  }
  const treatment: ColumnTreatment = sql.trim() === "" ? { kind: "as_is" } : { kind: "expression", sql: sql.trim() };
  const tried = useTrial(props, sql.trim() === now ? null : treatment);
  const travels = column.treatment.kind !== "left_out" || tried.document !== props.document;
  const preview = usePreview(props.folder, props.table, tried.document, column.name, sampling && travels);
  const cast =
    column.treatment.kind === "expression"
      ? column.casts.find((one) => one.target_type === column.target_type)
      : undefined;
  return (
    <section className="column-pane" aria-label={`Column ${column.name}`}>
      <div className="line">
        <code className="cut">
          <b>{column.name}</b>
        </code>
        <code className="soft cut">
          {column.ownType} → {column.treatment.kind === "left_out" ? "nothing" : column.target_type || "nothing"}
        </code>
        <Chip of={verdictWord(column.shownVerdict)} />
        {column.note && column.treatment.kind !== "left_out" && <span className="soft cut">{column.note}</span>}
        <span className="acts">
          {sampling && (preview.isFetching || tried.busy) && <State tone="running">reading rows</State>}
          {column.treatment.kind !== "left_out" && column.shownVerdict !== "refused" && (
            <Button compact onPress={() => props.onSampling(!sampling)} expanded={sampling}>
              {sampling ? "Hide rows" : "Show rows"}
            </Button>
          )}
        </span>
      </div>
      {fixed ? (
        <p className="soft">
          {column.key
            ? "A row is found again by its key: key columns travel as they are."
            : "Rows are read in the order of the watermark: it travels as it is."}
        </p>
      ) : (
        <div className="line wrap">
          <label htmlFor="column-type" className="soft">
            Arrives as
          </label>
          <span className="types">
            <Choice
              id="column-type"
              value={
                column.treatment.kind === "left_out"
                  ? "left_out"
                  : column.treatment.kind === "as_is"
                    ? "as_is"
                    : (cast?.form ?? "expression")
              }
              options={[
                {
                  value: "as_is",
                  text: column.plainType ? `${column.plainType}, as it is` : "no type of the target",
                },
                ...column.casts.map((one) => ({
                  value: one.form,
                  text: `${one.target_type}: ${verdictWord(one.verdict).word.toLowerCase()}${one.note ? `, ${one.note}` : ""}`,
                })),
                ...(column.treatment.kind === "expression" && !cast
                  ? [{ value: "expression", text: `${column.target_type || "?"}, by the transform` }]
                  : []),
                { value: "left_out", text: "nothing: left out" },
              ]}
              onChange={(value) => {
                if (value === "as_is" || value === "left_out") onTreat({ kind: value });
                else if (value !== "expression") onTreat({ kind: "cast", form: value });
              }}
            />
          </span>
          <label htmlFor="transform-sql" className="soft">
            Transform, SQL run in the source
          </label>
          <Transform
            value={sql}
            placeholder="a column, or an expression over the row"
            columns={props.words}
            inputRef={props.transformField}
            onChange={setSql}
            onApply={() => onTreat(treatment)}
            onLeave={() => setSql(now)}
          />
          <Button
            compact
            onPress={() => onTreat(treatment)}
            unavailable={sql.trim() === now ? "it is as it was" : null}
          >
            Apply
          </Button>
        </div>
      )}
      {tried.error !== null && <Trouble error={errorView(tried.error)} title={<b>This is no transform</b>} />}
      {sampling && tried.error === null && column.shownVerdict !== "refused" && (
        <Sample
          view={preview.data}
          column={column.name}
          error={preview.isError ? preview.error : null}
          busy={preview.isFetching}
        />
      )}
    </section>
  );
}

/** The document as it would be with what is being typed, once the person pauses; only while rows are shown. */
function useTrial(
  { folder, table, document, text, column, sampling }: ColumnPaneProps,
  treatment: ColumnTreatment | null,
): { document: string | null; error: unknown; busy: boolean } {
  const host = useHost();
  const client = useQueryClient();
  const wanted = sampling && treatment ? JSON.stringify(treatment) : null;
  const [tried, setTried] = useState<{ of: string; document: string | null; error: unknown } | null>(null);
  useEffect(() => {
    if (wanted === null) return;
    let gone = false;
    const timer = setTimeout(() => {
      const edit = { column: column.name, treatment: JSON.parse(wanted) as ColumnTreatment };
      tryEdits(host, client, folder, text, [{ table, columns: [edit], edit: {} }]).then(
        (view) => gone || setTried({ of: wanted, document: view.text, error: null }),
        (error) => gone || setTried({ of: wanted, document: null, error }),
      );
    }, PAUSE);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [host, client, folder, table, text, column.name, wanted]);
  if (wanted === null) return { document, error: null, busy: false };
  if (tried?.of !== wanted) return { document, error: null, busy: true };
  return { document: tried.document ?? document, error: tried.error, busy: false };
}
