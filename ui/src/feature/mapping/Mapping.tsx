import "./mapping.css";
import { Play, Redo2, Save, Undo2 } from "lucide-react";
import { useRef, useState } from "react";
import { navigate, useAction, useStartRun } from "../../action";
import { count, counted } from "../../data/format";
import {
  changed,
  editsIn,
  filteredColumns,
  mappedColumns,
  redone,
  settle,
  take,
  treat,
  undone,
  untouched,
  useDraft,
} from "../../data/mapping";
import { keepWorkspace, mayConnect, useCommand, useMapping } from "../../data/queries";
import { useOpenWorkspace } from "../../data/workspace";
import { type ColumnTreatment, errorView, type MappingView, type TableEdit } from "../../host";
import {
  ActionButton,
  Button,
  CopyBlock,
  FilterField,
  Icon,
  Label,
  Nothing,
  Segments,
  State,
  Trouble,
  Waiting,
} from "../../kit";
import { ColumnList } from "./ColumnList";
import { ColumnPane } from "./ColumnPane";
import { TableKeys } from "./TableKeys";
import { TableTree } from "./TableTree";
import { VerdictFilters } from "./VerdictFilters";

type View = "columns" | "table" | "yaml" | "sql";

/** How each column of a table travels: two aligned lists joined by lines, edited before anything is saved. */
export function Mapping({ table, column }: { table: string; column: string | null }) {
  const { workspace } = useOpenWorkspace();
  const folder = workspace.folder;
  const configured = workspace.tables.some((known) => known.source === table);
  const connects = mayConnect(workspace);
  const [history, setHistory] = useDraft(folder, table);
  const draft = history.now;
  const saved = useMapping(folder, table, untouched.now, connects && configured);
  const asked = useMapping(folder, table, draft, connects && configured);
  const save = useCommand("mapping_save", (client, answer) => {
    keepWorkspace(client, answer);
    setHistory(untouched);
  });
  const starting = useStartRun();
  const [view, setView] = useState<View>("columns");
  const [verdict, setVerdict] = useState<string | null>(null);
  const [text, setText] = useState("");
  const filterField = useRef<HTMLInputElement>(null);
  const transformField = useRef<HTMLInputElement>(null);

  const shown = asked.data?.source === table ? asked.data : undefined;
  const before = saved.data?.source === table ? saved.data : undefined;
  const columns = shown ? mappedColumns(shown, draft) : [];
  const listed = filteredColumns(columns, verdict, text);
  const chosen = columns.find((one) => one.name === column) ?? null;
  const edits = editsIn(draft);

  const apply = (names: readonly string[], treatment: ColumnTreatment) => {
    if (before) setHistory(changed(history, treat(draft, before.treatments, names, treatment)));
  };
  const set = (edit: TableEdit) => {
    if (before) setHistory(changed(history, settle(draft, before, edit)));
  };
  const fixed = chosen && (chosen.key || chosen.watermark) ? "a key or watermark column travels as it is" : null;
  const none = chosen ? fixed : "choose a column first";

  useAction("mapping.filter", () => filterField.current?.focus());
  useAction("mapping.transform", () => transformField.current?.focus(), none, chosen?.name ?? null);
  useAction(
    "mapping.leave",
    () => {
      if (!chosen || !before) return;
      const taken = new Set(chosen.treatment.kind === "left_out" ? [chosen.name] : []);
      setHistory(changed(history, take(draft, before.treatments, [chosen], taken)));
    },
    none,
    chosen?.name ?? null,
  );
  useAction(
    "mapping.text",
    () => chosen && apply([chosen.name], { kind: "expression", sql: asText(chosen.name) }),
    none,
    chosen?.name ?? null,
  );
  useAction("mapping.undo", () => setHistory(undone(history)), history.past.length > 0 ? null : "nothing was edited");
  useAction("mapping.redo", () => setHistory(redone(history)), history.future.length > 0 ? null : "nothing was undone");
  useAction(
    "mapping.save",
    () => save.mutate({ folder, table, columns: [...draft.columns], edit: draft.edit }),
    edits === 0 ? "nothing was edited" : save.isPending ? "one moment" : null,
    table,
  );
  useAction("mapping.drop", () => setHistory(untouched), edits === 0 ? "nothing was edited" : null, table);
  const refused = columns.filter((one) => one.shownVerdict === "refused").length;
  useAction(
    "mapping.run",
    () => starting.start([table]),
    starting.unavailable ??
      (edits > 0 ? "save the mapping first" : refused > 0 ? "settle the refused columns first" : null),
    table,
  );
  useAction("mapping.again", () => void asked.refetch(), asked.isFetching ? "it is being asked" : null);

  if (!configured)
    return (
      <Nothing
        title={`${table} is not in firn.yaml`}
        acts={<Button onPress={() => navigate({ screen: "tables", table: null })}>All tables</Button>}
      >
        A mapping belongs to a table of the workspace. Find it in the source and add it first.
      </Nothing>
    );
  const target = workspace.connections.find((one) => one.name === workspace.target);
  return (
    <div className="page mapping-page">
      <div className="head">
        <h1 className="cut">
          <code>{table}</code> → <code>{shown?.target ?? "…"}</code>
        </h1>
        {target?.label && <Label text={target.label} />}
        <div className="acts">
          <span className="faint" aria-live="polite">
            {edits === 0 ? "" : `${counted(edits, "edit")} not saved`}
          </span>
          <Button
            label="Undo"
            unavailable={history.past.length > 0 ? null : "nothing was edited"}
            onPress={() => setHistory(undone(history))}
          >
            <Icon of={Undo2} small />
          </Button>
          <Button
            label="Redo"
            unavailable={history.future.length > 0 ? null : "nothing was undone"}
            onPress={() => setHistory(redone(history))}
          >
            <Icon of={Redo2} small />
          </Button>
          <ActionButton id="mapping.save" look={edits > 0 ? "primary" : "plain"}>
            <Icon of={Save} small />
            {save.isPending ? "Saving…" : "Save"}
          </ActionButton>
          <Segments label="What is shown" value={view} options={views} onChange={setView} />
        </div>
      </div>
      {save.isError && <Trouble error={errorView(save.error)} title={<b>The mapping was not saved</b>} />}
      {starting.error && <Trouble error={starting.error} title={<b>The run was not started</b>} />}
      {asked.isError && (
        <Trouble
          error={errorView(asked.error)}
          title={<b>{edits > 0 ? "The edits do not fit together" : "Source and target did not answer"}</b>}
        >
          <ActionButton id="mapping.again" compact />
        </Trouble>
      )}
      <div className="split folds">
        <TableTree current={table} />
        <section className="pane wide" aria-label={`Mapping of ${table}`}>
          {!connects ? (
            <Nothing title="Nothing is connected">
              Columns and verdicts come from the source and the target. They are asked once the workspace is trusted and
              firn.yaml has no fault.
            </Nothing>
          ) : !shown ? (
            !asked.isError && <Waiting text="Asking source and target" />
          ) : view === "columns" ? (
            <>
              <div className="filter-bar">
                <VerdictFilters columns={columns} value={verdict} onChange={setVerdict} />
                <FilterField label="Find column" value={text} onChange={setText} inputRef={filterField} width={168} />
              </div>
              {shown.plan.error && <Trouble error={shown.plan.error} title={<b>It cannot run</b>} />}
              {listed.length === 0 ? (
                <Nothing title="No column matches">
                  Nothing among {counted(columns.length, "column")} has this verdict and “{text}”.
                </Nothing>
              ) : (
                <ColumnList
                  source={workspace.source ?? "source"}
                  target={workspace.target ?? "target"}
                  columns={listed}
                  chosen={chosen?.name ?? null}
                  onChoose={(name) => navigate({ screen: "mapping", table, column: name }, true)}
                  onOpen={() => transformField.current?.focus()}
                  onTake={(taken) => {
                    if (before) setHistory(changed(history, take(draft, before.treatments, listed, taken)));
                  }}
                />
              )}
              {chosen && (
                <ColumnPane
                  key={chosen.name}
                  folder={folder}
                  table={table}
                  draft={draft}
                  column={chosen}
                  fixed={fixed}
                  transformField={transformField}
                  onTreat={(treatment) => apply([chosen.name], treatment)}
                />
              )}
            </>
          ) : view === "table" ? (
            <TableKeys view={shown} draft={draft} onSet={set} />
          ) : view === "yaml" ? (
            <div className="scroll part">
              <p className="soft">
                {edits > 0 ? "The lines as they will be saved." : "The lines in firn.yaml."} Comments, order and all
                other lines stay as they are.
              </p>
              <CopyBlock text={shown.yaml} what="Copy YAML" />
            </div>
          ) : (
            <Statements view={shown} />
          )}
          {shown && (
            <PlanBar
              view={shown}
              refused={refused}
              leftOut={columns.filter((one) => one.shownVerdict === "left_out").length}
              busy={asked.isFetching}
            />
          )}
        </section>
      </div>
    </div>
  );
}

