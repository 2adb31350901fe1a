import type { ReactNode } from "react";
import { SameAsText } from "./copy";

/** What stands where a list is empty: what goes here, the main button, the command line. */
export function Nothing({
  title,
  children,
  command,
  acts,
}: {
  title: string;
  children?: ReactNode;
  command?: string;
  acts?: ReactNode;
}) {
  return (
    <div className="nothing">
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {acts && <div className="line wrap">{acts}</div>}
      {command && <SameAsText command={command} lead="On the command line:" />}
    </div>
  );
}

/** A word that something is being asked for; seen only after 200 ms. */
export function Waiting({ text }: { text: string }) {
  return (
    <p className="pad faint late" role="status">
      {text}
    </p>
  );
}
