import { type RefObject, useId, useLayoutEffect, useRef, useState } from "react";
import { complete, type Word } from "../../data/sql";

/** The field of a transform, completed by the table's columns and by functions of PostgreSQL. */
export function Transform({
  value,
  placeholder,
  columns,
  inputRef,
  onChange,
  onApply,
  onLeave,
}: {
  value: string;
  placeholder: string;
  columns: readonly Word[];
  inputRef: RefObject<HTMLInputElement | null>;
  onChange: (sql: string) => void;
  onApply: () => void;
  /** Esc, when no list is open. */
  onLeave: () => void;
}) {
  const listId = useId();
  const [caret, setCaret] = useState<number | null>(null);
  const [at, setAt] = useState(0);
  const offered = caret === null ? null : complete(value, caret, columns);
  const place = useRef<number | null>(null);
  // The caret goes behind what was put in, before the next key is heard.
  useLayoutEffect(() => {
    if (place.current !== null) inputRef.current?.setSelectionRange(place.current, place.current);
    place.current = null;
  }, [value, inputRef]);
  const close = () => setCaret(null);
  const put = (word: Word) => {
    if (!offered) return;
    onChange(value.slice(0, offered.from) + word.text + value.slice(offered.to));
    close();
    place.current = offered.from + word.text.length;
  };
  const chosen = offered ? Math.min(at, offered.words.length - 1) : -1;
  return (
    <span className="completed">
      <input
        ref={inputRef}
        id="transform-sql"
        className="field mono"
        role="combobox"
        aria-expanded={offered !== null}
        aria-controls={listId}
        aria-activedescendant={offered ? `${listId}-${chosen}` : undefined}
        aria-autocomplete="list"
        spellCheck={false}
        autoComplete="off"
        placeholder={placeholder}
        value={value}
        onChange={(event) => {
          onChange(event.target.value);
          setCaret(event.target.selectionStart);
          setAt(0);
        }}
        onBlur={close}
        onKeyDown={(event) => {
          const move = (step: number) => {
            event.preventDefault();
            if (offered) setAt((chosen + step + offered.words.length) % offered.words.length);
          };
          if (event.ctrlKey || event.metaKey) {
            if (event.key === " ") {
              event.preventDefault();
              setCaret(event.currentTarget.selectionStart);
              setAt(0);
            }
            return;
          }
          const word = offered?.words[chosen];
          if (word) {
            if (event.key === "ArrowDown") return move(1);
            if (event.key === "ArrowUp") return move(-1);
            if (event.key === "Tab" || event.key === "Enter") {
              event.preventDefault();
              return put(word);
            }
          }
          if (event.key === "Escape") {
            event.preventDefault();
            event.stopPropagation();
            if (offered) close();
            else {
              onLeave();
              event.currentTarget.blur();
            }
          } else if (event.key === "Enter") {
            event.preventDefault();
            onApply();
          } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") close();
        }}
      />
      {offered && (
        <span className="menu completions" role="listbox" id={listId} aria-label="What could stand here">
          {offered.words.map((word, row) => (
            <span
              key={word.text}
              id={`${listId}-${row}`}
              role="option"
              aria-selected={row === chosen}
              // The field keeps the focus.
              onMouseDown={(event) => {
                event.preventDefault();
                put(word);
              }}
            >
              <code>{word.text}</code>
              <span className="faint cut">{word.about}</span>
            </span>
          ))}
        </span>
      )}
    </span>
  );
}
