//! Declares every command of the command layer to Tauri, so that a capability has to name it before a page may call it.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

const LIST: &str = "src-tauri/crates/api/src/list.rs";

/// Where tauri-build writes what the list of commands comes to. It has Cargo watch the place, too.
const WRITTEN: &str = "permissions";

fn main() {
    let begun = SystemTime::now() - Duration::from_secs(1);
    println!("cargo:rerun-if-changed={LIST}");
    println!("cargo:rerun-if-changed=src-tauri/capabilities");
    println!("cargo:rerun-if-changed=ui/dist");
    if !Path::new("ui/dist/index.html").exists() {
        stop("ui/dist is missing: run `npm --prefix ui ci && npm --prefix ui run build` first (`make deps` does both)");
    }
    let list = match std::fs::read_to_string(LIST) {
        Ok(list) => list,
        Err(error) => stop(&format!("{LIST} cannot be read: {error}")),
    };
    let commands = command_names(&list);
    if commands.is_empty() {
        stop(&format!("{LIST} holds no line of the form `read name(Request) -> Response;`"));
    }
    // AppManifest wants names that live as long as the program; a build script may leak them.
    let commands: &'static [&'static str] = Vec::leak(commands.into_iter().map(|name| &*String::leak(name)).collect());
    let attributes = tauri_build::Attributes::new()
        .capabilities_path_pattern("./src-tauri/capabilities/**/*")
        .app_manifest(tauri_build::AppManifest::new().commands(commands));
    if let Err(error) = tauri_build::try_build(attributes) {
        stop(&format!("{error:#}"));
    }
    if let Err(error) = not_after(begun, Path::new(WRITTEN)) {
        println!("cargo:warning={WRITTEN} keeps its times, and the next build makes the window anew: {error}");
    }
}

/// Makes files and folders that were written since `time` as old as that. Cargo takes what changes while this script runs
/// for a reason to run it again, and to build the window again after it.
fn not_after(time: SystemTime, place: &Path) -> io::Result<()> {
    if place.is_dir() {
        for entry in std::fs::read_dir(place)? {
            not_after(time, &entry?.path())?;
        }
    }
    let file = File::open(place)?;
    if file.metadata()?.modified()? > time { file.set_modified(time) } else { Ok(()) }
}

/// Takes the names from lines such as `read  app_start(AppStart) -> AppView;`.
fn command_names(list: &str) -> Vec<String> {
    list.lines()
        .filter_map(|line| {
            let (access, rest) = line.trim().split_once(' ')?;
            let (name, signature) = rest.trim_start().split_once('(')?;
            (matches!(access, "read" | "write") && signature.contains(") -> ") && signature.ends_with(';'))
                .then(|| name.to_owned())
        })
        .collect()
}

fn stop(message: &str) -> ! {
    println!("cargo:warning={message}");
    std::process::exit(1)
}
