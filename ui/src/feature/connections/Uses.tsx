import { PRODUCTION } from "../../data/guard";
import { Segments } from "../../kit";
import type { Draft } from "./form";

const labels = [
  { value: "", text: "none" },
  { value: "staging", text: "staging" },
  { value: PRODUCTION, text: "production" },
];

type UsesProps = {
  label: string;
  role: Draft["role"];
  /** Whether it may stay without a role: one is given to another connection, never merely taken away. */
  free: boolean;
  onLabel: (label: string) => void;
  onRole: (role: Draft["role"]) => void;
};

/** The lines of the form that say how careful to be with a connection and what it is for. */
export function Uses({ label, role, free, onLabel, onRole }: UsesProps) {
  return (
    <>
      <span className="as-label">Label</span>
      <span className="control">
        <span>
          <Segments
            label="Label"
            value={label}
            options={
              // A label of the file's own stays choosable.
              labels.some((known) => known.value === label) ? labels : [...labels, { value: label, text: label }]
            }
            onChange={onLabel}
          />
        </span>
        {label === PRODUCTION && (
          <span className="note">In the window, what writes into it asks for its name first.</span>
        )}
      </span>
      <span className="as-label">Used as</span>
      <span className="control">
        <span>
          <Segments
            label="Used as"
            value={role}
            options={[
              ...(free ? [{ value: "" as const, text: "not yet" }] : []),
              { value: "source" as const, text: "source" },
              { value: "target" as const, text: "target" },
            ]}
            onChange={onRole}
          />
        </span>
      </span>
    </>
  );
}