const views = [
  { value: "columns", text: "Columns" },
  { value: "table", text: "Table" },
  { value: "yaml", text: "YAML" },
  { value: "sql", text: "SQL" },
] as const;

/** The expression that sends a column as its text. */
export function asText(column: string): string {
  return `"${column.replaceAll('"', '""')}"::text`;
}

/** What a run would do. */
function Statements({ view }: { view: MappingView }) {
  const { ddl, select } = view.plan;
  return (
    <div className="scroll">
      <div className="part">
        <h3>In the target</h3>
        {ddl.length === 0 ? (
          <p className="soft">No table is made or changed.</p>
        ) : (
          <CopyBlock
            text={ddl.map((one) => (one.trimEnd().endsWith(";") ? one : `${one};`)).join("\n\n")}
            what="Copy DDL"
          />
        )}
      </div>
      {select && (
        <div className="part">
          <h3>In the source</h3>
          <CopyBlock text={select} what="Copy SQL" />
        </div>
      )}
    </div>
  );
}

/** What the next run would begin with, and what stands in its way. */
function PlanBar({
  view,
  refused,
  leftOut,
  busy,
}: {
  view: MappingView;
  refused: number;
  leftOut: number;
  busy: boolean;
}) {
  const { plan } = view;
  const warnings = plan.findings.filter((one) => one.level === "warning" || one.level === "critical").length;
  return (
    <div className="plan-bar" aria-busy={busy}>
      <b>Plan</b>
      <span>
        {plan.rows_waiting === null
          ? "rows not counted"
          : plan.rows_waiting >= 1_000_000
            ? "1,000,000 rows or more waiting"
            : `${counted(plan.rows_waiting, "row")} waiting`}
      </span>
      <span>
        {plan.ddl.length === 0 ? "target fits" : counted(plan.ddl.length, "statement")}
        {`, ${counted(plan.columns.length - leftOut, "column")}`}
      </span>
      {refused > 0 && <State tone="failed">{count(refused)} refused</State>}
      {warnings > 0 && <State tone="warn">{counted(warnings, "warning")}</State>}
      {busy && <State tone="running">asking</State>}
      <span className="acts">
        <ActionButton id="mapping.run" look="primary" compact>
          <Icon of={Play} small />
          Run
        </ActionButton>
      </span>
    </div>
  );
}
