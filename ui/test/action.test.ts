import { describe, expect, test, vi } from "vitest";
import { type ActionSpec, actions, keyCaps } from "../src/action/list";
import { ActionRegistry } from "../src/action/registry";
import { matchPress, pressName } from "../src/action/shortcut";

const all: readonly ActionSpec[] = actions;
const press = (key: string, more: Partial<Parameters<typeof pressName>[0]> = {}) =>
  pressName({ key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...more });

describe("the list of actions", () => {
  test("no two actions share a name or a title in the same place", () => {
    expect(new Set(all.map((action) => action.id)).size).toBe(all.length);
    const titles = all.map((action) => `${action.scope} ${action.title}`);
    expect(new Set(titles).size).toBe(titles.length);
  });

  test("no two actions that can be offered together share their keys", () => {
    const general = all.filter((action) => action.scope === "everywhere" || action.scope === "workspace");
    for (const scope of new Set(all.map((action) => action.scope))) {
      const together = [...new Set([...general, ...all.filter((action) => action.scope === scope)])].flatMap(
        (action) => (action.keys ? [action.keys] : []),
      );
      expect(
        together.filter((keys, place) => together.indexOf(keys) !== place),
        scope,
      ).toEqual([]);
    }
  });

  test("no single key is also the first of two", () => {
    const firsts = new Set(all.flatMap((action) => (action.keys?.includes(" ") ? [action.keys.split(" ")[0]] : [])));
    expect(all.filter((action) => action.keys && firsts.has(action.keys))).toEqual([]);
  });

  test("keys that work while typing need mod", () => {
    expect(all.filter((action) => action.whileTyping && !action.keys?.startsWith("mod+"))).toEqual([]);
  });

  test("what stands in the status bar has keys", () => {
    expect(all.filter((action) => action.hint && !action.keys)).toEqual([]);
  });
});

describe("shortcuts", () => {
  const offered = all.map((spec) => ({ spec }));
  const of = (...ids: string[]) => offered.filter(({ spec }) => ids.includes(spec.id));

  test("a press is written as the list writes keys", () => {
    expect([
      press("k", { ctrlKey: true }),
      press("K", { metaKey: true, shiftKey: true }),
      press("?", { shiftKey: true }),
      press("Enter", { ctrlKey: true }),
      press("Escape"),
    ]).toEqual(["mod+k", "mod+Shift+k", "?", "mod+Enter", "Escape"]);
  });

  test("two keys lead to an action one after the other", () => {
    expect(matchPress(offered, "g", null, false)).toBe("first of two");
    expect(matchPress(offered, "t", "g", false)).toMatchObject({ spec: { id: "go.tables" } });
    expect(matchPress(offered, "z", "g", false)).toBeNull();
  });

  test("plain keys stay text while a person types", () => {
    expect(matchPress(of("connection.new", "connection.save"), "n", null, true)).toBeNull();
    expect(matchPress(of("connection.new", "connection.save"), "mod+s", null, true)).toMatchObject({
      spec: { id: "connection.save" },
    });
  });

  test("keys of actions that nobody offers lead nowhere", () => {
    expect(matchPress(of("tables.run"), "mod+s", null, false)).toBeNull();
  });

  test("caps are drawn key by key", () => {
    expect(keyCaps("mod+Enter")).toEqual(["Ctrl", "⏎"]);
    expect(keyCaps("g t")).toEqual(["G", "T"]);
  });
});

describe("offers", () => {
  test("an action that is not available is not done", () => {
    const registry = new ActionRegistry();
    const run = vi.fn();
    const back = registry.offer("tables.run", { run, unavailable: "a run goes on", object: null });
    expect(registry.run("tables.run")).toBe(false);
    back();
    registry.offer("tables.run", { run, unavailable: null, object: null });
    expect(registry.run("tables.run")).toBe(true);
    expect(run).toHaveBeenCalledTimes(1);
  });

  test("the last offer holds, and the one before it when that is taken back", () => {
    const registry = new ActionRegistry();
    const first = vi.fn();
    const second = vi.fn();
    registry.offer("go.up", { run: first, unavailable: null, object: null });
    const back = registry.offer("go.up", { run: second, unavailable: null, object: null });
    registry.run("go.up");
    back();
    registry.run("go.up");
    expect([first.mock.calls.length, second.mock.calls.length]).toEqual([1, 1]);
  });
});
