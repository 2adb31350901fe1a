import { ChevronDown, Search } from "lucide-react";
import { type KeyboardEvent, type ReactNode, type Ref, useId, useRef } from "react";
import { Icon } from "./icon";

type TextProps = {
  label?: string;
  id?: string;
  value: string;
  onChange: (value: string) => void;
  placeholder?: string;
  secret?: boolean;
  invalid?: boolean;
  autoFocus?: boolean;
  numeric?: boolean;
  describedBy?: string;
  onEnter?: () => void;
};

/** A field for a name or a value, in the database's own type. */
export function TextField({
  label,
  id,
  value,
  onChange,
  placeholder,
  secret = false,
  invalid = false,
  autoFocus,
  numeric,
  describedBy,
  onEnter,
}: TextProps) {
  return (
    <input
      id={id}
      className="field mono"
      aria-label={label}
      aria-invalid={invalid || undefined}
      aria-describedby={describedBy}
      type={secret ? "password" : "text"}
      inputMode={numeric ? "numeric" : undefined}
      autoComplete="off"
      autoCapitalize="off"
      autoCorrect="off"
      spellCheck={false}
      placeholder={placeholder}
      value={value}
      autoFocus={autoFocus}
      onChange={(event) => onChange(event.target.value)}
      onKeyDown={(event) => {
        if (event.key === "Enter" && onEnter && !event.ctrlKey && !event.metaKey) {
          event.preventDefault();
          onEnter();
        }
      }}
    />
  );
}

/** One of several words. */
export function Choice<V extends string>({
  id,
  label,
  value,
  options,
  onChange,
}: {
  id?: string;
  label?: string;
  value: V;
  options: readonly { value: V; text: string }[];
  onChange: (value: V) => void;
}) {
  return (
    <span className="choice">
      <select
        id={id}
        className="field"
        aria-label={label}
        value={value}
        onChange={(event) => onChange(event.target.value as V)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.text}
          </option>
        ))}
      </select>
      <Icon of={ChevronDown} small />
    </span>
  );
}

/** A few words side by side, one of them chosen; arrows move the choice. */
export function Segments<V extends string>({
  label,
  value,
  options,
  onChange,
  compact = false,
}: {
  label: string;
  value: V;
  /** What is shown of each; `name` is what is read out where that is no text. */
  options: readonly { value: V; text: ReactNode; name?: string }[];
  onChange: (value: V) => void;
  compact?: boolean;
}) {
  const group = useRef<HTMLSpanElement>(null);
  const move = (event: KeyboardEvent, step: number) => {
    const place = options.findIndex((option) => option.value === value);
    const next = options[(place + step + options.length) % options.length];
    if (!next) return;
    event.preventDefault();
    onChange(next.value);
    group.current?.querySelectorAll("button")[options.indexOf(next)]?.focus();
  };
  return (
    <span
      ref={group}
      className={`segments${compact ? " compact" : ""}`}
      role="radiogroup"
      aria-label={label}
      onKeyDown={(event) => {
        if (event.key === "ArrowRight" || event.key === "ArrowDown") move(event, 1);
        if (event.key === "ArrowLeft" || event.key === "ArrowUp") move(event, -1);
      }}
    >
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          role="radio"
          aria-checked={option.value === value}
          aria-label={option.name}
          title={option.name}
          tabIndex={option.value === value ? 0 : -1}
          onClick={() => onChange(option.value)}
        >
          {option.text}
        </button>
      ))}
    </span>
  );
}

/** The filter of a list; `/` leads to it where it is the screen's own, Esc empties it and leads away. */
export function FilterField({
  label,
  value,
  onChange,
  inputRef,
  width = 220,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** The field that `/` leads to; none where the key belongs to another one. */
  inputRef?: Ref<HTMLInputElement>;
  width?: number;
}) {
  return (
    <span className="search" style={{ width }}>
      <Icon of={Search} small />
      <input
        ref={inputRef}
        className="field"
        type="search"
        aria-label={label}
        placeholder={label}
        spellCheck={false}
        autoComplete="off"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape" && value !== "") {
            event.preventDefault();
            event.stopPropagation();
            onChange("");
          }
        }}
      />
      {inputRef && value === "" && (
        <kbd className="key" aria-hidden>
          /
        </kbd>
      )}
    </span>
  );
}

/** A label before its control. */
export function Labelled({ text, children }: { text: string; children: (id: string) => ReactNode }) {
  const id = useId();
  return (
    <>
      <label htmlFor={id}>{text}</label>
      <div className="control">{children(id)}</div>
    </>
  );
}
