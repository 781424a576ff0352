//! The core against its measures, in one run on the same bytes: canonicalising against V8's `JSON.parse` and
//! `JSON.stringify`, verifying against the bare HMAC it cannot do without. `cargo xtask bench core`.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use sigpost_core::json::canonicalize;
use sigpost_core::signature::{Part, Scheme, Secret, SignInput, Signer, Verifier};
use sigpost_tests::bench::{Contender, Outcome, measure, publish};
use sigpost_tests::workspace;

const ROUNDS: usize = 9;
/// The first digits of points half way between two doubles.
const HALF_WAY: [&str; 8] = [
    "8.9746462773314158450e+215",
    "1.0390922318448467201e+227",
    "3.5079974052969897664e+177",
    "1.0731215723132782816e+256",
    "1.2310389979315649339e-229",
    "2.1385252687592753233e-227",
    "2.8935445033529518750e-279",
    "5.6357332511910185091e-232",
];
const SIZES: [(&str, usize); 3] = [("256 B", 256), ("1 KB", 1 << 10), ("64 KB", 64 << 10)];

fn main() -> Result<()> {
    let mut v8 = V8::start()?;
    let mut outcomes = Vec::new();
    for (name, size) in SIZES {
        let document = document(size);
        for (form, text) in
            [("canonical", serde_json::to_vec(&document)?), ("pretty", serde_json::to_vec_pretty(&document)?)]
        {
            outcomes.push(canonicalising(&mut v8, &format!("canonicalize {name} {form}"), &text)?);
        }
    }
    for (name, text) in hard(64 << 10) {
        outcomes.push(canonicalising(&mut v8, &format!("canonicalize 64 KB {name}"), text.as_bytes())?);
    }
    for (name, size) in SIZES {
        outcomes.push(verifying(Scheme::IMMUTA, name, size)?);
    }
    // Three headers, a list, base64 and five parts to sign; a list that holds the time; base64 alone.
    for scheme in [Scheme::STANDARD_WEBHOOKS, Scheme::STRIPE, Scheme::SHOPIFY] {
        outcomes.push(verifying(scheme, "1 KB", 1 << 10)?);
    }
    publish("core", &outcomes)
}

/// A whole verification, headers and all, against the HMAC and the comparison that it cannot do without; both with
/// the key absorbed beforehand.
fn verifying(scheme: &Scheme, name: &str, size: usize) -> Result<Outcome> {
    let secret = Secret::new("0123456789abcdef0123456789abcdef")?;
    let body = serde_json::to_vec(&document(size))?;
    let (id, time) = ("msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", 1_700_000_000);
    let input = SignInput { body: &body, id: Some(id), timestamp: Some(time) };
    let headers = Signer::new(scheme, &secret)?.sign(input)?;
    let pairs = || headers.iter().map(|(name, value)| (name.as_ref(), value.as_bytes()));
    let verifier = Verifier::new(scheme, std::slice::from_ref(&secret))?;
    ensure!(verifier.verify(pairs(), &body, time).is_ok(), "our own signature does not verify");
    let keyed = Hmac::<Sha256>::new_from_slice(secret.as_bytes())?;
    let mut signed = Vec::new();
    for part in scheme.parts() {
        match part {
            Part::Body => signed.extend(&body),
            Part::Id => signed.extend(id.bytes()),
            Part::Timestamp => signed.extend(time.to_string().bytes()),
            Part::Literal(text) => signed.extend(text.bytes()),
            other => bail!("{other:?} is new"),
        }
    }
    let tag = keyed.clone().chain_update(&signed).finalize().into_bytes();
    let contenders = vec![
        Contender::native("sigpost", || verifier.verify(pairs(), std::hint::black_box(&body), time).is_ok()),
        Contender::native("bare HMAC-SHA256", || {
            keyed.clone().chain_update(std::hint::black_box(&signed)).verify_slice(&tag).is_ok()
        }),
    ];
    measure(&format!("verify {name} {}", scheme.name()), body.len(), ROUNDS, contenders)
}

