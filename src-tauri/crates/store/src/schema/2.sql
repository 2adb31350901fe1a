-- Owner: firn-store. Brings schema 1 to schema 2: the last comparison of each table; settings have a file of their own.
-- Times are microseconds since 1970-01-01 UTC.
CREATE TABLE comparisons (
    workspace      TEXT NOT NULL,
    source         TEXT NOT NULL,
    target         TEXT NOT NULL,
    compared_at    INTEGER NOT NULL,
    rows_source    INTEGER NOT NULL,
    rows_target    INTEGER NOT NULL,
    differing_keys INTEGER NOT NULL,
    waiting        INTEGER NOT NULL,
    seconds        REAL NOT NULL,
    PRIMARY KEY (workspace, source)
) STRICT, WITHOUT ROWID;

DROP TABLE IF EXISTS settings;
