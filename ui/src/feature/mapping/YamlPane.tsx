import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { count } from "../../data/format";
import { diffLines } from "../../data/lines";
import type { WorkingDocument } from "../../data/document";
import { CopyButton, SaidAndHint, State } from "../../kit";

/** A line's height in pixels, as in the style sheet. */
const LINE = 18;
/** How long a person pauses before what they have typed is looked at. */
const PAUSE = 300;

/** The document as text beside the mapping. Whichever is edited, the other follows. */
export function YamlPane({ document: working, table }: { document: WorkingDocument; table: string }) {
  const { draft, view } = working;
  const now = draft?.now ?? "";
  const [text, setText] = useState(now);
  const [known, setKnown] = useState(now);
  const box = useRef<HTMLTextAreaElement>(null);
  const gutter = useRef<HTMLPreElement>(null);
  const marks = useRef<HTMLDivElement>(null);
  if (known !== now) {
    // Edited elsewhere, or undone; what was typed here has come back as it was.
    setKnown(now);
    setText(now);
  }
  const type = useRef(working.type);
  useEffect(() => {
    type.current = working.type;
  });
  useEffect(() => {
    if (text === known) return;
    const timer = setTimeout(() => void type.current(text), PAUSE);
    return () => clearTimeout(timer);
  }, [text, known]);
  const entry = view?.tables.find((one) => one.source === table);
  const first = entry?.first_line;
  const follow = () => {
    const top = box.current?.scrollTop ?? 0;
    if (gutter.current) gutter.current.style.transform = `translateY(${-top}px)`;
    if (marks.current) marks.current.style.transform = `translateY(${-top}px)`;
  };
  const showLine = (line: number) => {
    const element = box.current;
    if (!element) return;
    const top = (line - 1) * LINE;
    if (top < element.scrollTop || top > element.scrollTop + element.clientHeight - 4 * LINE)
      element.scrollTop = Math.max(0, top - 2 * LINE);
    follow();
  };
  useLayoutEffect(() => {
    if (first !== undefined) showLine(first);
    // Only when another table is looked at: whoever types must not be carried away.
  }, [table, first === undefined]);
  const goTo = (line: number) => {
    const element = box.current;
    if (!element) return;
    const at =
      text
        .split("\n")
        .slice(0, line - 1)
        .join("\n").length + (line > 1 ? 1 : 0);
    element.focus();
    element.setSelectionRange(at, at);
    showLine(line);
  };
  const problems = view && view.text === text ? view.problems : [];
  const lines = text.split("\n").length;
  const base = draft?.base ?? text;
  const touched = useMemo(
    () => diffLines(base, text).flatMap((line) => (line.kind === "added" && line.after ? [line.after] : [])),
    [base, text],
  );
  return (
    <section className="pane yaml-pane" aria-label="firn.yaml">
      <div className="pane-head">
        <h2>firn.yaml</h2>
        {problems.length > 0 ? (
          <State tone="failed">{problems.length === 1 ? "1 fault" : `${count(problems.length)} faults`}</State>
        ) : text !== known ? (
          <State tone="running">reading</State>
        ) : (
          working.unsaved > 0 && <span className="edited">{count(working.unsaved)} not saved</span>
        )}
        <span className="acts">
          <CopyButton text={text} bare what="Copy firn.yaml" />
        </span>
      </div>
      <div className="editor">
        <div className="gutter" aria-hidden>
          <pre ref={gutter}>{Array.from({ length: lines }, (_, place) => place + 1).join("\n")}</pre>
        </div>
        <div className="text">
          <div ref={marks} className="marks" aria-hidden>
            {entry && (
              <span
                className="entry"
                style={{ top: (entry.first_line - 1) * LINE, height: (entry.last_line - entry.first_line + 1) * LINE }}
              />
            )}
            {touched.map((line) => (
              <span key={line} className="touched" style={{ top: (line - 1) * LINE, height: LINE }} />
            ))}
            {problems.map((problem) => (
              <span
                key={`${problem.line} ${problem.key}`}
                className="fault"
                style={{ top: (problem.line - 1) * LINE, height: LINE }}
              />
            ))}
          </div>
          <textarea
            ref={box}
            aria-label="Text of firn.yaml"
            aria-invalid={problems.length > 0 || undefined}
            spellCheck={false}
            autoComplete="off"
            wrap="off"
            value={text}
            onChange={(event) => setText(event.target.value)}
            onScroll={follow}
            onBlur={() => {
              if (text !== known) void working.type(text);
            }}
            onKeyDown={(event) => {
              if (event.key === "Escape") {
                event.preventDefault();
                event.stopPropagation();
                event.currentTarget.blur();
              }
            }}
          />
        </div>
      </div>
      {problems.length > 0 && (
        <ul className="faults" role="alert">
          {problems.map((problem) => (
            <li key={`${problem.line} ${problem.column} ${problem.message}`}>
              <button type="button" onClick={() => goTo(problem.line)}>
                line {problem.line}
              </button>
              <span className="selectable">
                {problem.key && <code>{problem.key}</code>}{" "}
                <SaidAndHint message={problem.message} hint={problem.hint} />
              </span>
            </li>
          ))}
          <li className="soft">Columns show the text as it was before the fault. It cannot be saved like this.</li>
        </ul>
      )}
    </section>
  );
}
