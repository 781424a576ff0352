//! Settings and payloads that are taken and then do harm: odd headers, urls and filters, odd bodies, damage on the disk.
//!
//! Whatever is taken ends: it arrives, or it fails with a reason and after as many attempts as there are steps. Those
//! beside it do not notice.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::nameserver::{NameServer, Said};
use super::rig::{KIND, Rig, Setup};
use super::shim::Shim;
use super::{Trial, float};
use crate::config::Config;
use crate::http::Client;
use crate::load::publisher::{Orders, Publisher};
use crate::load::taker::{Manner, Taker};
use crate::server::{Launch, Server};
use crate::time::Deadline;

const SOON: Duration = Duration::from_secs(100);
/// So many seconds pass at once in the tests when only retries wait, which are spread over 30 s.
const PASSED: u32 = 40;
const TOKEN: &str = "token-of-the-admin-of-the-poisoned";
const HEALTHY: usize = 4;
/// What an endpoint gets at once of which nothing is known.
const WINDOW: usize = 4;
/// The type of the event for those that are nowhere.
const LOST: &str = "fault.lost";
/// A delivery has this many attempts at most: the first, and one for each step.
const ATTEMPTS: u64 = 3;

pub(super) fn run(trial: &mut Trial) -> Result<()> {
    settings(trial)?;
    damage(trial)
}

/// Values that a header might not bear.
const VALUES: &[&str] = &[
    "",
    " ",
    "a b",
    "\t",
    "a\tb",
    " a ",
    "é",
    "\u{80}",
    "\u{7f}",
    "\0",
    "a\r\nb: c",
    "a\nb",
    "\u{2028}",
    "🦀",
    "%0d%0ax: y",
    "\u{b}",
    "a,b;c=\"d\"",
    "chunked",
];
/// Names that a header might not bear, or that are ours.
const NAMES: &[&str] = &[
    "x",
    "X-A",
    "x a",
    "x:",
    "",
    "é",
    "host",
    "Content-Length",
    "transfer-encoding",
    "Connection",
    "te",
    "upgrade",
    "expect",
    "trailer",
    "webhook-signature",
    "proxy-authorization",
    "keep-alive",
    "x\r\ny",
    "cookie",
    ":authority",
    "_",
    "x.y",
];
/// What may come after the host.
const PATHS: &[&str] = &[
    "",
    "/",
    "/%00",
    "/%",
    "/%zz",
    "/a b",
    "/é/ü?ß",
    "/?",
    "/??#",
    "/#",
    "/\u{202e}",
    "/..%2f..",
    "/../../x",
    "//",
    "/\\x",
    "/|^`{}",
    "?x",
    "#x",
    "/a?b=c&d=\"'<>",
    "/🦀",
    "/%0d%0aX:%20y",
    "/[]",
    "/;a=b",
    "/*",
];
const FILTERS: &[&str] =
    &["", "(", "type eq", "data.x eq 'a'", "id ne null", "((((((((((x", "data.text eq \"\\ud800\"", "true"];

/// Text of JSON that is odd, each a value of `data.text` or of all data.
fn payloads() -> Vec<String> {
    let deep = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let mut all: Vec<String> = [
        r#""\u0000""#,
        r#""\ud800""#,
        r#""\udc00\ud800""#,
        "1e400",
        "-0",
        "1e-400",
        "123456789012345678901234567890",
        "0.1e1",
        r#"{"a":1,"a":2}"#,
        r#"{"__proto__":{"x":1}}"#,
        r#"{"":""}"#,
        "null",
        "[]",
        r#""\u2028""#,
        r#""</script>""#,
        r#"{"constructor":{"prototype":1}}"#,
        "9007199254740993",
        r#""\uFFFE""#,
        "\"\u{feff}\"",
    ]
    .map(str::to_owned)
    .to_vec();
    all.extend([deep(50), deep(120), deep(128), deep(2_000), format!("\"{}\"", "x".repeat(200_000))]);
    all
}

