import { ArrowDownToLine, ChevronDown, ChevronUp } from "lucide-react";
import { memo, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useAction } from "../../action";
import { count, timeOfDay } from "../../data/format";
import { filtered, type Moment } from "../../data/moment";
import { rowsInView } from "../../grid/window";
import { Button, Choice, CopyButton, FilterField, Icon, Said, Segments, State } from "../../kit";

/** The height of a line, as in the style sheet. */
const LINE = 20;
const EVERY_TABLE = "";

/** What happened in a run, a line an event. Drawn only where it is in view; follows only while it is scrolled to its
 * end. */
export const Log = memo(function Log({ moments, tables }: { moments: readonly Moment[]; tables: readonly string[] }) {
  const [level, setLevel] = useState<"all" | "warn" | "failed">("all");
  const [table, setTable] = useState(EVERY_TABLE);
  const [text, setText] = useState("");
  const [open, setOpen] = useState(true);
  const [following, setFollowing] = useState(true);
  const [range, setRange] = useState({ from: 0, to: 40 });
  const lines = useRef<HTMLDivElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const source = tables.includes(table) ? table : null;
  const shown = useMemo(() => filtered(moments, level, source, text), [moments, level, source, text]);
  useAction("run.log", () => {
    setOpen(true);
    // The field is there once the log is open.
    requestAnimationFrame(() => search.current?.focus());
  });
  const measure = () => {
    const box = lines.current;
    if (!box) return;
    const next = rowsInView(box.scrollTop, box.clientHeight, LINE, shown.length);
    setRange((known) => (known.from === next.from && known.to === next.to ? known : next));
  };
  useLayoutEffect(() => {
    if (following && lines.current) lines.current.scrollTop = lines.current.scrollHeight;
    measure();
  });
  const [warnings, errors] = useMemo(() => {
    const number = (wanted: Moment["level"]) => moments.filter((one) => one.level === wanted).length;
    return [number("warn"), number("failed")];
  }, [moments]);
  return (
    <section className={`log${open ? "" : " shut"}`} aria-label="Log">
      <div className="pane-head">
        <h2>Log</h2>
        {open && (
          <>
            <Segments
              compact
              label="Level"
              value={level}
              options={[
                { value: "all", text: "All" },
                { value: "warn", text: `Warnings ${count(warnings)}` },
                { value: "failed", text: `Errors ${count(errors)}` },
              ]}
              onChange={setLevel}
            />
            {tables.length > 1 && (
              <Choice
                label="Table"
                value={source ?? EVERY_TABLE}
                options={[
                  { value: EVERY_TABLE, text: "all tables" },
                  ...tables.map((one) => ({ value: one, text: one })),
                ]}
                onChange={setTable}
              />
            )}
            <FilterField label="Find in log" value={text} onChange={setText} inputRef={search} width={170} />
          </>
        )}
        <span className="faint number-of" role="status">
          {shown.length === moments.length
            ? count(moments.length)
            : `${count(shown.length)} of ${count(moments.length)}`}
        </span>
        <div className="acts">
          {open && (
            <Button
              look="quiet"
              compact
              unavailable={following ? "it follows already" : null}
              onPress={() => setFollowing(true)}
            >
              <Icon of={ArrowDownToLine} small />
              {following ? "Following" : "To the end"}
            </Button>
          )}
          <CopyButton
            text={() =>
              shown.map((moment) => `${moment.at} ${moment.word} ${moment.source ?? ""} ${moment.text}`).join("\n")
            }
          />
          <Button look="quiet" compact onPress={() => setOpen(!open)} expanded={open}>
            <Icon of={open ? ChevronDown : ChevronUp} small />
            <span className="unseen">{open ? "Fold the log" : "Unfold the log"}</span>
          </Button>
        </div>
      </div>
      {open && (
        <div
          ref={lines}
          className="lines"
          role="log"
          aria-label="Log lines"
          tabIndex={0}
          onScroll={(event) => {
            const box = event.currentTarget;
            setFollowing(box.scrollHeight - box.scrollTop - box.clientHeight < LINE);
            measure();
          }}
        >
          {shown.length === 0 && (
            <p className="pad faint">{moments.length === 0 ? "Nothing yet" : "No line matches"}</p>
          )}
          <div style={{ height: shown.length * LINE }} className="all">
            {shown.slice(range.from, range.to).map((moment, place) => (
              <div className="entry-line" key={range.from + place} style={{ top: (range.from + place) * LINE }}>
                <span className="faint" title={moment.at}>
                  {timeOfDay(moment.at)}
                </span>
                <State tone={moment.level === "info" ? "queued" : moment.level}>{moment.word}</State>
                <span title={moment.source ?? undefined}>{moment.source ?? ""}</span>
                <span className="soft" title={moment.text}>
                  <Said text={moment.text} />
                </span>
              </div>
            ))}
          </div>
        </div>
      )}
    </section>
  );
});
