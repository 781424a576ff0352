//! What history keeps of answers when a tenant has had its share of the day.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::{Running, Skewed, ask, config, get};
use crate::clock::Clock as _;
use crate::rng::SystemRng;

const DAY: u64 = 24 * 60 * 60;
/// As much as is shown of an answer.
const LONG: usize = 64 * 1024;

/// A receiver that takes everything and has much to say about it.
fn talkative() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            std::thread::spawn(|| answer(stream));
        }
    });
    url
}

fn answer(stream: TcpStream) {
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {LONG}\r\n\r\n{}", "b".repeat(LONG));
    let mut reader = BufReader::new(stream);
    let (mut length, mut line) = (0, String::new());
    while reader.read_line(&mut line).unwrap() > 0 {
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        } else if line.trim().is_empty() {
            std::io::copy(&mut std::io::Read::take(&mut reader, length), &mut std::io::sink()).unwrap();
            reader.get_mut().write_all(answer.as_bytes()).unwrap();
        }
        line.clear();
    }
}

fn length(delivery: &Value) -> usize {
    delivery["response"]["body"].as_str().unwrap().len()
}

#[test]
fn whoever_tests_a_webhook_sees_the_whole_answer_even_if_history_keeps_no_more_today() {
    let (directory, clock) = (TempDir::new().unwrap(), Skewed::new());
    // At noon: no day ends meanwhile.
    let today = clock.now().as_second().unsigned_abs() % DAY;
    clock.set_forward(Duration::from_secs(DAY - today + DAY / 2));
    let mut config = config(directory.path());
    config.server.rate_limit = false;
    let server = Running::start_with(config, clock, Arc::new(SystemRng));
    let webhook = server.subscribe(&talkative(), &["*"]);
    let path = format!("/v1/webhooks/{}/test", webhook["id"].as_str().unwrap());
    let test = || {
        let (status, told) = ask(server.main, "POST", &path, "application/json", "{}").unwrap();
        assert_eq!(status, 200, "{told}");
        let told: Value = serde_json::from_str(&told).unwrap();
        let again = get(server.main, &format!("/v1/deliveries/{}", told["id"].as_str().unwrap())).unwrap().1;
        (told, serde_json::from_str::<Value>(&again).unwrap())
    };
    // Successes have 32 MiB: with their headers, 512 do not fit.
    for _ in 1..512 {
        let (told, kept) = test();
        assert_eq!((length(&told), length(&kept)), (LONG, LONG));
    }
    let (told, kept) = test();
    assert_eq!((length(&told), length(&kept)), (LONG, 0));
    let headers = |delivery: &Value| delivery["response"]["headers"].as_array().unwrap().len();
    assert_eq!((headers(&told), headers(&kept)), (1, 0));
    assert_eq!(kept["response"]["status"], 200);
    server.stop();
}
