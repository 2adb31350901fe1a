import "./changes.css";
import { count } from "../data/format";
import type { ChangeView } from "../host";
import { State } from "./state";

const groups = [
  { kind: "new", title: "New" },
  { kind: "removed", title: "Removed" },
  { kind: "changed", title: "Changed" },
] as const;

/** What has changed in the source of a table since its last run, and what the next one does about it. */
export function Changes({ of }: { of: readonly ChangeView[] }) {
  return groups.map(({ kind, title }) => {
    const list = of.filter((change) => change.kind === kind);
    return (
      list.length > 0 && (
        <section key={kind} aria-label={title}>
          <h3>
            {title} <span className="faint">{count(list.length)}</span>
          </h3>
          <table className="plain">
            <tbody>
              {list.map((change, place) => (
                <Row key={place} change={change} />
              ))}
            </tbody>
          </table>
        </section>
      )
    );
  });
}

function Row({ change }: { change: ChangeView }) {
  return (
    <tr>
      <td className="mono" title={change.column ?? undefined}>
        {change.column ?? "the table"}
      </td>
      <td className="mono soft">
        {change.before && change.now ? (
          <>
            {change.before} → {change.now}
          </>
        ) : (
          (change.now ?? change.before ?? "")
        )}
      </td>
      <td>{change.stops ? <State tone="failed">{change.outcome}</State> : change.outcome}</td>
    </tr>
  );
}
