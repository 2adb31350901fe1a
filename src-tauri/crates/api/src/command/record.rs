//! Looking back at a run: its events, the plans it used, its chart as a file.

use super::run::{run_state, theme, track, unknown};
use crate::Firn;
use crate::edit;
use crate::wire::{
    ErrorView, RunChartSave, RunEvent, RunEventKind, RunRecordRequest, RunRecordView, RunRef, RunView, SavedFile,
};
use firn_chart::Look;
use firn_store::{MAX_EVENTS, Uuid};
use std::path::{Path, PathBuf};

/// Returns what the history of this machine has of a run, also of one that is going on.
///
/// # Errors
/// `not_found` for a run that this machine does not know.
pub async fn run_record(firn: &Firn, request: RunRecordRequest) -> Result<RunRecordView, ErrorView> {
    let run_id = Uuid::parse_str(&request.run_id).map_err(|_| unknown(&request.run_id))?;
    if firn.inner.runs.get(&request.run_id).is_none() && firn.past_run(&request.run_id).await?.is_none() {
        return Err(unknown(&request.run_id));
    }
    let most = u32::try_from(MAX_EVENTS).unwrap_or(u32::MAX);
    let kept = firn.store().await?.run_events(run_id, 0, most).await?;
    let mut record = RunRecordView { events: Vec::new(), unreadable: 0, plan: None };
    for one in kept {
        let Ok(mut event) = serde_json::from_value::<RunEvent>(one.event) else {
            record.unreadable += 1;
            continue;
        };
        if let Some(table) = &request.table {
            if !is_of(&event.what, table) {
                continue;
            }
            if let RunEventKind::Planned { plan } = &event.what {
                record.plan = Some((**plan).clone());
            }
        }
        if let RunEventKind::Planned { plan } = &mut event.what {
            plan.statements = None;
        }
        record.events.push(event);
    }
    Ok(record)
}

/// Returns whether an event is about a table.
fn is_of(what: &RunEventKind, table: &str) -> bool {
    match what {
        RunEventKind::Progress { table: line } => line.source == table,
        RunEventKind::Planned { plan } => plan.source == table,
        RunEventKind::Finding { source, .. } | RunEventKind::Retry { source, .. } => source == table,
        RunEventKind::Started { .. } | RunEventKind::Status { .. } | RunEventKind::Finished { .. } => false,
    }
}

/// What the end of a file's name says about what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Png,
    Svg,
}

/// Writes the rows a second of a run into a file, with a line that says which run it was.
///
/// # Errors
/// `not_found` for a run that this machine does not know or has no figures of, `configuration` for a path that no
/// chart can be written to, and whatever keeps the file from being written.
pub async fn run_chart_save(firn: &Firn, request: RunChartSave) -> Result<SavedFile, ErrorView> {
    let (path, format) = chart_path(&request)?;
    let run = run_state(firn, RunRef { run_id: request.run_id.clone() }).await?;
    let track = track(firn, &request.run_id).await?.ok_or_else(|| {
        ErrorView::not_found("how the rows of this run came was not kept, so there is no chart of it")
    })?;
    let look = Look { width: request.width, height: request.height, theme: theme(request.dark) };
    let replace = request.replace;
    // Many pixels, and a disk.
    let written = tokio::task::spawn_blocking(move || {
        let caption = caption(&run);
        let drawn = match format {
            Format::Png => track.picture(look, &caption),
            Format::Svg => track.document(look, &caption).map(String::into_bytes),
        };
        let bytes = drawn.map_err(|error| ErrorView::other(error.to_string()))?;
        write(&path, &bytes, replace)?;
        Ok(SavedFile { path: path.display().to_string(), bytes: bytes.len() as u64 })
    });
    written.await.map_err(|panic| ErrorView::other(format!("the chart was not drawn ({panic})")))?
}

/// Checks where a chart is to be written.
fn chart_path(request: &RunChartSave) -> Result<(PathBuf, Format), ErrorView> {
    let path = PathBuf::from(&request.path);
    let ends = path.extension().and_then(|end| end.to_str()).map(str::to_ascii_lowercase);
    let format = match ends.as_deref() {
        Some("png") => Format::Png,
        Some("svg") => Format::Svg,
        _ => {
            return Err(ErrorView::configuration(format!("{} ends neither in .png nor in .svg", path.display()))
                .with_hint("a chart is written as a PNG picture or an SVG document; name the file so"));
        }
    };
    if !path.is_absolute() {
        return Err(ErrorView::configuration(format!("{} is not a whole path", path.display()))
            .with_hint("begin at the root of the file system, as in /home/me/chart.png"));
    }
    match path.parent() {
        Some(folder) if folder.is_dir() => Ok((path, format)),
        _ => Err(ErrorView::configuration(format!("the folder of {} is not there", path.display()))
            .with_hint("make it, or choose another one")),
    }
}

/// Writes a file whole or not at all.
fn write(path: &Path, bytes: &[u8], replace: bool) -> Result<(), ErrorView> {
    use std::io::Write as _;
    let elsewhere = |error: ErrorView| error.with_hint("choose another folder");
    if replace {
        return edit::put(path, bytes, || Ok(())).map_err(elsewhere);
    }
    let failed = |error: std::io::Error| elsewhere(ErrorView::file(format!("cannot write {}", path.display()), &error));
    // Made by us or not at all: nothing that came meanwhile is lost.
    let mut file = match std::fs::File::create_new(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(ErrorView::configuration(format!("{} is there already", path.display()))
                .with_hint("choose another name, or let it be replaced"));
        }
        made => made.map_err(failed)?,
    };
    file.write_all(bytes).map_err(|error| {
        // The failure is what matters.
        let _half = std::fs::remove_file(path);
        failed(error)
    })
}

/// Says in a line which run a chart is of. Numbers and an id: what tables are called stays with the person.
fn caption(run: &RunView) -> String {
    let id = run.run_id.get(..8).unwrap_or(&run.run_id);
    let started = run.started_at.get(..19).unwrap_or(&run.started_at).replace('T', " ");
    let rows: u64 = run.tables.iter().map(|table| table.rows_read).sum();
    let seconds = run.seconds;
    format!("Rows a second · run {id} · {started} UTC · {seconds:.1} s · {} rows read", grouped(rows))
}

/// Writes a number with its thousands apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn save(path: &Path) -> RunChartSave {
        let path = path.to_str().unwrap().to_owned();
        RunChartSave { run_id: "r".into(), path, width: 100, height: 100, dark: false, replace: false }
    }

    #[test]
    fn a_chart_goes_where_a_chart_can_be() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| chart_path(&save(&folder.path().join(name)));
        assert_eq!(at("run.png").unwrap().1, Format::Png);
        assert_eq!(at("run.SVG").unwrap().1, Format::Svg);
        for (path, why) in [("run.exe", "neither"), ("run", "neither"), ("none/run.png", "folder")] {
            let error = at(path).unwrap_err();
            assert!(error.code == "configuration" && error.message.contains(why), "{}", error.message);
        }
        assert!(chart_path(&save(Path::new("run.png"))).unwrap_err().message.contains("whole path"));
    }

    #[test]
    fn a_file_that_is_there_is_replaced_only_where_that_was_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.png");
        write(&path, b"one", false).unwrap();
        let error = write(&path, b"two", false).unwrap_err();
        assert!(error.message.contains("is there already"), "{}", error.message);
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        write(&path, b"two", true).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn numbers_are_read_in_groups() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
