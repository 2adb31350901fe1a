// The connection form without its looks: what a saved connection fills in, what is wrong, what saving sends.

import type { ConnectionSave, ConnectionView } from "../../host";
import { type FieldSpec, kindSpec, type Role, type SecretSpec } from "./kinds";

/** A connection while it is edited. */
export type Draft = {
  name: string;
  settings: Record<string, string>;
  role: "" | Role;
  /** A new secret; null where the kept one stays. */
  secret: string | null;
};

/** An empty form of a kind. */
export function newDraft(kind: string, taken: readonly ConnectionView[]): Draft {
  const role = kindSpec(kind)?.roles[0];
  return {
    name: "",
    settings: { kind, ...kindSpec(kind)?.defaults },
    role: !role || taken.some((connection) => connection.roles.includes(role)) ? "" : role,
    secret: null,
  };
}

/** The form of a saved connection. */
export function draftOf(connection: ConnectionView): Draft {
  const role = connection.roles.includes("source") ? "source" : connection.roles.includes("target") ? "target" : "";
  const settings: Record<string, string> = {};
  for (const [key, value] of Object.entries(connection.settings)) if (value !== undefined) settings[key] = value;
  return {
    name: connection.name,
    settings: { ...settings, kind: connection.kind, ...(connection.label ? { label: connection.label } : {}) },
    role,
    secret: null,
  };
}

/** The form of another connection like a saved one: under a free name, without its secret and what it is used for. */
export function copyOf(connection: ConnectionView, taken: readonly string[]): Draft {
  const names = [`${connection.name}_copy`, ...taken.map((_, place) => `${connection.name}_copy${place + 2}`)];
  const name = names.find((free) => !taken.includes(free)) ?? "";
  return { ...draftOf(connection), name, role: "", secret: null };
}

/** Whether two forms say the same. */
export function sameDraft(a: Draft, b: Draft): boolean {
  const filled = (draft: Draft) =>
    JSON.stringify(
      Object.entries(draft.settings)
        .filter(([, value]) => value !== "")
        .sort(([x], [y]) => (x < y ? -1 : 1)),
    );
  return a.name === b.name && a.role === b.role && !a.secret && !b.secret && filled(a) === filled(b);
}

/** The fields that the settings call for. */
export function shownFields(draft: Draft): readonly FieldSpec[] {
  return (kindSpec(draft.settings.kind)?.fields ?? []).filter((field) => !field.when || field.when(draft.settings));
}

/** The secret that the settings call for; null where there is none. */
export function secretOf(draft: Draft): SecretSpec | null {
  return kindSpec(draft.settings.kind)?.secret(draft.settings) ?? null;
}

/** Where the secret of a saved connection is kept; null where the form asks for another one than it was saved with. */
export function keptSecret(draft: Draft, connection: ConnectionView | null): string | null {
  if (connection === null || secretOf(draft)?.text !== secretOf(draftOf(connection))?.text) return null;
  return connection.secret;
}

/** What a sync may use the connection for: what its kind can be, and what it is already. */
export function rolesOf(draft: Draft, connection: ConnectionView | null): readonly Role[] {
  const roles = kindSpec(draft.settings.kind)?.roles ?? [];
  const held = connection ? draftOf(connection).role : "";
  return held === "" || roles.includes(held) ? roles : [...roles, held];
}

/**
 * What keeps the form from being saved, by field; `name` for the name, `secret` for the secret.
 *
 * A kept secret belongs to who signs in where: changed to another way, it would be sent as what it is not.
 */
export function faults(draft: Draft, taken: readonly string[], saved: ConnectionView | null): Record<string, string> {
  const found: Record<string, string> = {};
  const secret = secretOf(draft);
  const was = saved?.secret === "keyring" ? secretOf(draftOf(saved)) : null;
  if (secret && was && secret.text !== was.text && !draft.secret)
    found.secret = `the ${secret.text.toLowerCase()} is needed: what is kept is the ${was.text.toLowerCase()}`;
  if (draft.name.trim() === "") found.name = "a name is needed";
  else if (!/^[A-Za-z_][\w-]*$/.test(draft.name)) found.name = "letters, digits, _ and -, a letter first";
  else if (taken.includes(draft.name)) found.name = "another connection has this name";
  for (const field of shownFields(draft)) {
    const value = (draft.settings[field.key] ?? "").trim();
    if (field.required && value === "") found[field.key] = `${field.text.toLowerCase()} is needed`;
    else if (field.numeric && value !== "" && !/^\d{1,5}$/.test(value)) found[field.key] = "a number from 1 to 65535";
    else if (field.numeric && value !== "" && (Number(value) < 1 || Number(value) > 65_535))
      found[field.key] = "a number from 1 to 65535";
  }
  return found;
}

/** What saving sends: only the fields shown, blanks left out. */
export function saveRequest(folder: string, draft: Draft): ConnectionSave {
  const settings: Record<string, string> = {};
  const shown = new Set(shownFields(draft).map((field) => field.key));
  const known = new Set(kindSpec(draft.settings.kind)?.fields.map((field) => field.key));
  for (const [key, value] of Object.entries(draft.settings)) {
    // Keys that this form has no field for are the file's own business and stay.
    if (value.trim() !== "" && (shown.has(key) || !known.has(key))) settings[key] = value.trim();
  }
  const secret = secretOf(draft) ? draft.secret || null : null;
  return { folder, name: draft.name.trim(), settings, secret, role: draft.role || null };
}

/** The password inside a URL; it never leaves the page but in the request that saves it. */
export function secretOfUrl(url: string): string | null {
  const rest = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)@/i.exec(url.trim())?.[1];
  const colon = rest?.indexOf(":") ?? -1;
  if (rest === undefined || colon < 0) return new URLSearchParams(url.split("?")[1] ?? "").get("password");
  try {
    return decodeURIComponent(rest.slice(colon + 1)) || null;
  } catch {
    return rest.slice(colon + 1) || null;
  }
}

/** Whether a pasted text is a connection URL. */
export function looksLikeUrl(text: string): boolean {
  return /^\s*(postgres(ql)?|snowflake|sqlserver|mssql|s3|duckdb):\/\/\S+\s*$/i.test(text);
}

/** The variable that holds a connection's secret for headless use. */
export function secretVariable(name: string): string {
  return `FIRN_SECRET_${name.toUpperCase().replace(/[^A-Z0-9]/g, "_")}`;
}
