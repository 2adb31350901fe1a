import { X } from "lucide-react";
import { useState } from "react";
import { count, shortType } from "../../data/format";
import { foldedFields } from "../../data/rejected";
import type { RejectedRowView } from "../../host";
import { Button, CopyBlock, Icon, Segments, Value } from "../../kit";

type PayloadProps = {
  row: RejectedRowView;
  /** Types in the source, as far as they are known. */
  types: ReadonlyMap<string, string>;
};

/** The values of a row as they were read, the refused one marked; NULLs without interest are folded away. */
export function Payload({ row, types }: PayloadProps) {
  const [shape, setShape] = useState<"fields" | "json">("fields");
  const [nulls, setNulls] = useState(false);
  const fields = Object.entries(row.payload ?? {});
  const { shown, folded } = foldedFields(fields, (column) => column in row.pk || column === row.column);
  return (
    <>
      <div className="section-head">
        <h2>Values</h2>
        <span className="faint">as read from the source</span>
        {row.payload && (
          <div className="acts">
            <Segments
              compact
              label="Shape"
              value={shape}
              options={[
                { value: "fields", text: "Fields" },
                { value: "json", text: "JSON" },
              ]}
              onChange={setShape}
            />
          </div>
        )}
      </div>
      {!row.payload ? (
        <p className="pad soft">
          No values are kept: payloads are switched off, or this one has expired. The row itself is still at the source.
        </p>
      ) : shape === "json" ? (
        <div className="pad">
          <CopyBlock text={JSON.stringify(row.payload, null, 2)} tall />
        </div>
      ) : (
        <dl className="payload">
          {(nulls ? fields : shown).map(([column, value]) => (
            <PayloadLine
              key={column}
              column={column}
              value={value}
              type={types.get(column)}
              isKey={column in row.pk}
              blamed={column === row.column}
            />
          ))}
        </dl>
      )}
      {row.payload && shape === "fields" && folded > 0 && (
        <p className="folded">
          <Button compact look="quiet" expanded={nulls} onPress={() => setNulls(!nulls)}>
            {nulls ? `Fold ${count(folded)} that are NULL` : `${count(folded)} more, all NULL`}
          </Button>
        </p>
      )}
    </>
  );
}

type PayloadLineProps = {
  column: string;
  value: unknown;
  type: string | undefined;
  isKey: boolean;
  blamed: boolean;
};

function PayloadLine({ column, value, type, isKey, blamed }: PayloadLineProps) {
  return (
    <div className={blamed ? "blamed" : undefined}>
      <dt className={isKey ? "key-column" : undefined}>
        {blamed && <Icon of={X} small />}
        {column}
      </dt>
      <dd>
        <Value of={value} />
        {blamed && <span className="unseen"> this one was refused</span>}
      </dd>
      <dd className="type" title={type}>
        {type === undefined ? "" : shortType(type)}
      </dd>
    </div>
  );
}
