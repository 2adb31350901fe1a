import type { ConnectionView } from "../host";

/** Colours by which connections are told apart, as firn.yaml has them. */
export const colors = ["red", "orange", "yellow", "green", "teal", "blue", "purple", "gray"] as const;

/** The colour that marks a connection; nothing where it has none. What it stands beside is its name. */
export function Swatch({ color }: { color: string | undefined }) {
  return color ? <span className="swatch" style={{ background: `var(--mark-${color})` }} aria-hidden="true" /> : null;
}

/** From which connection to which, each with its colour. */
export function Between({
  source,
  target,
  connections,
}: {
  source: string | null;
  target: string | null;
  connections: readonly ConnectionView[];
}) {
  const color = (name: string | null) => connections.find((connection) => connection.name === name)?.settings.color;
  return (
    <code>
      <Swatch color={color(source)} />
      {source ?? "no source"} → <Swatch color={color(target)} />
      {target ?? "no target"}
    </code>
  );
}
