//! Local state in SQLite: recent workspaces, run history, window.
