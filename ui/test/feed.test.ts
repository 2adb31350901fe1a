import { expect, test, vi } from "vitest";
import { RunFeed } from "../src/data/feed";
import type { RunEvent, RunView } from "../src/host";
import { activeRun, progress } from "./fake/shop";
import { FakeHost } from "./fake/host";

const event = (seq: number, rows: number): RunEvent => ({
  run_id: activeRun.run_id,
  seq,
  at: new Date().toISOString(),
  event: "progress",
  table: progress("public.orders", "reading", { rows_read: rows }),
});
const rowsOf = (feed: RunFeed) =>
  feed.get(activeRun.run_id)?.view?.tables.find((table) => table.source === "public.orders")?.rows_read;
const settled = () => vi.waitFor(() => undefined);

test("a gap makes the feed ask for the state again, once", async () => {
  let state: RunView = { ...activeRun, seq: 20 };
  const host = new FakeHost({ run_state: () => state });
  const feed = new RunFeed(host, () => undefined);
  feed.start();
  feed.open(activeRun.run_id);
  await vi.waitFor(() => expect(feed.get(activeRun.run_id)?.view?.seq).toBe(20));
  const asked = () => host.calls.filter((call) => call.name === "run_state").length;
  expect(asked()).toBe(1);

  state = { ...activeRun, seq: 23, tables: [progress("public.orders", "reading", { rows_read: 230 })] };
  host.emit(event(23, 230));
  host.emit(event(24, 240));
  await vi.waitFor(() => expect(rowsOf(feed)).toBe(240));
  expect(asked()).toBe(2);
  expect(feed.get(activeRun.run_id)?.behind).toBe(false);
});

test("a run that began unseen is followed from its first event", async () => {
  const host = new FakeHost({ run_state: () => ({ ...activeRun, seq: 1 }) });
  const feed = new RunFeed(host, () => undefined);
  feed.start();
  host.emit(event(2, 42));
  await vi.waitFor(() => expect(rowsOf(feed)).toBe(42));
});

test("the end is told, and the whole state asked for", async () => {
  const ended: string[] = [];
  const host = new FakeHost({ run_state: () => ({ ...activeRun, seq: 21, status: "success", seconds: 12 }) });
  const feed = new RunFeed(host, (runId) => ended.push(runId));
  feed.start();
  feed.open(activeRun.run_id);
  host.emit({
    run_id: activeRun.run_id,
    seq: 22,
    at: new Date().toISOString(),
    event: "finished",
    result: { event: "finished", run_id: activeRun.run_id, status: "success", tables: [], error: null },
  });
  await vi.waitFor(() => expect(feed.get(activeRun.run_id)?.view?.status).toBe("success"));
  expect(ended).toEqual([activeRun.run_id]);
});

test("what the host refuses is kept as the failure of that run, until it answers", async () => {
  let refuses = true;
  const host = new FakeHost({
    run_state: () => {
      if (refuses) throw new Error("gone");
      return activeRun;
    },
  });
  const feed = new RunFeed(host, () => undefined);
  const changes = vi.fn();
  feed.watch(changes);
  feed.open(activeRun.run_id);
  await vi.waitFor(() => expect(feed.failure(activeRun.run_id)).toBeInstanceOf(Error));
  expect(changes).toHaveBeenCalled();
  refuses = false;
  feed.open(activeRun.run_id);
  await vi.waitFor(() => expect(feed.failure(activeRun.run_id)).toBeUndefined());
  await settled();
  expect(feed.get(activeRun.run_id)?.view?.run_id).toBe(activeRun.run_id);
});

test("a feed that was stopped hears nothing", async () => {
  const host = new FakeHost();
  const feed = new RunFeed(host, () => undefined);
  feed.start()();
  await Promise.resolve();
  await Promise.resolve();
  host.emit(event(1, 1));
  expect(feed.get(activeRun.run_id)).toBeUndefined();
});
