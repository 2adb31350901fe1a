import { clock, count, span } from "../../data/format";
import { type Follow, goesOn, runRate, runSums, secondsAt, secondsLeft } from "../../data/run";
import type { RunView } from "../../host";

/** The figures of a run: what is done, what came, how fast, how long. */
export function Figures({ view, follow, now }: { view: RunView; follow: Follow; now: number }) {
  const seconds = secondsAt(view, now);
  const sums = runSums(view);
  const running = goesOn(view.status);
  const rate = running ? runRate(follow, now) : seconds > 0 ? Math.round(sums.rows_read / seconds) : null;
  const left = running ? secondsLeft(follow, now) : null;
  return (
    <div className="figures of-run">
      <div>
        <div className="name">Tables done</div>
        <div className="value">
          {count(sums.done)} <small>of {count(sums.tables)}</small>
        </div>
      </div>
      <div>
        <div className="name">Rows merged</div>
        <div className="value" data-figure="merged">
          {count(sums.rows_merged)}
        </div>
        <div className="note">
          {count(sums.rows_read)} read
          {sums.rows_rejected > 0 && (
            <>
              , <span className="state warn">{count(sums.rows_rejected)} rejected</span>
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
