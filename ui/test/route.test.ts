import { expect, test } from "vitest";
import { above, parseRoute, type Route, routeHash } from "../src/action/route";

const routes: Route[] = [
  { screen: "overview" },
  { screen: "connections", name: null },
  { screen: "connections", name: "+" },
  { screen: "tables", table: "sch/ema.odd name#?%" },
  { screen: "mapping", table: "public.users", column: "عمود/1" },
  { screen: "verify", table: "public.users" },
  { screen: "verify", table: null },
  { screen: "settings" },
  { screen: "rows", table: "sch/ema.odd name#?%", side: "target" },
  { screen: "find" },
  { screen: "runs", runId: "9f31c2aa", table: "public.orders" },
  { screen: "runs", runId: "9f31c2aa" },
  { screen: "rejected", table: null, row: "17" },
  { screen: "rejected", table: "public.users", row: null },
];

test("every place survives its address", () => {
  expect(routes.map((route) => parseRoute(routeHash(route)))).toEqual(routes);
});

test("an address that means nothing is the overview", () => {
  expect(["", "#", "#/nowhere/1", "#/%E0%A4%A"].map((hash) => parseRoute(hash).screen)).toEqual([
    "overview",
    "overview",
    "overview",
    "overview",
  ]);
});

test("Esc leads up to the overview from everywhere", () => {
  for (const route of routes) {
    let here = route;
    let steps = 0;
    while (here.screen !== "overview" && steps < 5) {
      here = above(here);
      steps += 1;
    }
    expect(here).toEqual({ screen: "overview" });
  }
});
