import { clock, count } from "../../data/format";
import { tableError } from "../../data/run";
import type { TableProgress } from "../../host";
import { Button, Glyph, SaidAndHint, Trouble } from "../../kit";

type NeedyProps = {
  table: TableProgress;
  attempts: number | null;
  running: boolean;
  now: number;
  onRetry: () => void;
  cannotRetry: string | null;
};

/** A table that failed or waits: what happened, where, what to do. */
export function Needy({ table, attempts, running, now, onRetry, cannotRetry }: NeedyProps) {
  const error = tableError(table);
  if (!error) return null;
  const name = <code className="strong">{table.source}</code>;
  if (table.stage === "failed")
    return (
      <Trouble
        error={error}
        title={
          <>
            {name}&ensp;<span className="state failed">failed, needs you</span>
            <span className="soft">
              &ensp;
              {table.rows_merged > 0
                ? `${count(table.rows_merged)} rows are committed and will not be read again.`
                : "Nothing was written."}
            </span>
          </>
        }
      >
        <Button compact unavailable={cannotRetry} onPress={onRetry}>
          Run this table again
        </Button>
      </Trouble>
    );
  if (table.stage === "waiting" && running)
    return (
      <section className="trouble warn slim" role="status">
        <span className="state warn">
          <Glyph tone="warn" small={false} />
        </span>
        <p className="selectable">
          {name}&ensp;
          <span className="state warn">
            {retryText(table.retry_at, now)}
            {attempts !== null && `, attempt ${attempts} failed`}
          </span>
          &ensp;
          <SaidAndHint message={error.message} hint={error.hint} />
        </p>
      </section>
    );
  if (table.stage === "held")
    return (
      <Trouble
        tone="warn"
        error={error}
        title={
          <>
            {name}&ensp;
            <span className="state warn">held by another runner</span>
          </>
        }
      />
    );
  return null;
}

function retryText(at: string | null, now: number): string {
  if (!at) return "tries again soon";
  const left = (Date.parse(at) - now) / 1000;
  return left > 0 ? `tries again in ${clock(Math.ceil(left))}` : "tries again now";
}
