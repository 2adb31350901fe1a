import { describe, expect, test } from "vitest";
import { callOnce, makeClient } from "../src/data/queries";
import { workspace } from "./fake/shop";
import { FakeHost } from "./fake/host";
import {
  copyOf,
  draftOf,
  faults,
  keptSecret,
  looksLikeUrl,
  newDraft,
  rolesOf,
  sameDraft,
  saveRequest,
  secretOf,
  secretOfUrl,
  secretVariable,
  shownFields,
} from "../src/feature/connections/form";
import { kinds } from "../src/feature/connections/kinds";
import { colors } from "../src/kit";
import schema from "./fixture/connections.schema.json";
import { connections } from "./fake/shop";

const appDbView = () => {
  const found = connections.find((connection) => connection.name === "app_db");
  if (!found) throw new Error("the fake workspace has no app_db");
  return found;
};
const appDb = () => draftOf(appDbView());

describe("the connection form", () => {
  test("a copy has a free name, no secret and no role", () => {
    const copy = copyOf(appDbView(), ["app_db", "app_db_copy", "prod"]);
    expect(copy).toMatchObject({ name: "app_db_copy2", role: "", secret: null });
    expect(copy.settings).toEqual(appDb().settings);
    expect(faults(copy, ["app_db", "app_db_copy", "prod"], null)).toEqual({});
  });

  test("a saved connection fills it without its secret", () => {
    const draft = appDb();
    expect(draft).toMatchObject({
      name: "app_db",
      role: "source",
      secret: null,
      settings: { kind: "postgres", host: "db.internal" },
    });
    expect(sameDraft(draft, appDb())).toBe(true);
  });

  test("any change makes it another, a typed secret too", () => {
    const draft = appDb();
    expect(sameDraft({ ...draft, secret: "x" }, appDb())).toBe(false);
    expect(sameDraft({ ...draft, settings: { ...draft.settings, host: "other" } }, appDb())).toBe(false);
    expect(sameDraft({ ...draft, settings: { ...draft.settings, ca_file: "" } }, appDb())).toBe(true);
  });

  test("only the fields that are shown are saved; keys it does not know stay", () => {
    const draft = appDb();
    const request = saveRequest("/w", {
      ...draft,
      settings: { ...draft.settings, host: "/run/postgresql", ca_file: "", primary: "main" },
    });
    expect(request.settings).toEqual({
      kind: "postgres",
      host: "/run/postgresql",
      port: "5432",
      database: "app",
      user: "app",
      primary: "main",
    });
    expect(request.secret).toBeNull();
    expect(
      shownFields({ ...draft, settings: { ...draft.settings, tls: "require" } }).some(
        (field) => field.key === "ca_file",
      ),
    ).toBe(false);
  });

  test("what is missing or cannot be is named by field", () => {
    const draft = newDraft("postgres", connections);
    expect(Object.keys(faults(draft, [], null))).toEqual(["name", "database", "user"]);
    expect(faults({ ...draft, name: "app_db" }, ["app_db"], null).name).toContain("another");
    expect(faults({ ...draft, name: "1st" }, [], null).name).toBeDefined();
    expect(faults({ ...draft, settings: { ...draft.settings, port: "70000" } }, [], null).port).toContain("65535");
  });

  test("a new connection takes the role that nobody has", () => {
    expect([
      newDraft("postgres", []).role,
      newDraft("duckdb", []).role,
      newDraft("postgres", connections).role,
    ]).toEqual(["source", "target", ""]);
  });

  test("every kind, key, word and default is one that firn.yaml knows", () => {
    type Property = { const?: string; enum?: string[]; anyOf?: Property[]; default?: unknown };
    const told = schema.map(({ properties, required }) => ({
      known: properties as Record<string, Property | undefined>,
      required,
    }));
    expect(kinds.map(({ kind }) => kind)).toEqual(told.map(({ known }) => known.kind?.const));
    for (const [at, { kind, fields, defaults }] of kinds.entries()) {
      const known = told[at]?.known ?? {};
      const required: readonly string[] = told[at]?.required ?? [];
      const words = (key: string) => (known[key]?.enum ?? known[key]?.anyOf?.[0]?.enum)?.toSorted();
      expect(words("color"), kind).toEqual(colors.toSorted());
      for (const { key, options, required: needed } of fields) {
        expect(known[key], `${kind}: ${key}`).toBeDefined();
        if (words(key)) expect(options?.map(({ value }) => value).toSorted(), key).toEqual(words(key));
        // What has a default can be filled in, and need not be left to it.
        if (required.includes(key)) expect(needed, `${kind}: ${key}`).toBe(true);
      }
      // A standby's primary is the file's own business.
      const keys = fields.map(({ key }) => key);
      const without = Object.keys(known).filter((key) => !["kind", "label", "color", "primary"].includes(key));
      expect(without.toSorted(), kind).toEqual(keys.toSorted());
      for (const [key, property] of Object.entries(known))
        if (property?.default !== undefined) expect(defaults[key], `${kind}: ${key}`).toBe(String(property.default));
    }
  });

  test("each kind asks for its own, and is offered what a sync can use it for", () => {
    const missing = (kind: string) => Object.keys(faults({ ...newDraft(kind, []), name: "n" }, [], null));
    expect(kinds.map(({ kind }) => [kind, missing(kind)])).toEqual([
      ["postgres", ["database", "user"]],
      ["duckdb", []],
      ["snowflake", ["account", "user", "database"]],
      ["sqlserver", ["host", "database", "user"]],
      ["s3", ["bucket"]],
      ["folder", []],
    ]);
    expect(kinds.map(({ kind }) => newDraft(kind, []).role)).toEqual(["source", "target", "target", "", "", ""]);
    const duckdb = connections.find(({ kind }) => kind === "duckdb");
    if (!duckdb) throw new Error("the fake workspace has no warehouse");
    expect(rolesOf(newDraft("duckdb", []), null)).toEqual(["target"]);
    // What the file says stays choosable.
    expect(rolesOf(newDraft("duckdb", []), { ...duckdb, roles: ["source"] })).toEqual(["target", "source"]);
  });

  test("the secret follows how one signs in, and one for another way is neither shown as kept nor sent", () => {
    const snowflake = newDraft("snowflake", []);
    const by = (auth: string) => ({ ...snowflake, settings: { ...snowflake.settings, auth } });
    expect([snowflake, by("token"), by("password")].map((draft) => secretOf(draft)?.text)).toEqual([
      "Private key",
      "Token",
      "Password",
    ]);
    const saved = { ...appDbView(), kind: "snowflake", settings: { auth: "key-pair" }, secret: "keyring" };
    expect([keptSecret(by("key-pair"), saved), keptSecret(by("token"), saved), keptSecret(snowflake, null)]).toEqual([
      "keyring",
      null,
      null,
    ]);
    const other = (secret: string | null) =>
      faults({ ...draftOf(saved), ...by("token"), name: "prod", secret }, [], saved);
    expect([other(null).secret, other("typed").secret, faults(by("key-pair"), [], saved).secret]).toEqual([
      "the token is needed: what is kept is the private key",
      undefined,
      undefined,
    ]);
    const s3 = { ...newDraft("s3", []), name: "lake", secret: "typed" };
    expect(saveRequest("/w", s3).secret).toBeNull();
    const withKey = { ...s3, settings: { ...s3.settings, access_key_id: "AKIA" } };
    expect([secretOf(withKey)?.text, saveRequest("/w", withKey).secret]).toEqual(["Secret key", "typed"]);
  });
});