fn settings(trial: &mut Trial) -> Result<()> {
    let taker = Taker::start()?;
    let rules = "egress = { allow = [\"127.0.0.0/8\"], relaxed_targets = true }\n\
                 settings = { timeout = \"5s\", retry = [\"0s\", \"0s\"], event_types = [\"fault.event\", \"fault.lost\"] }";
    let config =
        Config::new("rate_limit = false").tenant("poisoned", "qlik", rules).user("1", "admin", TOKEN);
    let (shim, names) = (Shim::new()?, NameServer::start(|_, _| Said::NoName)?);
    shim.ask(&names)?;
    let server = shim.under_names(Launch::sigpost(config)?, &names).start()?;
    let admin = server.client().with_token(TOKEN);
    let (mut taken, mut refused, mut odd) = (HashSet::new(), 0, Vec::new());
    let mut make = |url: &str, profile: Value| -> Result<()> {
        let mut profile = profile;
        profile["dialect"] = "qlik".into();
        profile["name"] = "hook".into();
        if profile["event_types"].is_null() {
            profile["event_types"] = json!([KIND]);
        }
        let answer = admin.post("/v1/webhooks", &json!({ "url": url, "profile": profile }))?;
        match answer.status {
            201 => _ = taken.insert(answer.json()?["id"].as_str().context("an id")?.to_owned()),
            400..=499 => refused += 1,
            status => odd.push(format!("{status} to {url} {profile}")),
        }
        Ok(())
    };
    for endpoint in 0..HEALTHY {
        make(&taker.url(endpoint), json!({}))?;
    }
    let place = taker.url(HEALTHY);
    for value in VALUES {
        make(&place, json!({ "headers": { "x-odd": value } }))?;
        make(&place, json!({ "encrypted_headers": { "x-odd": value } }))?;
    }
    for name in NAMES {
        make(&place, json!({ "headers": { *name: "value" } }))?;
        make(&place, json!({ "encrypted_headers": { *name: "value" } }))?;
    }
    make(&place, json!({ "headers": { "x-long": "x".repeat(100_000) } }))?;
    let host = place.split("/w/").next().unwrap_or_default().to_owned();
    for path in PATHS {
        make(&format!("{host}{path}"), json!({}))?;
    }
    make(&format!("{host}/{}", "x".repeat(2_048 - host.len() - 1)), json!({}))?;
    // Nobody is there: whoever fails is asked seldom, so one event must do.
    for host in [format!("{}.test", "x".repeat(64)), format!("{}test", "x.".repeat(140)), "xn--a.test".into()]
    {
        make(&format!("http://{host}/"), json!({ "event_types": [LOST] }))?;
    }
    for filter in FILTERS {
        make(&place, json!({ "filter": filter }))?;
    }
    trial.note("settings refused", float(refused), "");
    trial.note("settings taken", float(taken.len()), "");
    let lost =
        format!(r#"{{"specversion":"1.0","id":"lost","source":"/poison","type":"{LOST}","data":{{}}}}"#);
    ensure!(send(&admin, &lost)? == 202, "the event for nobody was not taken");
    let events = publish(&admin, trial.pick(1, 5), &mut odd)?;
    for odd in &odd {
        trial.say(&format!("  {}", odd.chars().take(300).collect::<String>()));
    }
    trial.none("answers that are neither yes nor no", odd.len());
    trial.note("events taken", float(events), "");
    let done = all_ends(trial, &shim, &admin, events);
    trial.none("the engine that does not come to an end", usize::from(!done));
    outcomes(trial, &server, &admin)
}

/// Waits until so many events have arrived at a healthy endpoint and nothing is pending.
fn all_ends(trial: &Trial, shim: &Shim, admin: &Client, events: usize) -> bool {
    let passed = trial.pick(PASSED, 0);
    let done = Deadline::after(SOON).poll(|| {
        std::thread::sleep(Duration::from_millis(200));
        let pending = admin.get("/v1/deliveries?limit=1&state=pending").ok()?.json().ok()?;
        let settled = pending["deliveries"].as_array()?.is_empty();
        let here = delivered(admin, 0) >= events;
        if here && !settled && passed > 0 {
            shim.pass(passed).ok()?;
            std::thread::sleep(Duration::from_secs(2));
        }
        (settled && here).then_some(())
    });
    done.is_some()
}

/// How many deliveries of the nth webhook that was made have been delivered.
fn delivered(admin: &Client, endpoint: usize) -> usize {
    let count = || {
        let all = all(admin).ok()?;
        let place = format!("/w/{endpoint}");
        let delivered = all.iter().filter(|delivery| {
            delivery["state"] == "delivered"
                && delivery["request"]["url"].as_str().is_some_and(|url| url.ends_with(&place))
        });
        Some(delivered.count())
    };
    count().unwrap_or(0)
}

fn all(admin: &Client) -> Result<Vec<Value>> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let mut page = admin.get(&format!("/v1/deliveries?limit=100{cursor}"))?.json()?;
        all.append(page["deliveries"].as_array_mut().context("deliveries")?);
        let Some(next) = page["next"].as_str() else { return Ok(all) };
        cursor = format!("&cursor={next}");
    }
}

fn send(admin: &Client, event: &str) -> Result<u16> {
    let headers = [("content-type", "application/cloudevents+json")];
    Ok(admin.send("POST", "/v1/events", &headers, event.as_bytes())?.status)
}

/// Publishes all payloads so many times, and says how many were taken.
fn publish(admin: &Client, rounds: usize, odd: &mut Vec<String>) -> Result<usize> {
    let mut taken = 0;
    for round in 0..rounds {
        for (number, payload) in payloads().iter().enumerate() {
            for data in [payload.clone(), format!("{{\"text\":{payload},\"metadata\":{{}}}}")] {
                let event = format!(
                    "{{\"specversion\":\"1.0\",\"id\":\"{round}-{number}-{}\",\"source\":\"/poison\",\"type\":\"{KIND}\",\"data\":{data}}}",
                    data.len()
                );
                match send(admin, &event)? {
                    202 => taken += 1,
                    400..=499 => {}
                    status => odd.push(format!("{status} to {event}")),
                }
            }
        }
    }
    Ok(taken)
}

