import { expect, test } from "vitest";
import { accepted, driftNow, stops, unaccepted } from "../src/data/drift";
import { afterRun, makeClient } from "../src/data/queries";
import { changes, folder } from "./fake/shop";
import { FakeHost } from "./fake/host";

const orders = { source: "public.orders", on_drift: "add", changes };
const customers = { source: "public.customers", on_drift: "stop", changes: changes.slice(0, 1) };
const found = { tables: [orders, customers] };
const names = (tables: readonly { source: string }[]) => tables.map((table) => table.source);

test("a run is asked about its own tables alone, and about all where none is named", () => {
  expect(names(unaccepted("/a", found, ["public.orders", "public.plans"]))).toEqual(["public.orders"]);
  expect(names(unaccepted("/a", found, []))).toEqual(["public.orders", "public.customers"]);
});

test("what was accepted is not asked about again, until a further change or another word for it", () => {
  accepted.add("/b", orders);
  expect(names(unaccepted("/b", found, []))).toEqual(["public.customers"]);
  expect(names(unaccepted("/elsewhere", found, []))).toContain("public.orders");
  const fewer = { ...orders, changes: changes.slice(1) };
  expect(names(unaccepted("/b", { tables: [fewer] }, []))).toEqual(["public.orders"]);
  expect(names(unaccepted("/b", { tables: [{ ...orders, on_drift: "ignore" }] }, []))).toEqual(["public.orders"]);
});

test("a table stops where one of its changes does", () => {
  expect(stops(orders)).toBe(changes.some((change) => change.stops));
  expect(stops({ ...orders, changes: changes.map((change) => ({ ...change, stops: false })) })).toBe(false);
  expect(stops({ ...orders, changes: changes.map((change, at) => ({ ...change, stops: at === 1 })) })).toBe(true);
});

test("a run waits for no look where one was made just before, and for another once a run has ended", async () => {
  const host = new FakeHost();
  host.changes = changes;
  const client = makeClient();
  const looks = () => host.calls.filter((call) => call.name === "source_drift").length;
  // The look of a screen that is just opened is the one that a run waits for.
  const [first, second] = await Promise.all([driftNow(client, host, folder), driftNow(client, host, folder)]);
  expect(second).toEqual(first);
  await driftNow(client, host, folder);
  expect(looks()).toBe(1);
  afterRun(client);
  await driftNow(client, host, folder);
  expect(looks()).toBe(2);
});
