import { Search } from "lucide-react";
import { type Route, routeHash, useRegistry } from "../action";
import { shortRun } from "../data/format";
import { Icon, Keys } from "../kit";

/** The path to where the person is, and the way to anywhere else. */
export function TopBar({ route }: { route: Route }) {
  const registry = useRegistry();
  const steps = crumbs(route);
  return (
    <header className="topbar">
      <nav className="crumb" aria-label="Path">
        {steps.map((step, place) => (
          <span key={step.text} className="line">
            {place > 0 && <span className="bar">/</span>}
            {place < steps.length - 1 && step.to ? (
              <a href={routeHash(step.to)}>{step.text}</a>
            ) : (
              <span className={`here${step.mono ? " mono" : ""}`}>{step.text}</span>
            )}
          </span>
        ))}
      </nav>
      <button type="button" className="goto" onClick={() => registry.run("palette.open")}>
        <Icon of={Search} small />
        <span className="grow">Go to or run</span>
        <Keys of="mod+k" />
      </button>
    </header>
  );
}

type Step = { text: string; to?: Route; mono?: boolean };

const tables: Step = { text: "Tables", to: { screen: "tables", table: null } };

/** What is looked at of a table. */
function ofTable(table: string, text: string): Step[] {
  return [tables, { text: table, to: { screen: "tables", table }, mono: true }, { text }];
}

function crumbs(route: Route): Step[] {
  const step = (text: string | null): Step[] => (text ? [{ text, mono: true }] : []);
  switch (route.screen) {
    case "overview":
      return [{ text: "Overview" }];
    case "connections":
      return [
        { text: "Connections", to: { screen: "connections", name: null } },
        ...(route.name === "+" ? [{ text: "New" }] : step(route.name)),
      ];
    case "tables":
      return [tables, ...step(route.table)];
    case "mapping":
      return ofTable(route.table, "Columns");
    case "verify":
      return route.table ? ofTable(route.table, "Compared") : [tables, { text: "Compared" }];
    case "rows":
      return ofTable(route.table, "Rows");
    case "find":
      return [tables, { text: "Find" }];
    case "runs":
      return [{ text: "Runs", to: { screen: "runs", runId: null } }, ...step(route.runId && shortRun(route.runId))];
    case "settings":
      return [{ text: "Settings" }];
    case "rejected":
      return [{ text: "Rejected rows", to: { screen: "rejected", table: null, row: null } }, ...step(route.table)];
  }
}
