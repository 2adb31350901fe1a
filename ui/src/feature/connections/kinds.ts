// What a form asks for by kind of connection: the keys that firn.yaml has for it, and the secret that goes to the keyring.

/** The settings of a connection by key, as firn.yaml has them. */
export type Settings = Readonly<Record<string, string>>;

/** One setting of a connection. */
export type FieldSpec = {
  key: string;
  text: string;
  placeholder?: string;
  required?: boolean;
  numeric?: boolean;
  options?: readonly { value: string; text: string }[];
  /** Few words, side by side. */
  segments?: boolean;
  /** Shown only while this holds for the other settings. */
  when?: (settings: Settings) => boolean;
};

/** The secret of a connection: its name, and whether it is a text of several lines. */
export type SecretSpec = { text: string; lines?: boolean };

/** What a sync uses a connection for. */
export type Role = "source" | "target";

export type KindSpec = {
  kind: string;
  text: string;
  /** A name such as people give. */
  example: string;
  /** What a sync may use it for, the usual one first; none where only other jobs use it. */
  roles: readonly Role[];
  /** What has to be known before one fills the form, where this version does not connect to the kind. */
  later?: string;
  fields: readonly FieldSpec[];
  defaults: Settings;
  /** The secret that the settings call for; null where there is none. */
  secret: (settings: Settings) => SecretSpec | null;
};

const later =
  "Its settings are kept in the file and its secret in the keyring. This version does not connect to it yet.";
const password = { text: "Password" };
/** Where a database server is, and who signs in. */
const server = (host: string): FieldSpec[] => [
  { key: "host", text: "Host", placeholder: host, required: true },
  { key: "port", text: "Port", numeric: true, required: true },
  { key: "database", text: "Database", required: true },
  { key: "user", text: "User", required: true },
];
const caFile = { key: "ca_file", text: "CA file", placeholder: "the system's certificates" };

/** Kinds in the order in which they are offered. */
export const kinds: readonly KindSpec[] = [
  {
    kind: "postgres",
    text: "PostgreSQL",
    example: "app_db",
    roles: ["source"],
    defaults: { host: "localhost", port: "5432", tls: "verify-full" },
    secret: () => password,
    fields: [
      ...server("db.example.com, or /run/postgresql"),
      {
        key: "tls",
        text: "TLS",
        options: [
          { value: "verify-full", text: "verify-full: certificate and host" },
          { value: "verify-ca", text: "verify-ca: certificate, any host" },
          { value: "require", text: "require: encrypted, not checked" },
          { value: "prefer", text: "prefer: where the server offers it" },
          { value: "allow", text: "allow: where the server insists" },
          { value: "disable", text: "disable: not encrypted" },
        ],
        when: ({ host }) => !host?.startsWith("/"),
      },
      { ...caFile, when: ({ tls }) => tls === "verify-full" || tls === "verify-ca" },
    ],
  },
  {
    kind: "duckdb",
    text: "DuckDB, embedded",
    example: "warehouse",
    roles: ["target"],
    defaults: { path: "warehouse.duckdb" },
    secret: () => null,
    fields: [{ key: "path", text: "File", placeholder: "warehouse.duckdb", required: true }],
  },
  {
    kind: "snowflake",
    text: "Snowflake",
    example: "prod",
    roles: ["target"],
    later,
    defaults: { schema: "PUBLIC", auth: "key-pair" },
    secret: ({ auth }) =>
      auth === "password" ? password : auth === "token" ? { text: "Token" } : { text: "Private key", lines: true },
    fields: [
      { key: "account", text: "Account", placeholder: "organisation-account", required: true },
      {
        key: "auth",
        text: "Sign in by",
        segments: true,
        options: [
          { value: "key-pair", text: "Key pair" },
          { value: "token", text: "Token" },
          { value: "password", text: "Password" },
        ],
      },
      { key: "user", text: "User", required: true },
      { key: "role", text: "Role", placeholder: "the user's own" },
      { key: "warehouse", text: "Warehouse", placeholder: "the user's own" },
      { key: "database", text: "Database", required: true },
      { key: "schema", text: "Schema", required: true },
      { key: "endpoint", text: "Address", placeholder: "the account's own" },
    ],
  },
  {
    kind: "sqlserver",
    text: "SQL Server",
    example: "orders_db",
    roles: [],
    later,
    defaults: { port: "1433", tls: "required", trust_server_certificate: "false" },
    secret: () => password,
    fields: [
      ...server("sql01.example.com"),
      {
        key: "tls",
        text: "TLS",
        options: [
          { value: "required", text: "required: all of it is encrypted" },
          { value: "optional", text: "optional: the sign-in alone" },
        ],
      },
      {
        key: "trust_server_certificate",
        text: "Certificate",
        options: [
          { value: "false", text: "is checked" },
          { value: "true", text: "any is accepted, unchecked" },
        ],
      },
      { ...caFile, when: ({ trust_server_certificate: any }) => any !== "true" },
    ],
  },
  {
    kind: "s3",
    text: "S3",
    example: "files",
    roles: [],
    later,
    defaults: {},
    // The secret is that of a key: where none is named there is nothing to keep.
    secret: ({ access_key_id: id }) => (id?.trim() ? { text: "Secret key" } : null),
    fields: [
      { key: "bucket", text: "Bucket", required: true },
      { key: "region", text: "Region", placeholder: "eu-central-1" },
      { key: "endpoint", text: "Address", placeholder: "Amazon's own" },
      { key: "access_key_id", text: "Access key", placeholder: "its identifier" },
    ],
  },
  {
    kind: "folder",
    text: "Folder",
    example: "files",
    roles: [],
    defaults: { path: "." },
    secret: () => null,
    fields: [{ key: "path", text: "Folder", placeholder: "beside firn.yaml", required: true }],
  },
];

/** What is known of a kind; null for one that this version does not know. */
export function kindSpec(kind: string | undefined): KindSpec | null {
  return kinds.find((spec) => spec.kind === kind) ?? null;
}

/** The name of a kind for people. */
export function kindText(kind: string): string {
  return kindSpec(kind)?.text ?? kind;
}
