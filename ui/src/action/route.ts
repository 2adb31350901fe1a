// Where the person is. The selected object is part of it, so that going back finds it again.

import { useSyncExternalStore } from "react";

/** A place in an open workspace. */
export type Route =
  | { screen: "overview" }
  | { screen: "connections"; name: string | null }
  | { screen: "tables"; table: string | null }
  | { screen: "mapping"; table: string; column: string | null }
  | { screen: "verify"; table: string | null }
  | { screen: "rows"; table: string; side: "source" | "target" }
  | { screen: "find" }
  | { screen: "runs"; runId: string | null; table?: string | null }
  | { screen: "rejected"; table: string | null; row: string | null }
  | { screen: "settings" };

/** Writes a place as the part of an address after `#`. */
export function routeHash(route: Route): string {
  const parts: (string | null)[] = (() => {
    switch (route.screen) {
      case "overview":
        return ["overview"];
      case "connections":
        return ["connections", route.name];
      case "tables":
        return ["tables", route.table];
      case "mapping":
        return ["mapping", route.table, route.column];
      case "verify":
        return ["verify", route.table];
      case "rows":
        return ["rows", route.table, route.side];
      case "find":
        return ["find"];
      case "runs":
        return ["runs", route.runId, route.table ?? null];
      case "rejected":
        return ["rejected", route.table, route.row];
      case "settings":
        return ["settings"];
    }
  })();
  const known = parts.slice(0, parts.findLastIndex((part) => part !== null) + 1);
  return `#/${known.map((part) => encodeURIComponent(part ?? "")).join("/")}`;
}

/** Reads a place; anything unknown is the overview. */
export function parseRoute(hash: string): Route {
  const parts = hash.replace(/^#\/?/, "").split("/").map(decoded);
  const at = (index: number) => parts[index] || null;
  switch (parts[0]) {
    case "connections":
      return { screen: "connections", name: at(1) };
    case "tables":
      return { screen: "tables", table: at(1) };
    case "mapping": {
      const table = at(1);
      return table ? { screen: "mapping", table, column: at(2) } : { screen: "tables", table: null };
    }
    case "verify":
      return { screen: "verify", table: at(1) };
    case "rows": {
      const table = at(1);
      return table
        ? { screen: "rows", table, side: at(2) === "target" ? "target" : "source" }
        : { screen: "tables", table: null };
    }
    case "find":
      return { screen: "find" };
    case "runs":
      return at(1) && at(2) ? { screen: "runs", runId: at(1), table: at(2) } : { screen: "runs", runId: at(1) };
    case "rejected":
      return { screen: "rejected", table: at(1), row: at(2) };
    case "settings":
      return { screen: "settings" };
    default:
      return { screen: "overview" };
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Goes to a place. `quietly` leaves no step to go back to: for a selection that moves along a list. */
export function navigate(route: Route, quietly = false): void {
  const hash = routeHash(route);
  if (hash === window.location.hash) return;
  if (quietly) {
    window.history.replaceState(null, "", hash);
    window.dispatchEvent(new HashChangeEvent("hashchange"));
  } else {
    window.location.hash = hash;
  }
}

function subscribe(changed: () => void): () => void {
  window.addEventListener("hashchange", changed);
  return () => window.removeEventListener("hashchange", changed);
}

/** The place now. */
export function useRoute(): Route {
  return parseRoute(useSyncExternalStore(subscribe, () => window.location.hash));
}

/** One level up: from an object to its list, from a list to the overview. */
export function above(route: Route): Route {
  switch (route.screen) {
    case "connections":
      return route.name ? { screen: "connections", name: null } : { screen: "overview" };
    case "tables":
      return route.table ? { screen: "tables", table: null } : { screen: "overview" };
    case "mapping":
    case "rows":
      return { screen: "tables", table: route.table };
    case "verify":
      return route.table ? { screen: "tables", table: route.table } : { screen: "overview" };
    case "find":
      return { screen: "tables", table: null };
    case "runs":
      if (route.runId && route.table) return { screen: "runs", runId: route.runId };
      return route.runId ? { screen: "runs", runId: null } : { screen: "overview" };
    case "rejected":
      return route.row
        ? { screen: "rejected", table: route.table, row: null }
        : route.table
          ? { screen: "rejected", table: null, row: null }
          : { screen: "overview" };
    case "settings":
      return { screen: "overview" };
    case "overview":
      return route;
  }
}
