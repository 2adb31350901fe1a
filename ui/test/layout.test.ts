import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Layout, paneSpecs, within } from "../src/data/layout";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a pane never gets larger or smaller than it may", () => {
  expect(within("rail", 10_000)).toBe(paneSpecs.rail.most);
  expect(within("rail", -5)).toBe(paneSpecs.rail.least);
  expect(within("list", 300.6)).toBe(301);
});

test("what was kept is taken back; a name or a size that no pane has is not", () => {
  const layout = new Layout(() => undefined);
  layout.restore({ rail: 220, list: Number.NaN, drawer: 9_999, cellar: 12, drawer_out: 1 });
  expect(layout.size("rail")).toBe(220);
  expect(layout.size("list")).toBe(paneSpecs.list.usual);
  expect(layout.size("drawer")).toBe(paneSpecs.drawer.most);
  expect(layout.drawer()).toBe(true);
});

test("an edge that is pulled over many sizes is kept once, where it came to rest", () => {
  const keep = vi.fn();
  const layout = new Layout(keep);
  for (let size = 200; size <= 240; size += 4) layout.resize("rail", size);
  expect(layout.size("rail")).toBe(240);
  expect(keep).not.toHaveBeenCalled();
  vi.runAllTimers();
  expect(keep.mock.calls).toEqual([[{ rail: 240 }]]);
});

test("usual sizes are those that nothing is kept for, and the drawer stays where it is", () => {
  const keep = vi.fn();
  const layout = new Layout(keep);
  layout.restore({ rail: 220, folded: 200, drawer_out: 1 });
  expect(layout.arranged()).toBe(true);
  layout.reset();
  expect(layout.arranged()).toBe(false);
  vi.runAllTimers();
  expect(keep.mock.calls).toEqual([[{ drawer_out: 1 }]]);
});

test("a size that is the one it has is no change", () => {
  const layout = new Layout(() => undefined);
  layout.resize("rail", 230);
  const changed = vi.fn();
  layout.watch(changed);
  layout.resize("rail", 230);
  expect(changed).not.toHaveBeenCalled();
});
