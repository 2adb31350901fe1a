import { describe, expect, test } from "vitest";
import { filtered, type Moment, momentsOf, wholeLog } from "../src/data/moment";
import { followed, receive, restate, secondsBehind, secondsLeft } from "../src/data/run";
import type { RunEvent, TableProgress } from "../src/host";
import { activeRun, progress } from "./fake/shop";
import { record } from "./fake/runs";

const at = (seconds: number) => new Date(Date.parse("2026-11-20T14:32:00Z") + seconds * 1000).toISOString();
const moved = (seq: number, stage: TableProgress["stage"], more: Partial<TableProgress> = {}): RunEvent => ({
  run_id: "r",
  seq,
  at: at(seq),
  event: "progress",
  table: progress("public.a", stage, more),
});

describe("the log of a run", () => {
  const kept: RunEvent[] = [
    { run_id: "r", seq: 1, at: at(1), event: "started", tables: ["public.a"] },
    moved(2, "inspecting"),
    moved(3, "reading"),
    moved(4, "reading", { rows_read: 5 }),
    moved(5, "merging", { rows_read: 9 }),
    moved(6, "reading", { rows_read: 9 }),
  ];

  test("a stage that is reached is a line, counts that move on are none", () => {
    expect(momentsOf(kept).map(({ word }) => word)).toEqual(["started", "inspecting", "reading", "merging", "reading"]);
  });

  test("what was kept and what was heard make one log, each event once", () => {
    const heard = momentsOf([...kept.slice(4), moved(7, "done", { rows_merged: 9 })]);
    const all = wholeLog(momentsOf(kept), heard, null);
    expect(all.map(({ seq }) => seq)).toEqual([1, 2, 3, 5, 6, 7]);
    expect(wholeLog([], heard, null)).toEqual(heard);
  });

  test("a run that is over ends its log with that, also where its process went away", () => {
    const over = wholeLog(momentsOf(kept), [], { ...activeRun, status: "interrupted" });
    expect(over.at(-1)?.word).toBe("interrupted");
    expect(wholeLog(momentsOf(kept), [], { ...activeRun, status: "success" }).at(-1)?.level).toBe("ok");
    expect(wholeLog(momentsOf(kept), [], activeRun).at(-1)?.word).toBe("reading");
  });

  test("level, table and text narrow it down; a level shows what is worse, too", () => {
    const lines = momentsOf(record(activeRun, null).events);
    const failed = filtered(lines, "failed", null, "");
    expect(failed.length).toBeGreaterThan(0);
    expect(filtered(lines, "warn", null, "").length).toBeGreaterThan(failed.length);
    expect(filtered(lines, "all", "public.orders", "").every((line) => line.source === "public.orders")).toBe(true);
    expect(filtered(lines, "all", null, " PLANNED ").every((line) => line.word === "planned")).toBe(true);
    expect(filtered(lines, "all", null, "no such text")).toEqual([]);
  });

  test("tens of thousands of lines are narrowed down at once", () => {
    const line: Moment = { seq: 1, at: at(1), level: "info", word: "merging", source: "public.a", text: "9 rows read" };
    const many = Array.from({ length: 50_000 }, (_, seq) => ({ ...line, seq }));
    expect(filtered(many, "all", "public.a", "rows").length).toBe(50_000);
  });
});

describe("what is left of a run", () => {
  const running = (tables: TableProgress[]) => ({
    ...activeRun,
    run_id: "r",
    seq: 1,
    started_at: at(0),
    seconds: 0,
    tables,
  });

  test("is known only where it is known of every table how many rows are to come", () => {
    let run = restate(followed("r"), running([progress("public.a", "reading", { rows_expected: 5_000 })]));
    expect(secondsLeft(run, Date.parse(at(3)))).toBeNull();
    run = receive(run, moved(2, "reading", { rows_expected: 5_000, rows_read: 0 }));
    run = receive(run, moved(3, "reading", { rows_expected: 5_000, rows_read: 3_000 }));
    expect(secondsLeft(run, Date.parse(at(3)))).toBe(2);
    const queued = restate(run, { ...running([...(run.view?.tables ?? []), progress("public.b", "queued")]), seq: 9 });
    expect(secondsLeft(queued, Date.parse(at(3)))).toBeNull();
    run = receive(run, moved(4, "reading", { rows_expected: 5_000, rows_read: 6_000 }));
    expect(secondsLeft(run, Date.parse(at(3))), "an estimate that has been passed").toBeNull();
  });

  test("a cursor is behind by the time since its moment, where its zone is known", () => {
    const now = Date.parse("2026-11-20T15:00:00Z");
    expect(secondsBehind("2026-11-20 14:59:00.114233+00", now)).toBeCloseTo(59.886);
    expect(secondsBehind("2026-11-20 16:00:00+0100", now)).toBe(0);
    expect(secondsBehind("2026-11-20 20:29:00+05:30", now)).toBe(60);
    for (const none of [null, "", "17", "2026-11-20", "2026-11-20 14:59:00", "infinity", "0044-03-15 12:00:00+00 BC"])
      expect(secondsBehind(none, now), String(none)).toBeNull();
  });
});
