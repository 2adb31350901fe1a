import { PRODUCTION } from "../../data/guard";
import { colors, Segments, Swatch } from "../../kit";
import type { Draft } from "./form";
import type { Role } from "./kinds";

const labels = [
  { value: "", text: "none" },
  { value: "staging", text: "staging" },
  { value: PRODUCTION, text: "production" },
];

type UsesProps = {
  label: string;
  color: string;
  role: Draft["role"];
  /** What it may be used for. */
  roles: readonly Role[];
  /** Whether it may stay without a role: one is given to another connection, never merely taken away. */
  free: boolean;
  onLabel: (label: string) => void;
  onColor: (color: string) => void;
  onRole: (role: Draft["role"]) => void;
};

/** The lines of the form that say how careful to be with a connection and what it is for. */
export function Uses({ label, color, role, roles, free, onLabel, onColor, onRole }: UsesProps) {
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
      <span className="as-label">Colour</span>
      <span>
        <Segments
          label="Colour"
          value={color}
          options={[
            { value: "", text: "none" },
            ...colors.map((one) => ({ value: one, text: <Swatch color={one} />, name: one })),
          ]}
          onChange={onColor}
        />
      </span>
      {roles.length > 0 && (
        <>
          <span className="as-label">Used as</span>
          <span className="control">
            <span>
              <Segments
                label="Used as"
                value={role}
                options={[
                  ...(free ? [{ value: "" as const, text: "not yet" }] : []),
                  ...roles.map((one) => ({ value: one, text: one })),
                ]}
                onChange={onRole}
              />
            </span>
          </span>
        </>
      )}
    </>
  );
}