/// One document, ours against V8's, after both have agreed on what comes out.
fn canonicalising(v8: &mut V8, case: &str, document: &[u8]) -> Result<Outcome> {
    let ours = canonicalize(document).map_err(|e| anyhow::anyhow!("{case}: {e}"))?;
    ensure!(v8.load(case, document)? == *ours, "{case}: V8 disagrees");
    let v8 = std::cell::RefCell::new(v8);
    let contenders = vec![
        Contender::native("sigpost", || canonicalize(std::hint::black_box(document)).is_ok()),
        Contender::new("V8, string to string", |iterations| v8.borrow_mut().run(case, "text", iterations)),
        Contender::new("V8, bytes to bytes", |iterations| v8.borrow_mut().run(case, "bytes", iterations)),
    ];
    measure(case, document.len(), ROUNDS, contenders)
}

/// A notification as the systems send them, its list of changes as long as the size asks for. Its texts and numbers
/// are such that serialising it compactly is canonical already.
fn document(size: usize) -> Value {
    let mut document = json!({
        "text": "Ada approved access to \"Sales \u{2014} EMEA\"",
        "metadata": { "notificationType": "dataSourceAccessRequest", "actionBy": 17, "global": false, "score": 0.25 },
        "webhookId": 42,
        "changes": [],
    });
    for number in 0.. {
        if document.to_string().len() + 40 >= size {
            break;
        }
        let change = match number % 3 {
            0 => json!({ "path": format!("/columns/{number}/tag"), "old": null, "new": "PII" }),
            1 => json!({ "at": 1_700_000_000_000_u64 + number, "by": format!("caf\u{e9} {number}") }),
            _ => json!([number, true, "line\nbreak"]),
        };
        if let Some(changes) = document["changes"].as_array_mut() {
            changes.push(change);
        }
    }
    document
}

/// Documents of about this size that are made of what is hard: numbers of so many digits that they must be converted,
/// decimals that are all but half way between two doubles, many escapes, no ASCII, and both as Python writes it.
fn hard(size: usize) -> [(&'static str, String); 5] {
    const TEXT: &str = "Доступ к таблице «Продажи» разрешён — 営業部のデータ 😀";
    let fill = |element: &dyn Fn(u32) -> String| {
        let mut text = String::from("[0");
        for number in 0.. {
            if text.len() >= size {
                break;
            }
            text.push(',');
            text.push_str(&element(number));
        }
        text + "]"
    };
    // Steps of an irrational number: all digits of every double.
    let float = |number: u32| (f64::from(number) * std::f64::consts::E).to_string();
    let half_way = |number: u32| HALF_WAY[number as usize % HALF_WAY.len()].to_owned();
    let escapes = |number: u32| json!(format!("C:\\logs\\{number}\n\t\"at\"\r\n")).to_string();
    let text = |number: u32| format!("\"{TEXT} {number}\"");
    let ascii = |unit| match u8::try_from(unit) {
        Ok(byte @ ..0x80) => char::from(byte).to_string(),
        _ => format!("\\u{unit:04x}"),
    };
    let escaped = TEXT.encode_utf16().map(ascii).collect::<String>();
    [
        ("floats", fill(&float)),
        ("half way", fill(&half_way)),
        ("escapes", fill(&escapes)),
        ("non-ASCII", fill(&text)),
        ("ASCII-escaped", fill(&|number| format!("\"{escaped} {number}\""))),
    ]
}

/// V8 in a Node process of its own, `core.mjs`.
struct V8 {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl V8 {
    fn start() -> Result<Self> {
        let mut node = Command::new("node");
        node.arg(workspace::root().join("tests/benches/core.mjs"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = node.spawn().context("starting node")?;
        let input = child.stdin.take().context("standard input is piped")?;
        let output = child.stdout.take().context("standard output is piped")?;
        Ok(Self { child, input, output: BufReader::new(output).lines() })
    }

    /// Hands over a document; returns what V8 makes of it.
    fn load(&mut self, name: &str, document: &[u8]) -> Result<Vec<u8>> {
        let answer = self.ask(&json!({ "load": name, "base64": STANDARD.encode(document) }))?;
        Ok(STANDARD.decode(answer["base64"].as_str().context("no base64")?)?)
    }

    fn run(&mut self, name: &str, kind: &str, iterations: u64) -> Result<Duration> {
        let answer = self.ask(&json!({ "run": name, "kind": kind, "iterations": iterations }))?;
        Ok(Duration::from_nanos(answer["nanoseconds"].as_u64().context("no nanoseconds")?))
    }

    fn ask(&mut self, command: &Value) -> Result<Value> {
        writeln!(self.input, "{command}")?;
        let line = self.output.next().context("node ended")??;
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for V8 {
    fn drop(&mut self) {
        // Fails only for a process that has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
