import "./mapping.css";
import { FileCode, ListTree, Redo2, Save, Undo2 } from "lucide-react";
import { useMemo, useRef, useState } from "react";
import { navigate, useAction, useStartRun } from "../../action";
import { editedTables, useDocument } from "../../data/document";
import { counted } from "../../data/format";
import { accepted, useAccepted } from "../../data/drift";
import { filteredColumns, mappedColumns, take } from "../../data/mapping";
import { askAfresh, keepWorkspace, mayConnect, useCommand, useMapping, useSizes } from "../../data/queries";
import type { Word } from "../../data/sql";
import { useOpenWorkspace } from "../../data/workspace";
import { type ColumnEdit, type ColumnTreatment, errorView, type TableEdit, type TableSizeView } from "../../host";
import {
  ActionButton,
  Button,
  FilterField,
  Icon,
  Label,
  Nothing,
  Segments,
  State,
  Swatch,
  Trouble,
  Waiting,
} from "../../kit";
import { BulkEdit } from "./BulkEdit";
import { ColumnList } from "./ColumnList";
import { ColumnPane } from "./ColumnPane";
import { DriftSheet } from "./DriftSheet";
import { PlanBar, Statements } from "./Plan";
import { TableKeys } from "./TableKeys";
import { TableTree } from "./TableTree";
import { VerdictFilters } from "./VerdictFilters";
import { YamlPane } from "./YamlPane";

type View = "columns" | "table" | "sql";

const views = [
  { value: "columns", text: "Columns" },
  { value: "table", text: "Table" },
  { value: "sql", text: "SQL" },
] as const;

const unknown: readonly TableSizeView[] = [];

