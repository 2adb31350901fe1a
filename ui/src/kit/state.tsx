import { Lock } from "lucide-react";
import type { ReactNode } from "react";
import type { Tone, Word } from "../data/words";
import { Glyph, Icon, WordGlyph } from "./icon";

const classes: Record<Tone, string> = {
  ok: "ok",
  running: "running",
  warn: "warn",
  failed: "failed",
  queued: "queued",
  off: "queued",
};

/** The class that colours a tone. */
export function toneClass(tone: Tone): string {
  return classes[tone];
}

/** A state: glyph, word, colour. */
export function State({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className={`state ${classes[tone]}`}>
      <Glyph tone={tone} />
      {children}
    </span>
  );
}

/** A state that has only its usual word. */
export function StateWord({ of }: { of: Word }) {
  return (
    <span className={`state ${classes[of.tone]}`}>
      <WordGlyph of={of} />
      {of.word}
    </span>
  );
}

/** A small tinted state, for verdicts. */
export function Chip({ of, title }: { of: Word; title?: string }) {
  return (
    <span className={`chip ${classes[of.tone]}`} title={title}>
      <WordGlyph of={of} />
      {of.word}
    </span>
  );
}

/** The label of a connection; production has a lock. */
export function Label({ text }: { text: string | null }) {
  if (!text) return null;
  if (text !== "production") return <span className="production other">{text}</span>;
  return (
    <span className="production">
      <Icon of={Lock} small />
      production
    </span>
  );
}
