import { saidParts } from "../data/said";

/** What the host said, with names and values between backticks in the database's own type. */
export function Said({ text }: { text: string }) {
  return saidParts(text).map((part, place) =>
    part.code ? <code key={place}>{part.text}</code> : <span key={place}>{part.text}</span>,
  );
}

/** What happened, and after it what to do where that is known. */
export function SaidAndHint({ message, hint }: { message: string; hint: string | null | undefined }) {
  return (
    <>
      <Said text={message} />
      {hint && (
        <span className="soft">
          {" "}
          <Said text={hint} />
        </span>
      )}
    </>
  );
}
