import { count, counted } from "../../data/format";
import { valueText } from "../../data/value";
import type { DifferingKeyView, VerifiedTable } from "../../host";
import { Difference } from "../../kit";

/** The cells of one key, source and target side by side; what is not in the other is marked. */
export function Cells({ of: one }: { of: DifferingKeyView }) {
  return (
    <>
      <div className="section-head">
        <h2>Cells</h2>
        <code className="of-key cut">
          {Object.entries(one.key)
            .map(([column, value]) => `${column} ${valueText(value)}`)
            .join(", ")}
        </code>
        <span className="faint">{counted(one.cells.length, "column")}</span>
      </div>
      {one.cells.length === 0 ? (
        <p className="pad soft">
          {one.kind === "missing"
            ? "The target has no row of this key."
            : one.kind === "extra"
              ? "The source has no row of this key."
              : "The cells of this key were not looked at."}
          {one.reason && ` ${one.reason}`}
        </p>
      ) : (
        <table className="plain cells">
          <thead>
            <tr>
              <th>Column</th>
              <th>Source</th>
              <th>Target</th>
            </tr>
          </thead>
          <tbody>
            {one.cells.map((cell) => (
              <tr key={cell.column}>
                <td className="mono">{cell.column}</td>
                <td className="mono strong">
                  <Difference of={cell.source} against={cell.target} />
                </td>
                <td className="mono">
                  <Difference of={cell.target} against={cell.source} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

type ByColumnProps = { verdict: VerifiedTable; column: string | null; onColumn: (column: string | null) => void };

/** How often each column differs; each of them filters. */
export function ByColumn({ verdict, column, onColumn }: ByColumnProps) {
  const columns = Object.entries(verdict.columns).sort(([a, one], [b, two]) => two - one || (a < b ? -1 : 1));
  return (
    <>
      <div className="section-head">
        <h2>By column</h2>
        <span className="faint">among {counted(verdict.cells_of, "changed key")}</span>
      </div>
      <ul className="by-column">
        {columns.map(([name, cells]) => (
          <li key={name}>
            <button
              type="button"
              aria-pressed={column === name}
              onClick={() => onColumn(column === name ? null : name)}
            >
              <code className="cut">{name}</code>
              <b>{count(cells)}</b>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
