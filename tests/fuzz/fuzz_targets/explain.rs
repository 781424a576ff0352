#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sigpost_tests::fuzz::targets::explain(input));
