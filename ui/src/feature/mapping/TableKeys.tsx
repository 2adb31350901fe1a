import { Check, Minus, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { shortType } from "../../data/format";
import type { ColumnView, DocumentTable, MappingView, TableEdit, WatermarkCandidateView } from "../../host";
import { Choice, CopyBlock, Finding, Icon, Labelled, TextField } from "../../kit";
import type { tableChoices } from "./choices";
import { TableChoice } from "./TableChoice";

type TableKeysProps = {
  view: MappingView;
  /** The table as the file has it. */
  file: DocumentTable | undefined;
  onSet: (edit: TableEdit) => void;
};

/** Key, watermark, condition and modes of a table, with what the source says about them. */
export function TableKeys({ view, file, onSet }: TableKeysProps) {
  const edited = (isOther: boolean | undefined) => (isOther ? " (edited)" : "");
  const choice = (of: keyof typeof tableChoices) => (
    <TableChoice of={of} value={view[of]} edited={!!file && file[of] !== view[of]} onChange={onSet} />
  );
  return (
    <div className="scroll table-keys">
      <div className="form">
        <Labelled text={`Target${edited(file && file.target !== view.target)}`}>
          {(id) => <Typed id={id} value={view.target} onDone={(target) => target && onSet({ target })} />}
        </Labelled>
        <Labelled text={`Key columns${edited(file && file.pk.join() !== view.pk.join())}`}>
          {(id) => <KeyPicker id={id} view={view} onSet={onSet} />}
        </Labelled>
        {choice("mode")}
        <Labelled text="Only rows where">
          {(id) => <Typed id={id} value={view.where ?? ""} onDone={(where) => onSet({ where })} />}
        </Labelled>
        {choice("deletes")}
        {choice("on_drift")}
        {choice("on_unfit")}
      </div>
      <WatermarkPicker
        view={view}
        edited={!!file && (file.watermark_column ?? "") !== (view.watermark_column ?? "")}
        onSet={onSet}
      />
      {view.plan.findings.length > 0 && (
        <ul>
          {view.plan.findings.map((finding) => (
            <Finding key={`${finding.code}${finding.message}`} of={finding} />
          ))}
        </ul>
      )}
    </div>
  );
}

/** The key: what the source itself keeps unique, or columns by name. */
function KeyPicker({ id, view, onSet }: { id: string; view: MappingView; onSet: (edit: TableEdit) => void }) {
  const [typing, setTyping] = useState(false);
  const now = view.pk.join(", ");
  const offered = view.key_candidates.map((key) => ({
    value: key.columns.join(", "),
    text: `${key.columns.join(", ")}: ${key.primary ? "the primary key" : "unique in the source"}`,
  }));
  if (typing || offered.length === 0)
    return (
      <Typed
        id={id}
        value={now}
        onDone={(text) => {
          const pk = text
            .split(",")
            .map((name) => name.trim())
            .filter((name) => name !== "");
          setTyping(false);
          if (pk.length > 0) onSet({ pk });
        }}
      />
    );
  const known = offered.some((key) => key.value === now);
  return (
    <Choice
      id={id}
      value={now}
      options={[
        ...(known ? [] : [{ value: now, text: now ? `${now}: not kept unique by the source` : "none" }]),
        ...offered,
        { value: "\n", text: "other columns…" },
      ]}
      onChange={(value) => {
        const key = view.key_candidates.find((one) => one.columns.join(", ") === value);
        if (key) onSet({ pk: key.columns });
        else setTyping(value === "\n");
      }}
    />
  );
}

const setters: Record<string, string> = {
  trigger: "a trigger",
  default: "its default, at birth only",
  sequence: "a sequence",
  application: "the application",
  unknown: "not to be seen",
};

/** The watermark: every column that can carry one, with what speaks for it and against it. */
function WatermarkPicker({
  view,
  edited,
  onSet,
}: {
  view: MappingView;
  edited: boolean;
  onSet: (edit: TableEdit) => void;
}) {
  const types = new Map(view.plan.columns.map((column) => [column.name, column]));
  const listed: readonly WatermarkCandidateView[] = view.watermarks;
  const chosen = listed.find((one) => one.column === view.watermark_column);
  const stranger = view.watermark_column && !chosen ? view.watermark_column : null;
  const none = view.mode === "full" || !view.watermark_column;
  return (
    <fieldset className="watermarks">
      <legend>
        Watermark{edited && <span className="edited"> edited</span>}{" "}
        <span className="faint">the column that grows with every change of a row</span>
      </legend>
      <table className="plain">
        <thead>
          <tr>
            <th>Column</th>
            <th>Type</th>
            <th>Index</th>
            <th>NULL</th>
            <th title="Whether it grows as rows are written">Grows</th>
            <th>Set by</th>
          </tr>
        </thead>
        <tbody>
          {listed.map((one) => (
            <tr key={one.column} className={one.likely ? "" : "unlikely"} aria-current={one === chosen || undefined}>
              <td className="mono">
                <label className="pick">
                  <input
                    type="radio"
                    className="check-box"
                    name="watermark"
                    checked={one === chosen}
                    onChange={() => onSet({ watermark_column: one.column })}
                  />
                  <span className="cut">{one.column}</span>
                </label>
              </td>
              <td className="mono">{typeOf(types.get(one.column), one)}</td>
              <td>
                <Sign good={one.indexed} text={one.indexed ? "indexed" : "none"} />
              </td>
              <td>
                <Sign
                  good={one.not_null ? true : one.nulls === null ? null : one.nulls === 0}
                  text={
                    one.not_null
                      ? "never"
                      : one.nulls === null
                        ? "not analysed"
                        : one.nulls === 0
                          ? "none seen"
                          : `${(one.nulls * 100).toFixed(1)} %`
                  }
                />
              </td>
              <td>
                <Sign
                  good={one.monotonic}
                  text={one.monotonic === null ? "not analysed" : one.monotonic ? "yes" : "no"}
                />
              </td>
              <td>
                <Sign
                  good={one.set_by === "trigger" ? true : one.set_by === "unknown" ? null : false}
                  text={setters[one.set_by] ?? one.set_by}
                />
              </td>
            </tr>
          ))}
          {stranger && (
            <tr aria-current>
              <td className="mono">
                <label className="pick">
                  <input type="radio" className="check-box" name="watermark" checked readOnly />
                  <span className="cut">{stranger}</span>
                </label>
              </td>
              <td colSpan={5}>
                <Sign good={false} text="no column that can carry a watermark" />
              </td>
            </tr>
          )}
          {none && (
            <tr>
              <td>
                <label className="pick">
                  <input
                    type="radio"
                    className="check-box"
                    name="watermark"
                    checked={!view.watermark_column}
                    onChange={() => onSet({ watermark_column: "" })}
                  />
                  none
                </label>
              </td>
              <td colSpan={5} className="soft">
                every run reads all rows
              </td>
            </tr>
          )}
        </tbody>
      </table>
      {listed.length === 0 && !stranger && (
        <p className="soft">No column of this table can carry a watermark: read everything each time.</p>
      )}
      {chosen?.index_sql && !chosen.indexed && <CopyBlock text={chosen.index_sql} what="Copy the index it wants" />}
    </fieldset>
  );
}

function typeOf(column: ColumnView | undefined, candidate: WatermarkCandidateView): string {
  return column ? shortType(column.source_type) : candidate.axis;
}

/** Something that speaks for a column, against it, or is not known. */
function Sign({ good, text }: { good: boolean | null; text: string }) {
  return (
    <span className={`state ${good === null ? "queued" : good ? "ok" : "warn"}`}>
      <Icon of={good === null ? Minus : good ? Check : TriangleAlert} small />
      {text}
    </span>
  );
}

/** A text that counts once the person is done with it: at Enter, or when the focus leaves. */
function Typed({ id, value, onDone }: { id: string; value: string; onDone: (text: string) => void }) {
  const [text, setText] = useState(value);
  const [known, setKnown] = useState(value);
  if (known !== value) {
    setKnown(value);
    setText(value);
  }
  const done = () => {
    if (text.trim() !== value) onDone(text.trim());
  };
  return (
    <span onBlur={done}>
      <TextField id={id} value={text} onChange={setText} onEnter={done} />
    </span>
  );
}
