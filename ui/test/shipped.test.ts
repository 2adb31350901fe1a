import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";
import { afterAll, expect, test } from "vitest";
import { MOST_SCRIPT, scriptBytes, shipped } from "../scripts/shipped.mjs";

const folder = mkdtempSync(join(tmpdir(), "firn-shipped-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const built = (script: string) => {
  writeFileSync(join(folder, "main.js"), script);
  return build({
    configFile: false,
    root: folder,
    logLevel: "silent",
    plugins: [shipped()],
    build: { rollupOptions: { input: join(folder, "main.js") }, minify: false },
  });
};

test("a page whose scripts are too heavy is not built", async () => {
  const noise = randomBytes(MOST_SCRIPT).toString("hex");
  expect(scriptBytes([noise])).toBeGreaterThan(MOST_SCRIPT);
  await expect(built(`document.title = ${JSON.stringify(noise)};`)).rejects.toThrow(/gzipped/);
});

test("a light one is, with the licences of its fonts", async () => {
  await built("document.title = 'x'.repeat(1e6);");
  for (const font of ["inter", "jetbrains-mono"])
    expect(readFileSync(join(folder, "dist/licenses", `${font}.txt`), "utf8")).toContain("SIL Open Font License");
});
