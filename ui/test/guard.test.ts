import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { guardedWrite, guardedCommands } from "../src/data/guard";
import type { WorkspaceView } from "../src/host";
import { connections, folder, workspace } from "./fake/shop";

const labelled = (name: string, label: string): WorkspaceView => ({
  ...workspace,
  connections: connections.map((one) => (one.name === name ? { ...one, label } : one)),
});
const production = labelled("warehouse", "production");
const run = { folder, tables: [] };

test("a run into a production target is guarded, and says how much it is about", () => {
  const write = guardedWrite(production, "sync_run", run);
  expect(write?.connection.name).toBe("warehouse");
  expect(write?.what).toBe("A run of 6 tables");
  expect(guardedWrite(production, "sync_run", { folder, tables: ["public.orders"] })?.what).toBe(
    "A run of public.orders",
  );
});

test("so is whatever else writes into it", () => {
  for (const write of [
    guardedWrite(production, "sync_retry", { ...run, ids: [], error: null }),
    guardedWrite(production, "sync_reset", { folder, table: "public.orders", to: null }),
    guardedWrite(production, "sync_verify", { folder, tables: [], repair: true, limit: 100 }),
    guardedWrite(production, "schedule_start", { folder }),
  ])
    expect(write?.connection.name).toBe("warehouse");
});

test("what only reads, and what goes elsewhere, is not", () => {
  expect(guardedWrite(production, "sync_verify", { folder, tables: [], repair: false, limit: 100 })).toBeNull();
  expect(guardedWrite(production, "sync_plan", run)).toBeNull();
  expect(guardedWrite(production, "connection_check", { folder, name: "warehouse" })).toBeNull();
  expect(guardedWrite(labelled("app_db", "production"), "sync_run", run)).toBeNull();
  expect(guardedWrite(labelled("warehouse", "staging"), "sync_run", run)).toBeNull();
  expect(guardedWrite(undefined, "sync_run", run)).toBeNull();
});

test("no screen sends such a write past the guard", () => {
  const src = fileURLToPath(new URL("../src", import.meta.url));
  const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) => /\.tsx?$/.test(file));
  const past = files.flatMap((file) => {
    const text = readFileSync(join(src, file), "utf8");
    return guardedCommands.filter((name) => new RegExp(`\\b(call|callOnce|invoke)\\([^)]*"${name}"`).test(text));
  });
  expect(guardedCommands).toContain("sync_run");
  expect(past).toEqual([]);
});
