-- Owner: firn-store. Brings an empty database to schema 1. Times are microseconds since 1970-01-01 UTC.
CREATE TABLE workspaces (
    path        TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    last_opened INTEGER NOT NULL,
    trusted     INTEGER NOT NULL DEFAULT 0 CHECK (trusted IN (0, 1))
) STRICT;

CREATE TABLE runs (
    run_id      TEXT PRIMARY KEY,
    workspace   TEXT NOT NULL,
    trigger     TEXT NOT NULL,
    started_at  INTEGER NOT NULL,
    finished_at INTEGER,
    status      TEXT NOT NULL,
    summary     TEXT NOT NULL DEFAULT 'null',
    holder_pid  INTEGER NOT NULL,
    holder_boot TEXT NOT NULL
) STRICT;
CREATE INDEX runs_by_workspace ON runs (workspace, started_at);
CREATE INDEX runs_running ON runs (status) WHERE status = 'running';

CREATE TABLE run_tables (
    run_id        TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
    position      INTEGER NOT NULL,
    source        TEXT NOT NULL,
    target        TEXT NOT NULL,
    status        TEXT NOT NULL,
    rows_read     INTEGER NOT NULL,
    rows_merged   INTEGER NOT NULL,
    rows_rejected INTEGER NOT NULL,
    rows_deleted  INTEGER NOT NULL,
    watermark     TEXT,
    seconds       REAL NOT NULL,
    message       TEXT,
    PRIMARY KEY (run_id, source)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_events (
    run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
    seq    INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    event  TEXT NOT NULL,
    PRIMARY KEY (run_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE windows (
    name  TEXT PRIMARY KEY,
    state TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
