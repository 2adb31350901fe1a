import {
  AlertTriangle,
  ArrowRight,
  Check,
  Clock,
  LoaderCircle,
  type LucideIcon,
  Minus,
  Pencil,
  Plus,
  X,
} from "lucide-react";
import type { Tone, Word } from "../data/words";

/** An icon with the one stroke of the design. Always beside a word, so it is hidden from readers. */
export function Icon({ of: Drawn, small = false, spin = false }: { of: LucideIcon; small?: boolean; spin?: boolean }) {
  const size = small ? 14 : 16;
  return (
    <Drawn
      aria-hidden
      className={`icon${small ? " small" : ""}${spin ? " spin" : ""}`}
      size={size}
      strokeWidth={1.5}
      absoluteStrokeWidth
    />
  );
}

const glyphs: Record<Tone, LucideIcon> = {
  ok: Check,
  running: LoaderCircle,
  warn: AlertTriangle,
  failed: X,
  queued: Clock,
  off: Minus,
};

const ownGlyphs: Record<NonNullable<Word["glyph"]>, LucideIcon> = { arrow: ArrowRight, pencil: Pencil, plus: Plus };

/** The glyph of a word. */
export function WordGlyph({ of }: { of: Word }) {
  return of.glyph ? <Icon of={ownGlyphs[of.glyph]} small /> : <Glyph tone={of.tone} />;
}

/** The glyph of a state. */
export function Glyph({ tone, small = true }: { tone: Tone; small?: boolean }) {
  return <Icon of={glyphs[tone]} small={small} spin={tone === "running"} />;
}