/** How each column of a table travels: two aligned lists joined by lines, and the document beside them. */
export function Mapping({ table, column }: { table: string; column: string | null }) {
  const { workspace } = useOpenWorkspace();
  const folder = workspace.folder;
  const document = useDocument(folder);
  const tables = document.view?.tables.length ? document.view.tables : (document.fileView?.tables ?? []);
  const configured =
    tables.some((known) => known.source === table) || workspace.tables.some((known) => known.source === table);
  const connects = mayConnect(workspace);
  const saved = useMapping(folder, table, null, connects && configured);
  const asked = useMapping(folder, table, document.sound, connects && configured);
  const sizes = useSizes(folder, connects && workspace.tables.length > 0);
  const save = useCommand("document_save", (client, answer, request) => {
    keepWorkspace(client, answer);
    document.wasSaved(request.text);
  });
  const starting = useStartRun();
  const [view, setView] = useState<View>("columns");
  const [verdict, setVerdict] = useState<string | null>(null);
  const [text, setText] = useState("");
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const [yaml, setYaml] = useState(false);
  const [tree, setTree] = useState(false);
  const [sampling, setSampling] = useState(false);
  const [sheet, setSheet] = useState(false);
  const filterField = useRef<HTMLInputElement>(null);
  const transformField = useRef<HTMLInputElement>(null);

  const shown = asked.data?.source === table ? asked.data : undefined;
  const before = saved.data?.source === table ? saved.data : undefined;
  const columns = useMemo(() => (shown ? mappedColumns(shown, before) : []), [shown, before]);
  const listed = useMemo(() => filteredColumns(columns, verdict, text), [columns, verdict, text]);
  const words = useMemo<Word[]>(
    () =>
      shown?.plan.columns.map((one, place) => ({
        text: shown.idents[place] ?? one.name,
        about: one.source_type,
        kind: "column",
      })) ?? [],
    [shown],
  );
  const edited = useMemo(() => editedTables(document.fileView, document.view), [document.fileView, document.view]);
  const chosen = columns.find((one) => one.name === column) ?? null;
  const chosenTables = tables.filter((one) => ticked.has(one.source));
  const faults = document.view?.problems.length ?? 0;
  const dirty = document.unsaved > 0;
  const changed = shown ? { source: table, on_drift: shown.on_drift, changes: shown.plan.changes } : null;
  const isAccepted = useAccepted(folder, changed);

  const editColumns = (edits: readonly ColumnEdit[]) => {
    if (edits.length > 0) void document.edit([{ table, columns: [...edits], edit: {} }]);
  };
  const treat = (name: string, treatment: ColumnTreatment) => editColumns([{ column: name, treatment }]);
  const set = (edit: TableEdit) => void document.edit([{ table, columns: [], edit }]);
  const settle = (how: "theirs" | "mine") => {
    save.reset();
    document.settle(how);
  };
  const fixed = chosen && (chosen.key || chosen.watermark) ? "a key or watermark column travels as it is" : null;
  const none = chosen ? fixed : "choose a column first";
  const object = chosen?.name ?? null;
  const asText = chosen?.casts.find((one) => one.verdict === "as_text");
  const focusType = () => window.document.getElementById("column-type")?.focus();

  useAction("mapping.filter", () => filterField.current?.focus());
  useAction("mapping.transform", () => transformField.current?.focus(), none, object);
  useAction("mapping.type", focusType, none, object);
  useAction(
    "mapping.leave",
    () => {
      if (!chosen || !before) return;
      const taken = new Set(chosen.treatment.kind === "left_out" ? [chosen.name] : []);
      editColumns(take([chosen], taken, before.treatments));
    },
    none,
    object,
  );
  useAction(
    "mapping.text",
    () => chosen && asText && treat(chosen.name, { kind: "cast", form: asText.form }),
    none ?? (asText ? null : "it travels as text anyway"),
    object,
  );
  useAction("mapping.rows", () => setSampling(!sampling), none ? "choose a column first" : null, object);
  const noUndo = document.draft && document.draft.past.length > 0 ? null : "nothing was edited";
  const noRedo = document.draft && document.draft.future.length > 0 ? null : "nothing was undone";
  useAction("mapping.undo", document.undo, noUndo);
  useAction("mapping.redo", document.redo, noRedo);
  useAction(
    "mapping.save",
    () => {
      const draft = document.draft;
      if (draft) save.mutate({ folder, before: draft.base, text: draft.now }, { onError: document.reread });
    },
    !dirty
      ? "nothing was edited"
      : faults > 0
        ? "mend the faults of the text first"
        : save.isPending
          ? "one moment"
          : null,
    dirty ? counted(document.unsaved, "line") : null,
  );
  useAction("mapping.drop", document.drop, dirty ? null : "nothing was edited");
  useAction("mapping.yaml", () => setYaml(!yaml), null, yaml ? "hide it" : "show it");
  const refused = columns.filter((one) => one.shownVerdict === "refused").length;
  const noRun =
    starting.unavailable ??
    (dirty ? "save the mapping first" : refused > 0 ? "settle the refused columns first" : null);
  useAction("mapping.run", () => (isAccepted ? starting.startLooked([table]) : setSheet(true)), noRun, table);
  useAction(
    "mapping.again",
    () => {
      askAfresh();
      void asked.refetch();
    },
    asked.isFetching ? "it is being asked" : null,
  );

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
  const changes = shown?.plan.changes.length ?? 0;
  const body = () => {
    if (chosenTables.length > 0 && document.draft)
      return (
        <BulkEdit
          folder={folder}
          text={document.draft.now}
          tables={chosenTables}
          onApply={async (edits, template) => (await document.edit(edits, template)) !== null}
          onClose={() => setTicked(new Set())}
        />
      );
    if (!connects)
      return (
        <Nothing title="Nothing is connected">
          Columns and verdicts come from the source and the target. They are asked once the workspace is trusted and
          firn.yaml has no fault.
        </Nothing>
      );
    if (!shown) return !asked.isError && <Waiting text="Asking source and target" />;
    if (view === "table")
      return (
        <TableKeys view={shown} file={document.fileView?.tables.find((one) => one.source === table)} onSet={set} />
      );
    if (view === "sql") return <Statements view={shown} />;
    return (
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
            all={columns}
            columns={listed}
            chosen={object}
            onChoose={(name) => navigate({ screen: "mapping", table, column: name }, true)}
            onOpen={() => transformField.current?.focus()}
            onType={(name) => {
              navigate({ screen: "mapping", table, column: name }, true);
              // The pane of the column has to be there first.
              requestAnimationFrame(focusType);
            }}
            onTake={(taken) => before && editColumns(take(listed, taken, before.treatments))}
          />
        )}
        {chosen && (
          <ColumnPane
            key={chosen.name}
            folder={folder}
            table={table}
            document={document.sound}
            text={document.draft?.now ?? ""}
            column={chosen}
            words={words}
            fixed={fixed}
            transformField={transformField}
            sampling={sampling}
            onSampling={setSampling}
            onTreat={(treatment) => treat(chosen.name, treatment)}
          />
        )}
      </>
    );
  };
  return (
    <div className="page mapping-page">
      <div className="head">
        <span className="tree-switch">
          <Button label="Tables" expanded={tree} onPress={() => setTree(!tree)}>
            <Icon of={ListTree} small />
          </Button>
        </span>
        <h1 className="cut">
          <code>{table}</code> → <code>{shown?.target ?? "…"}</code>
        </h1>
        <Swatch color={target?.settings.color} />
        {target?.label && <Label text={target.label} />}
        <div className="acts">
          <span className="faint" aria-live="polite">
            {dirty ? `${counted(document.unsaved, "line")} not saved` : ""}
          </span>
          <Button label="Undo" unavailable={noUndo} onPress={document.undo}>
            <Icon of={Undo2} small />
          </Button>
          <Button label="Redo" unavailable={noRedo} onPress={document.redo}>
            <Icon of={Redo2} small />
          </Button>
          <ActionButton id="mapping.save" look={dirty ? "primary" : "plain"}>
            <Icon of={Save} small />
            {save.isPending ? "Saving…" : "Save"}
          </ActionButton>
          <Segments label="What is shown" value={view} options={views} onChange={setView} />
          <Button onPress={() => setYaml(!yaml)} expanded={yaml}>
            <Icon of={FileCode} small />
            YAML
          </Button>
        </div>
      </div>
      {save.isError && <Trouble error={errorView(save.error)} title={<b>firn.yaml was not written</b>} />}
      {document.error && <Trouble error={document.error} title={<b>The edit was not made</b>} />}
      {document.theirs !== null && (
        <div className="strip warn" role="alert">
          <span>
            <b>firn.yaml was changed on disk</b> since you began to edit it. Nothing of either is lost: choose what the
            next save starts from.
          </span>
          <span className="acts">
            <Button compact onPress={() => settle("theirs")}>
              Take the file’s, undo brings mine back
            </Button>
            <Button compact onPress={() => settle("mine")}>
              Keep mine over it
            </Button>
          </span>
        </div>
      )}
      {starting.error && <Trouble error={starting.error} title={<b>The run was not started</b>} />}
      {asked.isError && (
        <Trouble
          error={errorView(asked.error)}
          title={<b>{dirty ? "The edits do not fit together" : "Source and target did not answer"}</b>}
        >
          <ActionButton id="mapping.again" compact />
        </Trouble>
      )}
      {changes > 0 && (
        <div className="strip" role="status">
          <State tone={isAccepted ? "ok" : "warn"}>
            {counted(changes, "change")} in the source since the last run{isAccepted && ", accepted"}
          </State>
          <span className="acts">
            <Button compact onPress={() => setSheet(true)}>
              Look through
            </Button>
          </span>
        </div>
      )}
      <div className={`split folds${tree ? " with-tree" : ""}${yaml ? " with-yaml" : ""}`}>
        <TableTree
          current={table}
          tables={tables}
          sizes={sizes.data ?? unknown}
          edited={edited}
          ticked={ticked}
          onTick={setTicked}
        />
        <section className="pane wide" aria-label={`Mapping of ${table}`}>
          {body()}
          {shown && chosenTables.length === 0 && (
            <PlanBar
              view={shown}
              refused={refused}
              leftOut={columns.filter((one) => one.shownVerdict === "left_out").length}
              busy={asked.isFetching}
            />
          )}
        </section>
        {yaml && document.draft && <YamlPane document={document} table={table} />}
      </div>
      {sheet && changed && (
        <DriftSheet
          changed={changed}
          onDrift={(on_drift) => set({ on_drift })}
          onAccept={() => {
            accepted.add(folder, changed);
            setSheet(false);
          }}
          onClose={() => setSheet(false)}
        />
      )}
    </div>
  );
}
