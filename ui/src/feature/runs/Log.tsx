import { useLayoutEffect, useRef, useState } from "react";
import { timeOfDay } from "../../data/format";
import type { Moment } from "../../data/run";
import { CopyButton, Said, Segments, State } from "../../kit";

/** What happened since the window began to follow the run. Follows only while it is scrolled to its end. */
export function Log({ moments }: { moments: readonly Moment[] }) {
  const [level, setLevel] = useState<"all" | "warn" | "failed">("all");
  const lines = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  const shown = moments.filter(
    (moment) => level === "all" || moment.level === level || (level === "warn" && moment.level === "failed"),
  );
  const length = shown.length;
  useLayoutEffect(() => {
    if (following.current && length >= 0 && lines.current) lines.current.scrollTop = lines.current.scrollHeight;
  }, [length]);
  if (moments.length === 0) return null;
  const number = (wanted: Moment["level"]) => moments.filter((moment) => moment.level === wanted).length;
  return (
    <section className="log" aria-label="Log">
      <div className="pane-head">
        <h2>Log</h2>
        <Segments
          compact
          label="Level"
          value={level}
          options={[
            { value: "all", text: "All" },
            { value: "warn", text: `Warnings ${number("warn")}` },
            { value: "failed", text: `Errors ${number("failed")}` },
          ]}
          onChange={setLevel}
        />
        <div className="acts">
          <CopyButton
            text={shown.map((moment) => `${moment.at} ${moment.word} ${moment.source ?? ""} ${moment.text}`).join("\n")}
          />
        </div>
      </div>
      <div
        ref={lines}
        className="lines"
        role="log"
        aria-label="Log lines"
        tabIndex={0}
        onScroll={(event) => {
          const box = event.currentTarget;
          following.current = box.scrollHeight - box.scrollTop - box.clientHeight < 24;
        }}
      >
        {shown.map((moment, place) => (
          <div className="entry-line" key={`${moment.at}${place}`}>
            <span className="faint">{timeOfDay(moment.at)}</span>
            <State tone={moment.level === "info" ? "queued" : moment.level}>{moment.word}</State>
            <span title={moment.source ?? undefined}>{moment.source ?? ""}</span>
            <span className="soft" title={moment.text}>
              <Said text={moment.text} />
            </span>
          </div>
        ))}
      </div>
    </section>
  );
}
