// The first start: a workspace, its connections, its tables.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { desk, folders, password, server, session, shop } from "./stage.mjs";
import { freePort, until } from "./webdriver.mjs";

export async function firstStart() {
  await desk.sees("Start with one");
  await desk.sees("Keyring answers", ".ready");
  await desk.shot("welcome-light");
  await desk.press("New…");
  await desk.fill("Folder", shop);
  await desk.shot("new-workspace-light");
  await desk.press("Make workspace");
  await desk.sees("1 thing needs you", "h1");
  await desk.shot("overview-new-light");
  assert.match(readFileSync(join(shop, "firn.yaml"), "utf8"), /connections:/);
}

export async function addConnection() {
  const nobody = await freePort();
  await desk.go("Connections");
  await desk.press("New");
  await desk.fill(
    "URL",
    `postgresql://etl:${encodeURIComponent(password)}@${server.host}:${nobody}/shop?sslmode=disable`,
  );
  await desk.press("Fill the form");
  await until(
    "the form is filled",
    async () =>
      (await session.script("return arguments[0].value", await desk.field("Port"))) === String(nobody) || null,
  );
  await desk.fill("Name", "app_db");
  await desk.press("blue");
  await desk.press("Save");
  await desk.sees("stored in keyring");
  const yaml = readFileSync(join(shop, "firn.yaml"), "utf8");
  assert.match(yaml, /app_db.*color: blue/);
  assert.ok(!yaml.includes(password));

  await desk.press("Check");
  await desk.sees("not usable", "[aria-label=Check] .pane-head");
  await desk.sees("to mend", ".tally");
  await desk.shot("check-fails-light");

  // The stored password belongs to the address it was stored for: another port has none.
  await desk.fill("Port", String(server.port));
  await desk.press("Save");
  await until(
    "the password is asked for again",
    async () => (await session.script("return arguments[0].type", await desk.field("Password"))) === "password" || null,
  );
  await desk.fill("Password", password);
  await desk.press("Save and check");
  await desk.sees("usable,", "[aria-label=Check] .pane-head");
  await desk.sees("stored in keyring");
  await desk.shot("connections-light");
}

export async function chooseConnection(name) {
  await session.click(
    await session.element(
      `the connection ${name}`,
      "return [...document.querySelectorAll('.list-of button')].find((one) => one.textContent.includes(arguments[0])) ?? null;",
      name,
    ),
  );
  await desk.sees(name, ".form-pane h2");
}

const privateKey = "-----BEGIN PRIVATE KEY-----\nMIIBVgIBADAN\nBgkqhkiG9w0=\n-----END PRIVATE KEY-----";
/** A connection of each kind that no sync of this test uses, what its form is given, and what firn.yaml has of it. */
const others = [
  {
    kind: "snowflake",
    name: "prod",
    fields: { Account: "myorg-acct", User: "LOADER", Warehouse: "XS", Database: "ANALYTICS" },
    lines: { "Private key": privateKey },
    presses: ["production", "purple"],
    written:
      "{ kind: snowflake, account: myorg-acct, user: LOADER, warehouse: XS, database: ANALYTICS, label: production, color: purple }",
  },
  {
    kind: "sqlserver",
    name: "orders_db",
    fields: { Host: "sql01", Database: "ORDERS", User: "etl", Password: "kept by the keyring" },
    chosen: { TLS: "optional", Certificate: "true" },
    written:
      "{ kind: sqlserver, host: sql01, database: ORDERS, user: etl, tls: optional, trust_server_certificate: true }",
  },
  {
    kind: "s3",
    name: "lake",
    fields: { Bucket: "lake", Region: "eu-central-1" },
    written: "{ kind: s3, bucket: lake, region: eu-central-1 }",
  },
  { kind: "folder", name: "files", fields: { Folder: "." }, written: '{ kind: folder, path: "." }' },
];

