// The connections of the shop, and what their checks find.

import type { CheckView, ConnectionView } from "../../../src/host";

export const connections: ConnectionView[] = [
  {
    name: "app_db",
    kind: "postgres",
    address: "app@db.internal:5432/app",
    label: null,
    settings: { host: "db.internal", port: "5432", database: "app", user: "app", tls: "verify-full" },
    needs_secret: true,
    secret: "keyring",
    roles: ["source", "state"],
  },
  {
    name: "warehouse",
    kind: "duckdb",
    address: "warehouse.duckdb",
    label: null,
    settings: { path: "warehouse.duckdb" },
    needs_secret: false,
    secret: "none",
    roles: ["target"],
  },
  {
    name: "prod",
    kind: "postgres",
    address: "loader@prod.internal:5432/app",
    label: "production",
    settings: { host: "prod.internal", port: "5432", database: "app", user: "loader", tls: "verify-full" },
    needs_secret: true,
    secret: "none",
    roles: [],
  },
];

export const checks: Record<string, CheckView> = {
  app_db: {
    name: "app_db",
    usable: true,
    seconds: 0.184,
    findings: [
      { level: "ok", code: "reach", message: "db.internal:5432 answers in 3 ms.", fix: null },
      { level: "ok", code: "tls", message: "TLS 1.3, certificate of db.internal checked.", fix: null },
      { level: "ok", code: "sign_in", message: "app signed in with SCRAM-SHA-256.", fix: null },
      { level: "ok", code: "version", message: "PostgreSQL 15.14.", fix: null },
      {
        level: "warning",
        code: "activity",
        message:
          "app may not see the transactions of others; late commits are watched through pg_locks instead, which can wait longer.",
        fix: "GRANT pg_read_all_stats TO app;",
      },
      { level: "ok", code: "state", message: "app may create the state tables in schema public.", fix: null },
    ],
  },
  prod: {
    name: "prod",
    usable: false,
    seconds: 5.01,
    findings: [
      { level: "ok", code: "reach", message: "prod.internal:5432 answers in 12 ms.", fix: null },
      {
        level: "critical",
        code: "sign_in",
        message: "prod.internal refused the password of loader (28P01).",
        fix: "firn connection set-secret prod",
      },
    ],
  },
  warehouse: {
    name: "warehouse",
    usable: true,
    seconds: 0.02,
    findings: [{ level: "ok", code: "file", message: "warehouse.duckdb can be written; DuckDB 1.5.6.", fix: null }],
  },
};
