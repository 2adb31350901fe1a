// Writes src/host/bindings/commands.ts from the one command list of the api crate.
// Usage: node scripts/commands.mjs           rewrites the file
//        import { commandsSource } from "…"  gives its text to the test that keeps it up to date
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const list = new URL("../../src-tauri/crates/api/src/list.rs", import.meta.url);
const output = new URL("../src/host/bindings/commands.ts", import.meta.url);

/** Reads the rows `read|write name(Request) -> Response;` of the list. */
export function commandRows(text = readFileSync(list, "utf8")) {
  return [...text.matchAll(/^\s*(read|write)\s+(\w+)\((\w+)\)\s*->\s*(\w+);/gm)].map(([, access, name, request, response]) => ({ access, name, request, response }));
}

/** The text that commands.ts has to have. */
export function commandsSource(rows = commandRows()) {
  const types = [...new Set(rows.flatMap((row) => [row.request, row.response]))].sort();
  const lines = rows.map((row) => `  ${row.name}: { request: ${row.request}; response: ${row.response}; access: "${row.access}" };`);
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

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(output, commandsSource());
  console.log(`wrote ${fileURLToPath(output)}`);
}
