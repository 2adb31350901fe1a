import type { ReactNode } from "react";
import { type ActionId, actionSpec, keyCaps, useOffer } from "../action";

/** Key caps, as drawn on buttons and in hints. */
export function Keys({ of }: { of: string }) {
  return (
    <span className="keys" aria-hidden>
      {keyCaps(of).map((cap, place) => (
        <kbd className="key" key={`${cap}${place}`}>
          {cap}
        </kbd>
      ))}
    </span>
  );
}

type Look = "plain" | "primary" | "quiet" | "danger";

type ButtonProps = {
  children: ReactNode;
  onPress: () => void;
  look?: Look;
  compact?: boolean;
  /** Why it cannot be pressed now. */
  unavailable?: string | null;
  keys?: string;
  autoFocus?: boolean;
  label?: string;
  expanded?: boolean;
};

/** A button. One that cannot be pressed stays in the tab order and says why. */
export function Button({
  children,
  onPress,
  look = "plain",
  compact = false,
  unavailable = null,
  keys,
  autoFocus,
  label,
  expanded,
}: ButtonProps) {
  return (
    <button
      type="button"
      className={`button${look === "plain" ? "" : ` ${look}`}${compact ? " compact" : ""}`}
      aria-disabled={unavailable !== null || undefined}
      aria-label={label}
      aria-expanded={expanded}
      title={unavailable ?? undefined}
      autoFocus={autoFocus}
      onClick={() => {
        if (unavailable === null) onPress();
      }}
    >
      {children}
      {keys && <Keys of={keys} />}
    </button>
  );
}

/** A button for an action that a screen offers: its keys, and why it cannot be done, come from the one list. */
export function ActionButton({
  id,
  children,
  look,
  compact,
  withKeys = true,
  autoFocus,
}: {
  id: ActionId;
  children?: ReactNode;
  look?: Look;
  compact?: boolean;
  withKeys?: boolean;
  /** Has the focus at first, so that Enter presses it. */ autoFocus?: boolean;
}) {
  const spec = actionSpec(id);
  const offer = useOffer(id);
  const keys = withKeys ? (spec.keys ?? (autoFocus ? "Enter" : undefined)) : undefined;
  return (
    <Button
      look={look}
      compact={compact}
      keys={keys}
      autoFocus={autoFocus}
      unavailable={offer ? offer.unavailable : "not here"}
      onPress={() => offer?.run()}
    >
      {children ?? spec.title}
    </Button>
  );
}
