import { Check, Copy as CopyIcon } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "./button";
import { Icon } from "./icon";

/** Puts a text on the clipboard and says that it did. A long one is only written when it is asked for. */
export function CopyButton({
  text,
  what = "Copy",
  bare = false,
}: {
  text: string | (() => string);
  what?: string;
  /** Only the glyph; the word is for readers. */ bare?: boolean;
}) {
  const [done, setDone] = useState<"copied" | "refused" | null>(null);
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => setDone(null), 1600);
    return () => clearTimeout(timer);
  }, [done]);
  return (
    <Button
      look="quiet"
      compact
      onPress={() => {
        navigator.clipboard.writeText(typeof text === "string" ? text : text()).then(
          () => setDone("copied"),
          () => setDone("refused"),
        );
      }}
    >
      <Icon of={done === "copied" ? Check : CopyIcon} small />
      <span aria-live="polite" className={bare ? "unseen" : undefined}>
        {done === "copied" ? "Copied" : done === "refused" ? "Not allowed; select it" : what}
      </span>
    </Button>
  );
}

/** Text of a program, read-only, to be copied. */
export function CopyBlock({ text, what, tall = false }: { text: string; what?: string; tall?: boolean }) {
  return (
    <div className={`copyable${tall ? " tall" : ""}`}>
      {/* What scrolls has to be reached by keys. */}
      <pre tabIndex={tall ? 0 : undefined}>{text}</pre>
      <CopyButton text={text} what={what} />
    </div>
  );
}

/** The command line that does the same. */
export function SameAsText({ command, lead = "The same as text:" }: { command: string; lead?: string }) {
  return (
    <span className="command">
      {lead} <code>{command}</code>
      <CopyButton text={command} bare />
    </span>
  );
}
