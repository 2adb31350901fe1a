import { describe, expect, test } from "vitest";
import {
  followed,
  inOrderOfNeed,
  receive,
  restate,
  runRate,
  runSums,
  secondsAt,
  tableRate,
  withActive,
} from "../src/data/run";
import type { RunEvent, RunView, TableProgress } from "../src/host";
import { progress, runs } from "./fake/shop";

const start = Date.parse("2026-11-20T14:32:00Z");
const at = (seconds: number) => new Date(start + seconds * 1000).toISOString();

const view = (seq: number, more: Partial<RunView> = {}): RunView => ({
  run_id: "r",
  folder: "/w",
  status: "running",
  started_at: at(0),
  seconds: 0,
  seq,
  tables: [progress("public.a", "queued"), progress("public.b", "queued")],
  error: null,
  ...more,
});
const moved = (seq: number, source: string, stage: TableProgress["stage"], rows: number, seconds = seq): RunEvent => ({
  run_id: "r",
  seq,
  at: at(seconds),
  event: "progress",
  table: progress(source, stage, { rows_read: rows }),
});
const rows = (follow: { view: RunView | null }, source: string) =>
  follow.view?.tables.find((table) => table.source === source)?.rows_read;

describe("a run that is followed", () => {
  test("events that follow the state change it one by one", () => {
    let run = restate(followed("r"), view(3));
    run = receive(run, moved(4, "public.a", "reading", 10));
    run = receive(run, moved(5, "public.a", "reading", 25));
    expect(rows(run, "public.a")).toBe(25);
    expect(run.view?.seq).toBe(5);
    expect(run.behind).toBe(false);
  });

  test("a repeated event changes nothing, and its object stays the same", () => {
    const run = receive(restate(followed("r"), view(3)), moved(4, "public.a", "reading", 10));
    expect(receive(run, moved(4, "public.a", "done", 99))).toBe(run);
    expect(receive(run, moved(2, "public.a", "done", 99))).toBe(run);
  });

  test("a gap asks for the state and loses nothing of what came early", () => {
    let run = restate(followed("r"), view(3));
    run = receive(run, moved(6, "public.a", "merging", 60));
    run = receive(run, moved(7, "public.b", "reading", 7));
    expect(run.behind).toBe(true);
    expect(rows(run, "public.a")).toBe(0);
    run = restate(run, view(5, { tables: [progress("public.a", "reading", { rows_read: 50 })] }));
    expect(run.behind).toBe(false);
    expect(rows(run, "public.a")).toBe(60);
    expect(rows(run, "public.b")).toBe(7);
    expect(run.view?.seq).toBe(7);
    expect(run.early).toEqual([]);
  });

  test("a state that leaves another gap keeps asking", () => {
    let run = receive(restate(followed("r"), view(3)), moved(9, "public.a", "done", 90));
    run = restate(run, view(6));
    expect(run.behind).toBe(true);
    run = restate(run, view(9, { tables: [progress("public.a", "done", { rows_read: 90 })] }));
    expect(run.behind).toBe(false);
    expect(run.view?.seq).toBe(9);
  });

  test("the missing event itself closes the gap", () => {
    let run = receive(restate(followed("r"), view(3)), moved(5, "public.a", "reading", 5));
    run = receive(run, moved(4, "public.a", "reading", 4));
    expect(run.behind).toBe(false);
    expect(rows(run, "public.a")).toBe(5);
  });

  test("events before any state wait for it, in order and once", () => {
    let run = followed("r");
    run = receive(run, moved(2, "public.a", "reading", 20));
    run = receive(run, moved(1, "public.a", "reading", 10));
    run = receive(run, moved(2, "public.a", "reading", 20));
    expect(run.view).toBeNull();
    run = restate(run, view(0));
    expect(rows(run, "public.a")).toBe(20);
    expect(run.view?.seq).toBe(2);
  });

  test("an answer older than what is known does not turn the clock back", () => {
    let run = restate(followed("r"), view(3));
    for (const seq of [4, 5, 6]) run = receive(run, moved(seq, "public.a", "reading", seq * 10));
    run = restate(run, view(4));
    expect(rows(run, "public.a")).toBe(60);
    expect(run.view?.seq).toBe(6);
  });

  test("cancelling is a state of its own and ends as cancelled", () => {
    let run = restate(followed("r"), view(1));
    run = receive(run, { run_id: "r", seq: 2, at: at(2), event: "status", status: "cancelling" });
    expect(run.view?.status).toBe("cancelling");
    expect(run.moments.at(-1)?.word).toBe("cancelling");
    run = receive(run, {
      run_id: "r",
      seq: 3,
      at: at(3),
      event: "finished",
      result: { event: "finished", run_id: "r", status: "cancelled", tables: [], error: null },
    });
    expect(run.view?.status).toBe("cancelled");
  });

  test("a retry waits with its reason and the number of the attempt", () => {
    const error = { code: "transient", message: "reset by peer", hint: null, side: "source", table: "public.a" };
    const run = receive(restate(followed("r"), view(1)), {
      run_id: "r",
      seq: 2,
      at: at(2),
      event: "retry",
      source: "public.a",
      attempt: 2,
      retry_at: at(10),
      error,
    });
    const table = run.view?.tables[0];
    expect(table).toMatchObject({ stage: "waiting", retry_at: at(10), error });
    expect(run.attempts["public.a"]).toBe(2);
  });

  test("the end gives every table its result, a status nobody knows counts as failed", () => {
    const result = {
      source: "public.a",
      target: "t.a",
      status: "partial",
      rows_read: 9,
      rows_merged: 8,
      rows_rejected: 1,
      rows_deleted: 0,
      rows_duplicate: 0,
      rows_null_watermark: 0,
      watermark: "w",
      seconds: 2,
      error: null,
      findings: [],
    };
    const run = receive(restate(followed("r"), view(1)), {
      run_id: "r",
      seq: 2,
      at: at(2),
      event: "finished",
      result: { event: "finished", run_id: "r", status: "exploded", tables: [result], error: null },
    });
    expect(run.view?.status).toBe("failed");
    expect(run.view?.tables[0]).toMatchObject({ stage: "done", rows_merged: 8, rows_rejected: 1, watermark: "w" });
    expect(run.view?.tables[1]?.stage).toBe("queued");
  });

  test("the log holds a line a change of stage, not one an event", () => {
    let run = restate(followed("r"), view(0));
    run = receive(run, moved(1, "public.a", "reading", 1));
    run = receive(run, moved(2, "public.a", "reading", 2));
    run = receive(run, moved(3, "public.a", "done", 2));
    expect(run.moments.map((moment) => moment.word)).toEqual(["reading", "done"]);
  });
});

