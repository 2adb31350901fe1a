//! The seeds of the fuzz targets: what was found or written once stays good without a fuzzer.
//!
//! `FIRN_WRITE_SEEDS=1` writes the seeds of both targets anew, from the encoder's own streams.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

#[path = "../../../../fuzz/src/arrow_round_trip.rs"]
mod arrow_round_trip;
#[path = "../../../../fuzz/src/column_types.rs"]
mod column_types;
#[path = "../../../../fuzz/src/copy_decoder.rs"]
mod copy_decoder;
#[path = "../../../../fuzz/src/input.rs"]
mod input;
#[path = "../../../../fuzz/src/reading.rs"]
mod reading;

use std::path::{Path, PathBuf};

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../fuzz/seeds").join(target)
}

fn check_all(target: &str, check: fn(&[u8])) {
    let files: Vec<_> = std::fs::read_dir(folder(target)).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!files.is_empty(), "{target} has no seeds");
    for file in files {
        let data = std::fs::read(&file).unwrap();
        if std::panic::catch_unwind(|| check(&data)).is_err() {
            panic!("{}", file.display());
        }
    }
}

/// Bytes that look random and are the same in every run.
fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let step = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..len).map(step).collect()
}

fn write_seeds() {
    for target in ["arrow_round_trip", "copy_decoder"] {
        std::fs::create_dir_all(folder(target)).unwrap();
    }
    for (at, _) in column_types::column_types().iter().enumerate() {
        let choice = at as u8 + 1;
        let input = [&[choice, 5, 2, 0], &noise(u64::from(choice), 120)[..]].concat();
        std::fs::write(folder("arrow_round_trip").join(format!("column-{at:02}")), &input).unwrap();
        let stream = arrow_round_trip::stream(&input);
        let data = [&[choice, 7, 0], &stream[..]].concat();
        std::fs::write(folder("copy_decoder").join(format!("column-{at:02}")), data).unwrap();
    }
    let input = [&[0, 9, 4, 0], &noise(99, 4000)[..]].concat();
    std::fs::write(folder("arrow_round_trip").join("all-columns"), &input).unwrap();
    let data = [&[0, 200, 4], &arrow_round_trip::stream(&input)[..]].concat();
    std::fs::write(folder("copy_decoder").join("all-columns"), data).unwrap();
    let values = [&[0, 33, 0b1_1011], &noise(7, 2000)[..]].concat();
    std::fs::write(folder("copy_decoder").join("values-of-all-columns"), values).unwrap();
}

#[test]
fn what_the_fuzzers_begin_with_is_decoded_and_encoded() {
    if std::env::var_os("FIRN_WRITE_SEEDS").is_some() {
        write_seeds();
    }
    check_all("copy_decoder", copy_decoder::check);
    check_all("arrow_round_trip", arrow_round_trip::check);
}

#[test]
fn random_batches_of_every_type_come_back_as_they_were() {
    for seed in 0..40 {
        let types = column_types::column_types().len() as u64;
        for choice in 0..=types {
            let data = noise(seed * 1000 + choice, if choice == 0 { 6000 } else { 400 });
            arrow_round_trip::check(&[&[choice as u8, 7 + seed as u8, 3, u8::from(seed % 4 == 3)], &data[..]].concat());
        }
    }
}
