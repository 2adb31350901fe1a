import { RotateCw } from "lucide-react";
import { count, counted } from "../../data/format";
import type { Draft } from "../../data/mapping";
import { usePreview } from "../../data/queries";
import { errorView } from "../../host";
import { Button, Icon, State, Trouble, Value } from "../../kit";

/** Rows of a sample before and after, for one column; asked for only when the person wants to see values. */
export function Sample({
  folder,
  table,
  draft,
  column,
}: {
  folder: string;
  table: string;
  draft: Draft;
  column: string;
}) {
  const preview = usePreview(folder, table, draft);
  const view = preview.data;
  const place = view?.columns.findIndex((one) => one.name === column) ?? -1;
  const key = view?.columns.findIndex((one) => one.key) ?? -1;
  const refused = view?.refused.filter((one) => one.column === column) ?? [];
  const worst = view?.worst.filter((one) => one.column === column) ?? [];
  return (
    <div className="sample">
      <div className="line wrap">
        <Button
          compact
          onPress={() => void preview.refetch()}
          unavailable={preview.isFetching ? "rows are being read" : null}
        >
          <Icon of={RotateCw} small />
          {view ? "Sample again" : "Show rows"}
        </Button>
        {preview.isFetching && <State tone="running">reading rows</State>}
        {view && (
          <span className="soft">
            {view.complete ? `all ${counted(view.sampled, "row")}` : `the first ${counted(view.sampled, "row")}`}
            {view.matching < view.sampled && `, ${count(view.matching)} let through`}
          </span>
        )}
        {refused.map((one) => (
          <State key={one.code} tone="failed">
            {counted(one.rows, "row")} would be rejected: {one.message}
          </State>
        ))}
        {worst.map((one) => (
          <span key={one.what} className="soft">
            {one.what === "longest" ? `longest ${counted(one.characters ?? 0, "character")}` : one.what}
            {one.rows !== null && `: ${counted(one.rows, "row")}`}
          </span>
        ))}
      </div>
      {preview.isError && <Trouble error={errorView(preview.error)} title={<b>No rows were read</b>} />}
      {view && place >= 0 && (
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
                    <td className="faint">{same ? "same" : "another value"}</td>
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