describe("rates", () => {
  const second = (seconds: number) => start + seconds * 1000;

  test("a rate is what came in the last five seconds, as the chart has it", () => {
    let run = restate(followed("r"), view(0));
    run = receive(run, moved(1, "public.a", "reading", 0, 0));
    run = receive(run, moved(2, "public.a", "reading", 1_000, 1));
    expect(tableRate(run, "public.a", second(1))).toBe(1_000);
    run = receive(run, moved(3, "public.a", "reading", 1_000, 20));
    run = receive(run, moved(4, "public.a", "reading", 1_500, 21));
    expect([tableRate(run, "public.a", second(21)), runRate(run, second(21))]).toEqual([100, 100]);
    // While nothing comes, no event says so; the clock does.
    expect([tableRate(run, "public.a", second(24)), runRate(run, second(30))]).toEqual([100, 0]);
  });

  test("a run counts from its start, with the tables that are done, and from when a window that opens late hears of it", () => {
    let run = restate(followed("r"), view(0));
    run = receive(run, moved(1, "public.a", "done", 600, 1));
    expect(tableRate(run, "public.a", second(1)), "one sample is no rate").toBeNull();
    run = receive(run, moved(2, "public.b", "reading", 1_400, 2));
    expect(runRate(run, second(2))).toBe(1_000);
    const late = view(7, { seconds: 500, tables: [progress("public.a", "reading", { rows_read: 1_000_000 })] });
    run = restate(followed("r"), late);
    expect(runRate(run, second(500))).toBeNull();
    expect(runRate(receive(run, moved(8, "public.a", "reading", 1_003_000, 503)), second(503))).toBe(1_000);
  });

  test("a state that is asked for again tells what was missed", () => {
    let run = restate(followed("r"), view(0));
    run = restate(run, view(9, { seconds: 2, tables: [progress("public.a", "reading", { rows_read: 4_000 })] }));
    run = receive(run, moved(10, "public.a", "reading", 4_200, 4));
    expect(runRate(run, second(4))).toBe(1_050);
  });

  test("many tables make no more samples than one", () => {
    let run = restate(followed("r"), view(0));
    for (let seq = 1; seq <= 2_000; seq += 1) run = receive(run, moved(seq, "public.a", "reading", seq, seq / 500));
    expect(run.total.length).toBeLessThan(60);
    expect(runRate(run, second(4))).toBe(500);
  });
});

test("tables stand in the order in which a person needs them", () => {
  const tables = [
    progress("done", "done"),
    progress("reads", "reading"),
    progress("failed", "failed"),
    progress("queued", "queued"),
    progress("waits", "waiting"),
    progress("failed too", "failed"),
  ];
  expect(inOrderOfNeed(tables).map((table) => table.source)).toEqual([
    "failed",
    "failed too",
    "waits",
    "reads",
    "queued",
    "done",
  ]);
});

const figures = [
  progress("public.a", "done", { rows_read: 10, rows_merged: 8, rows_rejected: 2 }),
  progress("public.b", "reading", { rows_read: 5, rows_merged: 1 }),
];

test("the figures of a run are those of all its tables", () => {
  expect(runSums(view(1, { tables: figures }))).toEqual({
    tables: 2,
    done: 1,
    rows_read: 15,
    rows_merged: 9,
    rows_rejected: 2,
  });
});

test("a run that goes on is listed as it is now, in its place or first", () => {
  const [first, second] = runs;
  if (!first || !second) throw new Error("two runs are listed");
  const now = view(1, { run_id: second.run_id, status: "cancelling", tables: figures });
  const there = withActive([first, second], now);
  expect(there.map((run) => run.run_id)).toEqual([first.run_id, second.run_id]);
  expect(there[1]).toEqual({ ...second, status: "cancelling", tables: 2, rows_merged: 9, rows_rejected: 2 });
  const fresh = withActive([first], now);
  expect(fresh.map((run) => run.run_id)).toEqual([second.run_id, first.run_id]);
  expect(fresh[0]?.rows_merged).toBe(9);
  expect(withActive([first], null)).toEqual([first]);
});

test("the seconds of a run go on with the clock, and stand once it has ended", () => {
  expect(secondsAt(view(1, { seconds: 2 }), start + 7_000)).toBe(7);
  expect(secondsAt(view(1, { seconds: 9 }), start + 7_000)).toBe(9);
  expect(secondsAt(view(1, { seconds: 2, status: "success" }), start + 7_000)).toBe(2);
  expect(secondsAt(view(1, { seconds: 2 }), null)).toBe(2);
});
