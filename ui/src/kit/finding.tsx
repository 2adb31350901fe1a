import type { ReactNode } from "react";
import { type ErrorView, type FindingView } from "../host";
import { levelTone, sideWord, type Tone } from "../data/words";
import { CopyBlock } from "./copy";
import { Glyph } from "./icon";
import { Said } from "./said";
import { toneClass } from "./state";

const program =
  /^\s*(alter|create|drop|grant|revoke|select|set|update|insert|vacuum|analyze|firn|sudo|psql|apt|export|hostssl|host|local)\b/i;

/** What to do: a statement or command to copy, or a sentence. */
export function Fix({ text }: { text: string }) {
  if (program.test(text)) return <CopyBlock text={text} />;
  // A sentence may end in the statement it speaks of.
  const colon = text.indexOf(": ");
  const rest = colon > 0 ? text.slice(colon + 2) : "";
  if (program.test(rest)) {
    return (
      <>
        <span>
          <b>Fix</b> <Said text={text.slice(0, colon + 1)} />
        </span>
        <CopyBlock text={rest} />
      </>
    );
  }
  return (
    <span className="selectable">
      <b>Fix</b> <Said text={text} />
    </span>
  );
}

/** One thing that a check or a plan noticed. */
export function Finding({ of, title }: { of: FindingView; title?: string }) {
  const tone = levelTone(of.level);
  return (
    <li className={`finding ${tone === "warn" || tone === "failed" ? tone : ""}`}>
      <span className={`state ${toneClass(tone)}`}>
        <Glyph tone={tone} small={false} />
        <span className="unseen">{levelName(tone)}</span>
      </span>
      <div className="body">
        <span className="message selectable">
          {title && <b>{title} </b>}
          <Said text={of.message} />
        </span>
        {of.fix && <Fix text={of.fix} />}
      </div>
    </li>
  );
}

function levelName(tone: Tone): string {
  return tone === "ok" ? "fine:" : tone === "failed" ? "stops a sync:" : tone === "warn" ? "risk:" : "to know:";
}

/** A failure where it happened: what, where, what to do. */
export function Trouble({
  error,
  title,
  children,
  tone = "failed",
}: {
  error: ErrorView;
  title: ReactNode;
  children?: ReactNode;
  tone?: "failed" | "warn";
}) {
  return (
    <section className={`trouble ${tone}`} role="alert">
      <span className={`state ${tone}`}>
        <Glyph tone={tone} small={false} />
      </span>
      <div className="selectable">
        <div>{title}</div>
        <dl>
          <dt>What happened</dt>
          <dd>
            <Said text={error.message} />
          </dd>
          {error.side && (
            <>
              <dt>Where</dt>
              <dd>
                {sideWord(error.side)}
                {error.table && (
                  <>
                    , <code>{error.table}</code>
                  </>
                )}
              </dd>
            </>
          )}
          {error.hint && (
            <>
              <dt>What to do</dt>
              <dd>
                <Said text={error.hint} />
              </dd>
            </>
          )}
        </dl>
      </div>
      {children && <div className="acts">{children}</div>}
    </section>
  );
}
