import { clock, count, span } from "../../data/format";
import { type Follow, goesOn, runRate, secondsLeft } from "../../data/run";
import type { RunView } from "../../host";

/** The figures of a run: what is done, what came, how fast, how long. */
export function Figures({ view, follow, seconds }: { view: RunView; follow: Follow; seconds: number }) {
  const done = view.tables.filter((table) => table.stage === "done").length;
  const sum = (of: "rows_merged" | "rows_read" | "rows_rejected") =>
    view.tables.reduce((all, table) => all + table[of], 0);
  const rejected = sum("rows_rejected");
  const running = goesOn(view.status);
  const rate = running ? runRate(follow) : seconds > 0 ? Math.round(sum("rows_read") / seconds) : null;
  const left = running ? secondsLeft(follow) : null;
  return (
    <div className="figures of-run">
      <div>
        <div className="name">Tables done</div>
        <div className="value">
          {count(done)} <small>of {count(view.tables.length)}</small>
        </div>
      </div>
      <div>
        <div className="name">Rows merged</div>
        <div className="value" data-figure="merged">
          {count(sum("rows_merged"))}
        </div>
        <div className="note">
          {count(sum("rows_read"))} read
          {rejected > 0 && (
            <>
              , <span className="state warn">{count(rejected)} rejected</span>
            </>
          )}
        </div>
      </div>
      <div>
        <div className="name">{running ? "Rows a second, now" : "Rows a second"}</div>
        <div className="value" data-figure="rate">
          {count(rate)}
        </div>
      </div>
      <div>
        <div className="name">{left === null ? (running ? "Elapsed" : "Took") : "Left, about"}</div>
        <div className="value">{left === null ? (running ? clock(seconds) : span(seconds)) : clock(left)}</div>
        {left !== null && <div className="note">{clock(seconds)} so far</div>}
      </div>
    </div>
  );
}
