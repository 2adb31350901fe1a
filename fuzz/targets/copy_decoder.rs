//! Arbitrary bytes as a COPY stream.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firn_fuzz::copy_decoder::check(data));