/** Every kind of connection has a form; a key of several lines is kept whole, and no file has it. */
export async function everyKind() {
  const yaml = () => readFileSync(join(shop, "firn.yaml"), "utf8");
  const before = yaml();
  await desk.go("Connections");
  for (const { kind, name, fields, lines = {}, chosen = {}, presses = [], written } of others) {
    await desk.press("New");
    await desk.choose("Kind", kind);
    await desk.fill("Name", name);
    for (const [label, text] of Object.entries(fields)) await desk.fill(label, text);
    // As if it were pasted.
    for (const [label, text] of Object.entries(lines)) {
      const hidden = await session.script(
        `Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(arguments[0], arguments[1]);
         arguments[0].dispatchEvent(new Event("input", { bubbles: true }));
         return getComputedStyle(arguments[0]).webkitTextSecurity;`,
        await desk.field(label),
        text,
      );
      assert.equal(hidden, "disc", `${label} can be read over a shoulder`);
    }
    for (const [label, value] of Object.entries(chosen)) await desk.choose(label, value);
    for (const word of presses) await desk.press(word);
    await desk.press("Save");
    await desk.sees(name, ".form-pane h2");
    // What holds anyway is not written.
    assert.ok(yaml().includes(`  ${name}: ${written}\n`), `${written} in ${yaml()}`);
    if (kind === "snowflake" || kind === "sqlserver") await desk.sees("stored in keyring");
    const mark = `return getComputedStyle(document.querySelector(".list-of [aria-current] .swatch") ?? document.body).backgroundColor;`;
    if (kind === "snowflake") {
      assert.notEqual(
        await session.script(mark),
        await session.script("return getComputedStyle(document.body).backgroundColor;"),
      );
      assert.doesNotMatch(await session.script(mark), /, 0\)$/, "its colour is to be seen");
      await desk.shotInBothThemes("connections-snowflake");
      // What is kept is the key: it is no token.
      await desk.press("Token");
      await desk.press("Save");
      await desk.sees("the token is needed: what is kept is the private key");
      await desk.press("Discard");
      await desk.sees("stored in keyring");
    }
    if (kind === "folder") {
      await desk.press("Check");
      await desk.sees("usable,", "[aria-label=Check] .pane-head");
    } else assert.match(await desk.whyNot("Check"), /does not connect to this kind yet/);
  }
  const place = "snowflake://LOADER@myorg-acct.snowflakecomputing.com:443";
  const kept = await promisify(execFile)("secret-tool", ["lookup", "service", "firn", "username", place]);
  assert.equal(kept.stdout, privateKey);
  assert.deepEqual(folders.holding("BgkqhkiG9w0="), []);
  for (const { name } of others) {
    await chooseConnection(name);
    await desk.press("Remove");
    await desk.press("Remove from firn.yaml");
    await desk.gone("[role=dialog]");
    assert.ok(!yaml().includes(`${name}:`));
  }
  assert.equal(yaml(), before);
}

export async function addWarehouse() {
  const names = await desk.text(".list-of");
  if (!names.includes("warehouse")) {
    await desk.press("New");
    await desk.choose("Kind", "duckdb");
    await desk.fill("Name", "warehouse");
    await desk.press("Save");
  } else {
    await chooseConnection("warehouse");
  }
  await desk.press("Check");
  await desk.sees("usable,", "[aria-label=Check] .pane-head");
}

export async function findTables() {
  await desk.go("Overview");
  await desk.sees("Choose the tables");
  await desk.press("Find tables");
  await desk.sees("4 found");
  await desk.row("public.journal");
  await desk.sees("No key", "[role=row][data-row='public.journal']");
  await desk.tick("public.customers");
  await desk.tick("public.readings");
  await desk.row("public.customers");
  await desk.sees("Refused", ".columns-of");
  await desk.shot("find-light");
  await desk.press("Add 2 tables");
  await desk.sees("2 tables", "h1");
}

export async function plan() {
  await desk.row("public.customers");
  await desk.sees("Never ran", "[role=row][data-row='public.customers']");
  assert.equal(await desk.text(".trouble"), "", "a source that Firn has not been in yet is no failure");
  await desk.press("Plan");
  await desk.sees("Rows waiting", ".inspector");
  await desk.sees("CREATE TABLE", ".inspector");
  await desk.shot("plan-light");
}

/** Makes a table of 276 columns, the 274 after the first two of these types by their number, and adds it. */
export async function addWideTable(kind) {
  const columns = Array.from({ length: 274 }, (_, n) => `"column ${n}" ${kind(n)}`).join(", ");
  await server.ask(
    `CREATE TABLE wide (id integer PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now(), ${columns}); INSERT INTO wide (id) SELECT generate_series(1, 1000); CREATE INDEX ON wide (updated_at, id); ANALYZE wide; GRANT SELECT ON wide TO etl`,
  );
  await desk.go("Tables");
  await desk.press("Find tables");
  await desk.press("Look again");
  await desk.sees("5 found");
  await desk.tick("public.wide");
  await desk.press("Add 1 table");
  await desk.sees("3 tables", "h1");
}
