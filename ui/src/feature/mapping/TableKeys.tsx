import { useState } from "react";
import type { Draft } from "../../data/mapping";
import type { MappingView, TableEdit } from "../../host";
import { Choice, Finding, Labelled, TextField } from "../../kit";

/** Key, watermark, condition and modes of a table, with what the plan has to say about them. */
export function TableKeys({
  view,
  draft,
  onSet,
}: {
  view: MappingView;
  draft: Draft;
  onSet: (edit: TableEdit) => void;
}) {
  const edited = (key: keyof TableEdit) => (key in draft.edit ? " (edited)" : "");
  return (
    <div className="scroll table-keys">
      <div className="form">
        <Labelled text={`Target${edited("target")}`}>
          {(id) => <Typed id={id} value={view.target} onDone={(target) => target && onSet({ target })} />}
        </Labelled>
        <Labelled text={`Key columns${edited("pk")}`}>
          {(id) => (
            <Typed
              id={id}
              value={view.pk.join(", ")}
              onDone={(text) => {
                const pk = text
                  .split(",")
                  .map((name) => name.trim())
                  .filter((name) => name !== "");
                if (pk.length > 0) onSet({ pk });
              }}
            />
          )}
        </Labelled>
        <Labelled text={`Reads${edited("mode")}`}>
          {(id) => (
            <Choice
              id={id}
              value={view.mode}
              options={[
                { value: "incremental", text: "what changed, by watermark" },
                { value: "full", text: "everything, each time" },
              ]}
              onChange={(mode) => onSet({ mode })}
            />
          )}
        </Labelled>
        <Labelled text={`Watermark${edited("watermark_column")}`}>
          {(id) => (
            <Choice
              id={id}
              value={view.watermark_column ?? ""}
              options={[
                ...(view.mode === "full" || !view.watermark_column ? [{ value: "", text: "none" }] : []),
                ...[
                  ...new Set([...(view.watermark_column ? [view.watermark_column] : []), ...view.watermark_candidates]),
                ].map((name) => ({ value: name, text: name })),
              ]}
              onChange={(watermark_column) => onSet({ watermark_column })}
            />
          )}
        </Labelled>
        <Labelled text={`Only rows where${edited("where")}`}>
          {(id) => <Typed id={id} value={view.where ?? ""} onDone={(where) => onSet({ where })} />}
        </Labelled>
        <Labelled text={`Deleted rows${edited("deletes")}`}>
          {(id) => (
            <Choice
              id={id}
              value={view.deletes}
              options={[
                { value: "ignore", text: "stay in the target" },
                { value: "soft", text: "are marked" },
                { value: "hard", text: "are deleted" },
              ]}
              onChange={(deletes) => onSet({ deletes })}
            />
          )}
        </Labelled>
        <Labelled text={`When columns change${edited("on_drift")}`}>
          {(id) => (
            <Choice
              id={id}
              value={view.on_drift}
              options={[
                { value: "add", text: "the target follows" },
                { value: "ignore", text: "new ones are left out" },
                { value: "stop", text: "the table stops" },
              ]}
              onChange={(on_drift) => onSet({ on_drift })}
            />
          )}
        </Labelled>
      </div>
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
