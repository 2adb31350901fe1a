import type { TableEdit } from "../../host";
import { Choice, Labelled } from "../../kit";
import { tableChoices } from "./choices";

/** A key of a table that has one of a few words. */
export function TableChoice({
  of,
  value,
  edited = false,
  kept,
  onChange,
}: {
  of: keyof typeof tableChoices;
  value: string;
  /** Whether the file says something else. */
  edited?: boolean;
  /** What no word means, where none may be chosen. */
  kept?: string;
  onChange: (edit: TableEdit) => void;
}) {
  const { text, options } = tableChoices[of];
  return (
    <Labelled text={edited ? `${text} (edited)` : text}>
      {(id) => (
        <Choice
          id={id}
          value={value}
          options={kept === undefined ? options : [{ value: "", text: kept }, ...options]}
          onChange={(word) => onChange({ [of]: word })}
        />
      )}
    </Labelled>
  );
}
