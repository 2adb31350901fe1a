import { describe, expect, test } from "vitest";
import { ahead, around, covers, type Reach, type Stretch } from "../../src/grid/ahead";

const VIEW = 28;
const reach: Reach = { all: { from: 0, to: 10_000 }, most: VIEW + 1 + 24, ahead: 24, near: 4 };
const at = (from: number): Stretch => ({ from, to: Math.min(reach.all.to, from + VIEW) });

/** Goes to each place in turn, and gathers what was drawn at each. */
function walk(places: readonly number[]): Stretch[] {
  let before = at(places[0] ?? 0);
  let drawn = around(before, reach);
  return places.map((place) => {
    drawn = ahead(drawn, before, at(place), reach);
    before = at(place);
    return drawn;
  });
}
const steps = (first: number, step: number, many: number) => Array.from({ length: many }, (_, at) => first + at * step);

describe("how far beyond the view is drawn", () => {
  test("whatever way one goes, the view is drawn, on no more elements than there are", () => {
    const ways = [1, 3, -1, -3, 20, -20, 27, 28, 29, -29, 400];
    for (const way of ways) {
      const places = steps(way < 0 ? 9_000 : 40, way, 22);
      const there = [...places, ...places.toReversed()];
      for (const [step, drawn] of walk(there).entries()) {
        const view = at(there[step] ?? 0);
        expect(covers(drawn, view), `${way} a step, after ${step} steps`).toBe(true);
        expect(drawn.to - drawn.from).toBeLessThanOrEqual(reach.most);
      }
    }
  });

  test("most steps of a wheel draw nothing, and those that do leave room for the next ones", () => {
    for (const way of [3, -3]) {
      const drawn = walk(steps(5_000, way, 80));
      const others = drawn.filter((one, step) => step > 0 && one !== drawn[step - 1]);
      expect(others.length).toBeLessThan(14);
      // Never at the edge of what is drawn: a screen may be ahead of its page by a frame.
      for (const [step, one] of drawn.entries()) {
        const view = at(5_000 + step * way);
        expect(way > 0 ? one.to - view.to : view.from - one.from).toBeGreaterThanOrEqual(reach.near);
      }
    }
  });

  test("a way back over what is drawn draws nothing", () => {
    const drawn = walk([5_000, 5_003, 5_006, 5_003, 5_001, 5_004]);
    expect(new Set(drawn).size).toBe(1);
  });

  test("a jump draws the view alone, and rest what is around it", () => {
    expect(walk([100, 4_000]).at(-1)).toEqual(at(4_000));
    expect(around(at(4_000), reach)).toEqual({ from: 3_988, to: 4_040 });
  });

  test("nothing is drawn beyond the first and the last", () => {
    expect(walk([9, 6, 3, 0]).at(-1)?.from).toBe(0);
    expect(walk([9_950, 9_965, 9_972]).at(-1)?.to).toBe(10_000);
    expect(around({ from: 2, to: 9 }, { all: { from: 2, to: 9 }, most: 7, ahead: 4, near: 1 })).toEqual({
      from: 2,
      to: 9,
    });
    const none = { all: { from: 0, to: 0 }, most: 0, ahead: 24, near: 4 };
    expect(ahead({ from: 0, to: 0 }, { from: 0, to: 0 }, { from: 0, to: 0 }, none)).toEqual({ from: 0, to: 0 });
  });
});