fn outcomes(trial: &mut Trial, server: &Server, admin: &Client) -> Result<()> {
    let mut by_outcome = BTreeMap::new();
    let (mut unreasoned, mut beyond) = (0, 0);
    for delivery in all(admin)? {
        let class = delivery["failure"]["class"]
            .as_str()
            .map_or_else(|| format!("answered {}", delivery["response"]["status"]), str::to_owned);
        unreasoned += usize::from(delivery["response"].is_null() && delivery["failure"].is_null());
        beyond += usize::from(delivery["attempts"].as_u64().unwrap_or(u64::MAX) > ATTEMPTS);
        *by_outcome.entry((delivery["state"].to_string(), class)).or_insert(0) += 1;
    }
    trial.say(&format!("  {by_outcome:?}"));
    let local = by_outcome.iter().filter(|((_, class), _)| class == "local").map(|(_, count)| count).sum();
    trial.none("failed for a reason of ours", local);
    trial.none("ended without a reason", unreasoned);
    trial.none("attempted more often than there are steps", beyond);
    let log = server.stderr();
    trial.none("panics", log.lines().filter(|line| line.contains("panicked")).count());
    let health = server.client().get("/healthz")?;
    ensure!(health.status == 200, "health: {}", health.status);
    Ok(())
}

const GOOD: &[u8] = b"so it was written";
const BAD: &[u8] = b"so it was BROKEN!";

/// What waits is damaged on the disk while the server is down.
fn damage(trial: &mut Trial) -> Result<()> {
    let mut rig = Rig::start(Setup { retry: "[]", timeout: "3s", ..Setup::default() })?;
    rig.taker.all_behave(Manner::Hang);
    for endpoint in 0..HEALTHY {
        rig.webhook(0, endpoint, None)?;
    }
    let events = trial.pick(40, 400);
    let published = Publisher::start(rig.server.base(), Orders { events, ..rig.orders(0) }).finish()?;
    let poisoned: usize = trial.pick(10, 100);
    for number in 0..poisoned {
        let event = json!({
            "specversion": "1.0", "id": format!("p{number}"), "source": "/poison", "type": KIND,
            "data": { "text": str::from_utf8(GOOD)?, "metadata": {} },
        });
        let headers = [("content-type", "application/cloudevents+json")];
        let answer = rig.admin(0).send("POST", "/v1/events", &headers, event.to_string().as_bytes())?;
        ensure!(answer.status == 202, "{}", answer.text());
    }
    ensure!(rig.server.terminate(SOON)?.success(), "it did not end well");
    let mut damaged = 0;
    for file in std::fs::read_dir(rig.server.folder().join("data"))? {
        let path = file?.path();
        if path.is_file() && path.to_string_lossy().contains("sigpost.db") {
            let mut bytes = std::fs::read(&path)?;
            let places: Vec<usize> = bytes
                .windows(GOOD.len())
                .enumerate()
                .filter(|(_, text)| *text == GOOD)
                .map(|(at, _)| at)
                .collect();
            for at in &places {
                bytes[*at..*at + BAD.len()].copy_from_slice(BAD);
            }
            damaged += places.len();
            std::fs::write(&path, bytes)?;
        }
    }
    ensure!(damaged >= poisoned, "only {damaged} bodies were found in the files");
    rig.taker.all_behave(Manner::status(200));
    let before = rig.taker.count();
    rig.server.restart()?;
    let wanted = usize::try_from(published.count())? * HEALTHY;
    let all = wanted + poisoned * HEALTHY;
    let done = Deadline::after(SOON).poll(|| {
        std::thread::sleep(Duration::from_millis(200));
        let ended = |delivery: &&Value| delivery["state"] != "pending";
        (rig.history(0).ok()?.iter().filter(ended).count() >= all).then_some(())
    });
    let history = rig.history(0)?;
    // Those in flight when it was told to end had their one attempt.
    let hung = history.iter().filter(|delivery| delivery["failure"]["class"] == "timeout").count();
    trial.at_most("before damage: hung when it was told to end", float(hung), "", float(HEALTHY * WINDOW));
    let wanted = wanted - hung.min(wanted);
    let state = |state: &str| history.iter().filter(|delivery| delivery["state"] == state).count();
    let local = history.iter().filter(|delivery| delivery["failure"]["class"] == "local").count();
    let again: HashSet<_> =
        rig.taker.arrivals(before).iter().map(|arrival| (arrival.number, arrival.endpoint)).collect();
    trial.none("after damage: the engine that does not come to an end", usize::from(done.is_none()));
    trial.none("after damage: sound and not delivered", wanted - state("delivered").min(wanted));
    trial.none("after damage: sound and not received", wanted - again.len().min(wanted));
    trial.none("after damage: damaged and not failed as ours", (poisoned * HEALTHY).abs_diff(local));
    let ended = state("exhausted").saturating_sub(hung);
    trial.none("after damage: damaged and not ended", (poisoned * HEALTHY).abs_diff(ended));
    rig.ensure_well()
}
