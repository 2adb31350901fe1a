import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { count, counted } from "../../data/format";
import { diffLines } from "../../data/lines";
import { errorView, type DocumentTable, type TableChange, type TableEdit, useHost } from "../../host";
import { Button, Labelled, Nothing, TextField, Trouble } from "../../kit";
import type { tableChoices } from "./choices";
import { LineDifference } from "./LineDifference";
import { TableChoice } from "./TableChoice";

type BulkEditProps = {
  folder: string;
  text: string;
  tables: readonly DocumentTable[];
  onApply: (tables: readonly TableChange[], template: string | null) => Promise<boolean>;
  onClose: () => void;
};

const KEPT = "as each table has it";

/** Several tables at once: target names by a pattern, modes, watermark; with the lines that would change. */
export function BulkEdit({ folder, text, tables, onApply, onClose }: BulkEditProps) {
  const host = useHost();
  const [template, setTemplate] = useState("");
  const [edit, setEdit] = useState<TableEdit>({});
  // What is set to nothing is left as each table has it.
  const set = (change: TableEdit) =>
    setEdit((known) => Object.fromEntries(Object.entries({ ...known, ...change }).filter(([, value]) => value !== "")));
  const choice = (of: keyof typeof tableChoices) => (
    <TableChoice of={of} value={edit[of] ?? ""} kept={KEPT} onChange={set} />
  );
  const pattern = template.trim() === "" ? null : template.trim();
  const isAny = pattern !== null || Object.keys(edit).length > 0;
  const changes = tables.map((table): TableChange => ({ table: table.source, columns: [], edit }));
  const tried = useQuery({
    queryKey: ["in", folder, "bulk", text, pattern, edit, tables.map((table) => table.source)],
    queryFn: () => host.call("document_edit", { folder, text, tables: changes, template: pattern }),
    enabled: isAny,
    gcTime: 0,
  });
  const lines = tried.data ? diffLines(text, tried.data.text) : [];
  const differing = lines.filter((line) => line.kind !== "same").length;
  const names = new Map(tried.data?.tables.map((table) => [table.source, table.target]));
  const unavailable = !isAny
    ? "nothing is set yet"
    : tried.isError
      ? "it does not fit the document"
      : tried.isPending
        ? "one moment"
        : differing === 0
          ? "the tables have it already"
          : null;
  return (
    <section className="bulk scroll" aria-label={`Edit ${counted(tables.length, "table")}`}>
      <div className="form">
        <h2 className="whole">
          {counted(tables.length, "table")} <span className="soft">edited at once</span>
        </h2>
        <Labelled text="Target names">
          {(id) => (
            <>
              <TextField
                id={id}
                value={template}
                onChange={setTemplate}
                placeholder="analytics.{schema}_{table:lower}"
                invalid={tried.isError && pattern !== null}
              />
              <span className="faint small">
                {
                  "{schema} and {table}, with :lower or :upper; empty: each keeps its own. One of them is changed in its “Table” view."
                }
              </span>
            </>
          )}
        </Labelled>
        {choice("mode")}
        <Labelled text="Watermark column">
          {(id) => (
            <TextField
              id={id}
              value={edit.watermark_column ?? ""}
              onChange={(watermark_column) => set({ watermark_column })}
              placeholder={KEPT}
            />
          )}
        </Labelled>
        {choice("deletes")}
        {choice("on_drift")}
        {choice("on_unfit")}
        <div className="whole line wrap">
          <Button
            look="primary"
            unavailable={unavailable}
            onPress={() => {
              void onApply(changes, pattern).then((done) => done && onClose());
            }}
          >
            Put into {counted(tables.length, "table")}
          </Button>
          <Button onPress={onClose}>Back to columns</Button>
          <span className="faint">One step to undo. Nothing is written before you save.</span>
        </div>
      </div>
      {tried.isError && isAny && (
        <Trouble error={errorView(tried.error)} title={<b>This does not fit the document</b>} />
      )}
      {isAny && tried.data ? (
        <div className="part">
          <h3>
            firn.yaml <span className="faint">{count(differing)} lines of difference</span>
          </h3>
          {pattern !== null && (
            <p className="soft cut">
              {tables.slice(0, 3).map((table) => (
                <span key={table.source} className="renamed">
                  <code>{table.source}</code> → <code>{names.get(table.source)}</code>
                </span>
              ))}
              {tables.length > 3 && `and ${count(tables.length - 3)} more`}
            </p>
          )}
          <LineDifference lines={lines} label="Lines of firn.yaml that would change" />
        </div>
      ) : (
        !isAny && (
          <Nothing title="Nothing is set yet">
            What you set above is put into every chosen table. The lines of firn.yaml that would change are shown here
            first.
          </Nothing>
        )
      )}
    </section>
  );
}
