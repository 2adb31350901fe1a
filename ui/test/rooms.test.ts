import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { commandRows, commandsFile, commandsSource, wireFile, wireSource } from "../scripts/commands.mjs";

const src = fileURLToPath(new URL("../src", import.meta.url));
const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) => /\.tsx?$/.test(file));
const imports = (file: string) =>
  [...readFileSync(join(src, file), "utf8").matchAll(/(?:from|import)\s+"([^"]+)"/g)].map(([, name]) => name ?? "");
const room = (path: string) => path.split("/")[0] ?? "";
/** Which rooms a file's relative imports lead to. */
const leadsTo = (file: string) =>
  imports(file).flatMap((name) => (name.startsWith(".") ? [relative(src, resolve(src, dirname(file), name))] : []));

test("only host knows Tauri", () => {
  const knowing = files.filter((file) => imports(file).some((name) => name.startsWith("@tauri-apps/")));
  expect(knowing).toEqual(["host/tauri.ts"]);
});

test("features never import each other, and nothing but app imports them", () => {
  const feature = (path: string) => (room(path) === "feature" ? path.split("/")[1] : null);
  const wrong = files.flatMap((file) =>
    leadsTo(file).flatMap((to) =>
      feature(to) && feature(to) !== feature(file) && room(file) !== "app" ? [`${file} → ${to}`] : [],
    ),
  );
  expect(wrong).toEqual([]);
});

test("rooms call downwards only", () => {
  const below: Record<string, string[]> = {
    host: ["host"],
    data: ["data", "host"],
    action: ["action", "data", "host"],
    grid: ["grid"],
    kit: ["kit", "action", "data", "host"],
    feature: ["feature", "kit", "grid", "action", "data", "host"],
    app: ["app", "feature", "kit", "grid", "action", "data", "host", "style"],
  };
  const wrong = files.flatMap((file) =>
    leadsTo(file).flatMap((to) => (below[room(file)]?.includes(room(to)) ? [] : [`${file} → ${to}`])),
  );
  expect(wrong).toEqual([]);
});

test("nothing of the tests is part of the window", () => {
  expect(files.flatMap((file) => leadsTo(file)).filter((to) => to.startsWith(".."))).toEqual([]);
});

test("colours stand in the token file only", () => {
  const sheets = readdirSync(src, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".css") && !file.endsWith("tokens.css"),
  );
  expect(sheets.length).toBeGreaterThan(5);
  expect(sheets.filter((file) => /#[0-9a-f]{3,8}\b|rgba?\(|hsl/i.test(readFileSync(join(src, file), "utf8")))).toEqual(
    [],
  );
});

test("the page's command list is the host's", () => {
  expect(commandRows().length).toBeGreaterThan(15);
  expect(readFileSync(commandsFile, "utf8"), "run node scripts/commands.mjs").toBe(commandsSource());
  expect(readFileSync(wireFile, "utf8"), "run node scripts/commands.mjs").toBe(wireSource());
});

test("the window's capability names every command and little else", () => {
  const capability = JSON.parse(
    readFileSync(new URL("../../src-tauri/capabilities/main.json", import.meta.url), "utf8"),
  );
  const own = commandRows().map(({ name }) => `allow-${name.replaceAll("_", "-")}`);
  expect([...capability.permissions].sort()).toEqual(
    [...own, "core:event:allow-listen", "core:event:allow-unlisten", "dialog:allow-open", "dialog:allow-save"].sort(),
  );
  expect(capability.windows).toEqual(["main"]);
});

test("scripts come from the program only", () => {
  const { app } = JSON.parse(readFileSync(new URL("../../tauri.conf.json", import.meta.url), "utf8"));
  const csp: Record<string, string> = app.security.csp;
  expect(csp["default-src"]).toBe("'none'");
  expect(csp["script-src"]).toBe("'self'");
  expect(Object.values(csp).join(" ")).not.toMatch(/unsafe|\*|https:|data:/);
});
