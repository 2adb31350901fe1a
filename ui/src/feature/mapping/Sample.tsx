import { count, counted } from "../../data/format";
import { errorView, type PreviewView, type WorstView } from "../../host";
import { State, Trouble, Value } from "../../kit";

/** Rows of a sample before and after for one column, those first in which it fares worst. */
export function Sample({
  view,
  column,
  error,
  busy,
}: {
  view: PreviewView | undefined;
  column: string;
  error: unknown;
  busy: boolean;
}) {
  const place = view?.columns.findIndex((one) => one.name === column) ?? -1;
  const key = view?.columns.findIndex((one) => one.key) ?? -1;
  const refused = view?.refused.filter((one) => one.column === column) ?? [];
  const worst = view?.worst.filter((one) => one.column === column) ?? [];
  return (
    <div className="sample" aria-busy={busy}>
      {error !== null && <Trouble error={errorView(error)} title={<b>No rows were read</b>} />}
      {view && error === null && (
        <div className="line wrap">
          <span className="soft">
            {view.complete ? `all ${counted(view.sampled, "row")}` : `${counted(view.sampled, "row")} looked at`}
            {view.matching < view.sampled && `, ${count(view.matching)} let through`}
          </span>
          {refused.map((one) => (
            <State key={one.code} tone="failed">
              {counted(one.rows, "row")} would be rejected: {one.message}
            </State>
          ))}
          {worst.map((one) => (
            <Worst key={one.what} of={one} />
          ))}
        </div>
      )}
      {view && error === null && place >= 0 && (
        <div className="rows">
          <table className="plain">
            <thead>
              <tr>
                {key >= 0 && key !== place && <th>{view.columns[key]?.name}</th>}
                <th>before</th>
                <th>after</th>
                <th>difference</th>
              </tr>
            </thead>
            <tbody>
              {view.rows.map((row, at) => {
                const cell = row[place];
                const same = cell?.before === cell?.after;
                return (
                  <tr key={`${at} ${row[key]?.before ?? ""}`}>
                    {key >= 0 && key !== place && (
                      <td className="mono">
                        <Value of={row[key]?.before ?? null} />
                      </td>
                    )}
                    <td className="mono">
                      <Value of={cell?.before ?? null} />
                    </td>
                    <td className={`mono${same ? "" : " other"}`}>
                      <Value of={cell?.after ?? null} />
                    </td>
                    <td className="faint">{same ? "same" : cell?.after === null ? "gone: NULL" : "another value"}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
          {view.rows.length === 0 && <p className="soft">No row comes through.</p>}
        </div>
      )}
    </div>
  );
}

/** What a sample found of one kind of bad value. */
function Worst({ of }: { of: WorstView }) {
  const rows = counted(of.rows ?? 0, "row");
  const characters = of.characters ?? 0;
  switch (of.what) {
    case "changed":
      return <State tone="warn">{rows} with another value</State>;
    case "longest":
      return <span className="soft">longest {counted(characters, "character")}</span>;
    case "most_precise":
      return (
        <span className="soft" title={of.value ?? undefined}>
          at most {counted(characters, "digit")} after the point
        </span>
      );
    case "largest":
      return (
        <span className="soft" title={of.value ?? undefined}>
          at most {counted(characters, "digit")} before it
        </span>
      );
    default:
      return (
        <State tone="warn">
          {of.what}: {rows}
        </State>
      );
  }
}
