// A host's document in memory: enough of firn.yaml to edit tables line by line. For tests and for looking at screens only.

import {
  type ColumnEdit,
  type ColumnTreatment,
  type DocumentTable,
  type DocumentView,
  HostError,
  type MappingView,
  type TableChange,
} from "../../src/host";

type Entry = { first: number; last: number; keys: Map<string, { line: number; value: string; comment: string }> };

const known = [
  "source",
  "target",
  "pk",
  "watermark_column",
  "mode",
  "transform",
  "where",
  "deletes",
  "on_drift",
  "on_unfit",
];

function entries(lines: readonly string[]): Entry[] {
  const found: Entry[] = [];
  lines.forEach((line, place) => {
    const match = /^(?: {2}- | {4})(\w+):\s*(.*?)(\s+#.*)?$/.exec(line);
    if (!match) return;
    if (line.startsWith("  - ")) found.push({ first: place + 1, last: place + 1, keys: new Map() });
    const entry = found.at(-1);
    if (!entry) return;
    entry.last = place + 1;
    entry.keys.set(match[1] ?? "", { line: place, value: match[2] ?? "", comment: match[3] ?? "" });
  });
  return found;
}

const value = (entry: Entry, key: string) => entry.keys.get(key)?.value.replace(/^"(.*)"$/, "$1") || null;
const list = (text: string | null) =>
  (text ?? "")
    .replace(/^\[|\]$/g, "")
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);

function treatments(entry: Entry): ColumnEdit[] {
  const text = entry.keys.get("transform")?.value ?? "";
  return [...text.matchAll(/("[^"]+"|[\w-]+): (?:"((?:[^"\\]|\\.)*)"|null)/g)].map(([, name, sql]) => ({
    column: (name ?? "").replaceAll('"', ""),
    treatment: sql === undefined ? { kind: "left_out" } : { kind: "expression", sql: sql.replaceAll('\\"', '"') },
  }));
}

/** What a text says. */
export function view(text: string): DocumentView {
  const lines = text.split("\n");
  const found = entries(lines);
  const problems = found.flatMap((entry) =>
    [...entry.keys]
      .filter(([key]) => !known.includes(key))
      .map(([key, { line }]) => ({
        file: "firn.yaml",
        line: line + 1,
        column: 5,
        key: `tables.${key}`,
        message: `unknown key \`${key}\``,
        hint: "did you mean `watermark_column`?",
      })),
  );
  const tables = found.map((entry): DocumentTable => ({
    source: value(entry, "source") ?? "",
    target: value(entry, "target") ?? "",
    pk: list(value(entry, "pk")),
    watermark_column: value(entry, "watermark_column"),
    mode: value(entry, "mode") ?? "incremental",
    deletes: value(entry, "deletes") ?? "ignore",
    on_drift: value(entry, "on_drift") ?? "add",
    on_unfit: value(entry, "on_unfit") ?? "reject",
    first_line: entry.first,
    last_line: entry.last,
  }));
  return { text, problems, tables: problems.length > 0 ? [] : tables };
}

/** What a text says of one table. */
export function mapped(text: string, table: string): Partial<MappingView> & Pick<MappingView, "treatments"> {
  const entry = entries(text.split("\n")).find((one) => value(one, "source") === table);
  const said = view(text).tables.find((one) => one.source === table);
  if (!entry || !said) return { treatments: [] };
  const { target, pk, watermark_column, mode, deletes, on_drift, on_unfit } = said;
  return {
    target,
    pk,
    watermark_column,
    mode,
    deletes,
    on_drift,
    on_unfit,
    where: value(entry, "where"),
    treatments: treatments(entry),
  };
}

/** What a text becomes with edits. */
export function edited(text: string, changes: readonly TableChange[], template: string | null): DocumentView {
  let now = text;
  for (const change of changes) {
    const columns = new Map<string, ColumnTreatment>();
    const lines = () => now.split("\n");
    const entry = () => entries(lines()).find((one) => value(one, "source") === change.table);
    const before = entry();
    if (!before)
      throw new HostError({
        code: "configuration",
        message: `firn.yaml: there is no table \`${change.table}\``,
        hint: null,
        side: "engine",
        table: null,
      });
    const put = (key: string, written: string | null) => {
      const all = lines();
      const at = entry();
      if (!at) return;
      const old = at.keys.get(key);
      const line = `    ${key}: ${written ?? ""}`;
      if (old && written === null) all.splice(old.line, 1);
      else if (old) all[old.line] = `${line}${old.comment}`;
      else if (written !== null) all.splice(at.last, 0, line);
      now = all.join("\n");
    };
    const edit: Record<string, string | string[] | undefined> = { ...change.edit };
    if (template) {
      const [schema = "", name = ""] = change.table.split(".");
      edit.target = template.replace(/\{(schema|table)(?::(\w+))?\}/g, (_, part: string, letters?: string) => {
        const word = part === "schema" ? schema : name;
        return letters === "upper" ? word.toUpperCase() : word.toLowerCase();
      });
    }
    for (const [key, to] of Object.entries(edit))
      put(
        key,
        to === undefined || to === ""
          ? null
          : Array.isArray(to)
            ? to.length === 1
              ? (to[0] ?? "")
              : `[${to.join(", ")}]`
            : to,
      );
    if (change.columns.length > 0) {
      for (const one of treatments(before)) columns.set(one.column, one.treatment);
      for (const { column, treatment } of change.columns)
        if (treatment.kind === "as_is") columns.delete(column);
        else
          columns.set(
            column,
            treatment.kind === "cast"
              ? { kind: "expression", sql: `"${column}"::${treatment.form.replace("to ", "")}` }
              : treatment,
          );
      const written = [...columns].map(([name, one]) => {
        const key = /^\w+$/.test(name) ? name : `"${name}"`;
        return `${key}: ${one.kind === "expression" ? `"${one.sql.replaceAll('"', '\\"')}"` : "null"}`;
      });
      put("transform", written.length > 0 ? `{${written.join(", ")}}` : null);
    }
  }
  return view(now);
}
