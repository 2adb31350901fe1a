import { differenceParts } from "../data/difference";
import { Value } from "./value";

/** A value held against another one: what is not in the other is marked, by its ground and by a line below. */
export function Difference({ of, against }: { of: unknown; against: unknown }) {
  const parts = differenceParts(of, against)?.one;
  if (!parts)
    return (
      <mark className="changed">
        <Value of={of} />
      </mark>
    );
  return (
    <>
      {parts.map((part, place) => {
        const text = part.blank ? <span className="blank">{part.text}</span> : part.text;
        return part.changed ? (
          <mark key={place} className="changed">
            {text}
          </mark>
        ) : (
          <span key={place}>{text}</span>
        );
      })}
    </>
  );
}
