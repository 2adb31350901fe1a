import { X } from "lucide-react";
import { useEffect, useState } from "react";
import { useAction } from "../../action";
import { count, counted } from "../../data/format";
import type { DataColumn } from "../../grid/cells";
import { errorView, type ErrorView } from "../../host";
import { Button, CopyButton, Icon, Trouble, Value, Waiting } from "../../kit";
import type { RowsReader } from "./listed";

/** The whole value of a cell. */
export function CellPane({
  reader,
  row,
  at,
  column,
  known,
  onClose,
}: {
  reader: RowsReader;
  row: number;
  /** Place of the column in the table. */
  at: number;
  column: DataColumn;
  /** The value as the grid has it; undefined where it is not here, or was cut. */
  known: string | null | undefined;
  onClose: () => void;
}) {
  useAction("go.up", onClose);
  const [read, setRead] = useState<{ value: string | null } | { error: ErrorView } | null>(null);
  useEffect(() => {
    setRead(null);
    if (known !== undefined) return;
    const stop = new AbortController();
    reader.whole(row, at, stop.signal).then(
      (value) => !stop.signal.aborted && setRead({ value }),
      (error: unknown) => !stop.signal.aborted && setRead({ error: errorView(error) }),
    );
    return () => stop.abort();
  }, [reader, row, at, known]);
  const value = known !== undefined ? known : read && "value" in read ? read.value : undefined;
  return (
    <section className="pane inspector cell-pane" aria-label="Value">
      <div className="pane-head">
        <h2 className="cut">
          <code>{column.name}</code>
        </h2>
        <div className="acts">
          {typeof value === "string" && <CopyButton text={value} />}
          <Button look="quiet" compact label="Close the value" onPress={onClose}>
            <Icon of={X} small />
          </Button>
        </div>
      </div>
      <dl className="facts pad">
        <dt>Type</dt>
        <dd>
          <code>{column.type}</code>
        </dd>
        <dt>Row</dt>
        <dd>{count(row + 1)}</dd>
        {typeof value === "string" && (
          <>
            <dt>Length</dt>
            <dd>{counted([...value].length, "character")}</dd>
          </>
        )}
      </dl>
      {read && "error" in read ? (
        <Trouble error={read.error} title={<b>The value was not read</b>} />
      ) : value === undefined ? (
        <Waiting text="Reading the value" />
      ) : (
        <div className="whole selectable" dir="auto" tabIndex={0} role="document" aria-label="Whole value">
          <Value of={value} />
        </div>
      )}
    </section>
  );
}
