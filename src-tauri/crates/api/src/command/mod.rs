//! The commands, a function each: `name(&Firn, Request) -> Result<Response, ErrorView>`. One file a topic.

mod connection;
mod discover;
mod document;
mod drift;
mod errors;
mod mapping;
mod plan;
mod preview;
mod record;
mod remedies;
mod reset;
mod rows;
mod run;
mod schedule;
mod settings;
mod status;
mod verify;
mod workspace;

pub use connection::{
    connection_check, connection_list, connection_parse_url, connection_remove, connection_save, connection_set_secret,
};
pub use discover::sync_discover;
pub use document::{document_edit, document_save, document_show};
pub use drift::source_drift;
pub use errors::{rejected_row, rejected_rows, sync_discard, sync_errors, sync_retry};
pub use mapping::{mapping_show, source_sizes};
pub use plan::sync_plan;
pub use preview::sync_preview;
pub use record::{run_chart_save, run_record};
pub use remedies::{rejected_remedies, rejected_try, rejected_values};
pub use reset::sync_reset;
pub use rows::{rows_cancel, rows_close, rows_open, rows_page};
pub use run::{run_chart, run_history, run_state, sync_cancel, sync_run};
pub use schedule::{schedule_show, schedule_start, schedule_stop, serve_set_secret};
pub use settings::{layout_save, settings_save, settings_show};
pub use status::{sync_log, sync_status};
pub use verify::sync_verify;
pub use workspace::{app_arrivals, app_start, workspace_create, workspace_forget, workspace_open, workspace_trust};
