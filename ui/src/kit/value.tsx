import { shownValue } from "../data/value";

/** A value of a row: NULL, an empty text and blanks never look alike. */
export function Value({ of }: { of: unknown }) {
  const shown = shownValue(of);
  switch (shown.kind) {
    case "null":
      return <span className="null">NULL</span>;
    case "empty":
      return <span className="empty-text">empty</span>;
    case "plain":
      return <>{shown.text}</>;
    case "text":
      return (
        <>
          {shown.parts.map((part, place) => (
            <span key={place} className={part.blank ? "blank" : undefined}>
              {part.text}
            </span>
          ))}
        </>
      );
  }
}
