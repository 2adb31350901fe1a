import { Plus, X } from "lucide-react";
import { type Ref, useId, useState } from "react";
import type { RowsFilter, RowsTest } from "../../host";
import { Button, Choice, Icon } from "../../kit";

const tests: readonly { value: RowsTest; text: string }[] = [
  { value: "contains", text: "contains" },
  { value: "equals", text: "is" },
  { value: "differs", text: "is not" },
  { value: "below", text: "below" },
  { value: "above", text: "above" },
  { value: "is_null", text: "is NULL" },
  { value: "not_null", text: "is not NULL" },
];

const takesValue = (test: RowsTest) => test !== "is_null" && test !== "not_null";

/** A condition in words. */
export function filterText({ column, test, value }: RowsFilter): string {
  const word = tests.find((one) => one.value === test)?.text ?? test;
  return takesValue(test) ? `${column} ${word} ${value === "" ? "empty" : value}` : `${column} ${word}`;
}

/** Conditions by column: those that hold, and one to add. Values are bound, never part of a statement. */
export function RowFilters({
  columns,
  column: focused,
  filters,
  onChange,
  inputRef,
}: {
  columns: readonly string[];
  /** The column with the focus: what is typed is about it until another one is named. */
  column: string | null;
  filters: readonly RowsFilter[];
  onChange: (filters: readonly RowsFilter[]) => void;
  inputRef: Ref<HTMLInputElement>;
}) {
  const id = useId();
  const [named, setNamed] = useState<string | null>(null);
  const [test, setTest] = useState<RowsTest>("contains");
  const [value, setValue] = useState("");
  const column = named ?? focused ?? columns[0] ?? "";
  const known = columns.includes(column);
  const unavailable = !known
    ? "the table has no such column"
    : test === "contains" && value === ""
      ? "type what to look for"
      : null;
  return (
    <form
      className="filter-bar"
      aria-label="Filter rows"
      onSubmit={(event) => {
        event.preventDefault();
        if (unavailable !== null) return;
        onChange([...filters, { column, test, value: takesValue(test) ? value : "" }]);
        setNamed(null);
        setValue("");
      }}
    >
      <input
        className="field mono column"
        aria-label="Column"
        list={`${id}columns`}
        autoComplete="off"
        spellCheck={false}
        aria-invalid={!known || undefined}
        value={column}
        onFocus={(event) => event.target.select()}
        onChange={(event) => setNamed(event.target.value)}
      />
      <datalist id={`${id}columns`}>
        {columns.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <Choice label="Test" value={test} options={tests} onChange={setTest} />
      {takesValue(test) && (
        <input
          ref={inputRef}
          className="field mono"
          aria-label="Value"
          placeholder="value"
          autoComplete="off"
          spellCheck={false}
          value={value}
          onChange={(event) => setValue(event.target.value)}
        />
      )}
      <button
        type="submit"
        className="button compact"
        aria-disabled={unavailable !== null || undefined}
        title={unavailable ?? undefined}
      >
        <Icon of={Plus} small />
        Filter
      </button>
      {filters.map((filter, place) => (
        <span key={`${filterText(filter)}${place}`} className="held">
          <span className="cut" title={filterText(filter)}>
            {filterText(filter)}
          </span>
          <Button
            look="quiet"
            compact
            label={`Drop the filter ${filterText(filter)}`}
            onPress={() => onChange(filters.filter((_, at) => at !== place))}
          >
            <Icon of={X} small />
          </Button>
        </span>
      ))}
    </form>
  );
}
