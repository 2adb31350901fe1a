// Writes the page's side of the command list: src/host/bindings/commands.ts from the list of the api crate, and
// src/host/wire.ts, which names every wire type that the api crate has exported.
// Usage: node scripts/commands.mjs
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const list = new URL("../../src-tauri/crates/api/src/list.rs", import.meta.url);
const bindings = new URL("../src/host/bindings/", import.meta.url);
/** Files that this script writes. */
export const commandsFile = new URL("commands.ts", bindings);
export const wireFile = new URL("../src/host/wire.ts", import.meta.url);

/** Reads the rows `read|write name(Request) -> Response;` of the list. */
export function commandRows(text = readFileSync(list, "utf8")) {
  return [...text.matchAll(/^\s*(read|write)\s+(\w+)\((\w+)\)\s*->\s*(\w+);/gm)].map(
    ([, access, name, request, response]) => ({ access, name, request, response }),
  );
}

/** The text that commands.ts has to have. */
export function commandsSource(rows = commandRows()) {
  const types = [...new Set(rows.flatMap((row) => [row.request, row.response]))].sort();
  const lines = rows.map(
    (row) => `  ${row.name}: { request: ${row.request}; response: ${row.response}; access: "${row.access}" };`,
  );
  return [
    "// Made by ui/scripts/commands.mjs from src-tauri/crates/api/src/list.rs. Not edited by hand.",
    ...types.map((type) => `import type { ${type} } from "./${type}";`),
    "",
    "/** Every command of the host: what it takes, what it answers, and whether it changes anything. */",
    "export type Commands = {",
    ...lines,
    "};",
    "",
    "/** The name of a command. */",
    "export type CommandName = keyof Commands;",
    "",
  ].join("\n");
}

/** The text that wire.ts has to have. */
export function wireSource(files = readdirSync(bindings)) {
  const types = files
    .filter((file) => file.endsWith(".ts") && file !== "commands.ts")
    .map((file) => file.slice(0, -3))
    .sort();
  return [
    "// The wire types of the command layer. Made by ui/scripts/commands.mjs. Not edited by hand.",
    'export type { CommandName, Commands } from "./bindings/commands";',
    ...types.map((type) => `export type { ${type} } from "./bindings/${type}";`),
    "",
  ].join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(commandsFile, commandsSource());
  writeFileSync(wireFile, wireSource());
  console.log("wrote src/host/bindings/commands.ts and src/host/wire.ts");
}
