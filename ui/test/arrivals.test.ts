import { expect, test } from "vitest";
import { placeHash, receive } from "../src/app/arrivals";

function reception() {
  const done: string[] = [];
  return {
    done,
    open: (folder: string, then?: () => void) => {
      done.push(`open ${folder}`);
      then?.();
    },
    go: (hash: string) => done.push(`go ${hash}`),
  };
}

test("a place is the address of its screen, with what is selected", () => {
  expect(placeHash({ folder: null, screen: "runs", object: null })).toBe("#/runs");
  expect(placeHash({ folder: null, screen: "tables", object: "public.a/b#c" })).toBe("#/tables/public.a%2Fb%23c");
});

test("a folder is opened, a link to a workspace opens it first, and nothing else is done", () => {
  const window = reception();
  expect(receive({ event: "open", folder: "/w/shop" }, window)).toBeNull();
  receive({ event: "go", place: { folder: null, screen: "settings", object: null } }, window);
  receive({ event: "go", place: { folder: "/w/shop", screen: "runs", object: "r1" } }, window);
  receive({ event: "waiting", message: "held" }, window);
  expect(window.done).toEqual(["open /w/shop", "go #/settings", "open /w/shop", "go #/runs/r1"]);
});

test("what was ignored is told", () => {
  const finding = { level: "warning", code: "link", message: "a link was ignored", fix: null } as const;
  expect(receive({ event: "told", finding }, reception())).toEqual(finding);
});
