import { expect, test } from "vitest";
import { inStep, needs, standing } from "../src/data/attention";
import { connections, status, tables, workspace } from "./fake/shop";

const known = { workspace, connections, status, statusError: null };

test("failures stand before rejected rows", () => {
  expect(needs(known).map((need) => [need.tone, need.id])).toEqual([
    ["failed", "table:public.tickets"],
    ["warn", "rejected:public.customers"],
  ]);
});

test("a used connection without its secret needs a person, an unused one does not", () => {
  const used = connections.map((connection) =>
    connection.name === "app_db" ? { ...connection, secret: "none" } : connection,
  );
  const found = needs({ ...known, connections: used, status: null });
  expect(found[0]).toMatchObject({ id: "secret:app_db", remedy: { to: "connection", name: "app_db" } });
  expect(found.filter((need) => need.object === "prod")).toEqual([]);
});

test("nor does one whose server has answered without it", () => {
  const used = connections.map((connection) =>
    connection.name === "app_db" ? { ...connection, secret: "none" } : connection,
  );
  expect(needs({ ...known, connections: used }).filter((need) => need.id.startsWith("secret:"))).toEqual([]);
});

test("without the state database, the last results on this machine count", () => {
  const statusError = {
    code: "transient",
    message: "connection refused",
    hint: "start it",
    side: "state",
    table: null,
  };
  const found = needs({ ...known, status: null, statusError });
  expect(found.map((need) => need.id)).toEqual(["state", "table:public.tickets", "rejected:public.customers"]);
});

test("an untrusted workspace's silence is no failure of its own", () => {
  const statusError = { code: "untrusted", message: "not trusted", hint: null, side: "engine", table: null };
  expect(needs({ ...known, status: null, statusError }).some((need) => need.id === "state")).toBe(false);
});

test("a new workspace is led one step at a time", () => {
  const fresh = { ...workspace, source: null, target: null, state: null, tables: [], runs: [], connections: [] };
  const next = (changes: Partial<typeof workspace>) =>
    needs({ workspace: { ...fresh, ...changes }, connections: [], status: null, statusError: null }).map(
      (need) => need.id,
    );
  expect(next({})).toEqual(["next:source"]);
  expect(next({ source: "app_db" })).toEqual(["next:target"]);
  expect(next({ source: "app_db", target: "warehouse" })).toEqual(["next:tables"]);
});

test("a table with rejected rows is not in step", () => {
  expect(inStep(workspace, status)).toBe(4);
  expect(inStep(workspace, null)).toBe(5);
});

test("an error that only set rows aside is no failure of its table", () => {
  const [table] = tables;
  const [row] = status;
  if (!table?.last || !row) throw new Error("the fake workspace has no table");
  const now = { ...row, status: "error", error: "1 row rejected", open_errors: 1 };
  const partial = { ...table, last: { ...table.last, status: "partial" } };
  expect(standing(partial, now)).toBe("partial");
  expect(standing({ ...table, last: null }, now)).toBe("partial");
  expect(standing({ ...table, last: { ...table.last, status: "failed" } }, now)).toBe("failed");
  expect(standing(partial, { ...now, open_errors: 0 })).toBe("failed");
  expect(
    needs({ workspace: { ...workspace, tables: [partial] }, connections: [], status: [now], statusError: null }).map(
      (need) => need.id,
    ),
  ).toEqual([`rejected:${table.source}`]);
});