describe("a pasted URL", () => {
  test("gives its password, decoded, and nothing else", () => {
    expect(secretOfUrl("postgresql://app:s%40cret%2F1@db:5432/shop?sslmode=require")).toBe("s@cret/1");
    expect(secretOfUrl("postgres://app:a:b@db/shop")).toBe("a:b");
    expect(secretOfUrl("postgres://app@db/shop")).toBeNull();
    expect(secretOfUrl("postgres://db/shop?user=app&password=p%20w")).toBe("p w");
    expect(secretOfUrl("postgres://app:100%@db/shop")).toBe("100%");
  });

  test("is known from other text", () => {
    expect(
      ["postgresql://a@b/c", " POSTGRES://a/b ", "http://x", "postgres", "postgres://a b"].map(looksLikeUrl),
    ).toEqual([true, true, false, false, false]);
  });
});

test("the variable of a secret has a name that a shell can take", () => {
  expect([secretVariable("app_db"), secretVariable("orders-db.2")]).toEqual([
    "FIRN_SECRET_APP_DB",
    "FIRN_SECRET_ORDERS_DB_2",
  ]);
});

test("a secret is forgotten once its command is answered, well or not", async () => {
  const client = makeClient();
  const sent: string[] = [];
  for (const fails of [false, true]) {
    const host = new FakeHost({
      connection_save: (request) => {
        sent.push(JSON.stringify(request));
        if (fails) throw new Error("the keyring is locked");
        return workspace;
      },
    });
    const request = { folder: "/shop", name: "app_db", settings: {}, secret: "hunter2", role: null };
    const mutation = client.getMutationCache().build(client, {
      mutationFn: (asked: typeof request) => callOnce(host, "connection_save", asked),
    });
    await mutation.execute(request).catch(() => undefined);
    expect(mutation.state.variables?.name).toBe("app_db");
  }
  expect(sent.filter((one) => one.includes("hunter2")).length).toBe(2);
  const kept = client.getMutationCache().getAll();
  expect(kept.length).toBe(2);
  expect(JSON.stringify(kept.map((mutation) => mutation.state))).not.toContain("hunter2");
});
