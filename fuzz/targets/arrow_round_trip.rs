//! Arbitrary record batches through the encoder and the decoder.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firn_fuzz::arrow_round_trip::check(data));
