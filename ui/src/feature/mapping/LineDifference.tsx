import { hunks, type DiffLine } from "../../data/lines";

/** Lines of the document that are others, with one around them. Marks stand beside the colours. */
export function LineDifference({ lines, label }: { lines: readonly DiffLine[]; label: string }) {
  return (
    <div className="difference selectable" role="group" aria-label={label} tabIndex={0}>
      {hunks(lines).map((line, place) =>
        line === null ? (
          <div key={place} className="gap" aria-hidden>
            ⋯
          </div>
        ) : (
          <div key={place} className={line.kind}>
            <span className="place">{line.after ?? line.before}</span>
            <span className="mark">{line.kind === "added" ? "+" : line.kind === "removed" ? "−" : " "}</span>
            <code>{line.text}</code>
          </div>
        ),
      )}
    </div>
  );
}
