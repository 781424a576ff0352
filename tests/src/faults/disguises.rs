//! Every spelling of an address that is nobody's business, and redirects to it.
//!
//! A tenant may reach the public internet and nothing else. What is a forbidden address, however it is written, is refused
//! when a webhook is made; what is a name is refused when it leads there; and who answers with another place is heard and
//! not followed.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;

use super::nameserver::{NameServer, Said, address};
use super::rig::{Rig, Setup};
use super::shim::Shim;
use super::{Trial, float};
use crate::load::publisher::{Orders, Publisher};
use crate::load::taker::Manner;
use crate::time::Deadline;

const SOON: Duration = Duration::from_secs(30);

/// Hosts that are addresses, however they look.
const LITERALS: &[&str] = &[
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "0x7f.1",
    "0X7F.0.0.1",
    "0x7f000001",
    "2130706433",
    "017700000001",
    "0177.0.0.1",
    "0177.0x0.1",
    "127.0.0.1.",
    "127.255.255.254",
    "0.0.0.0",
    "0",
    "0x0",
    "00",
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::FFFF:7F00:1]",
    "[::127.0.0.1]",
    "[::7f00:1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::1]",
    "[2001:0:7f00:1::]",
    "[2001:0:4136:e378:8000:63bf:80ff:fffe]",
    "[fe80::1]",
    "[fec0::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[ff02::1]",
    "[100::1]",
    "[2001:db8::1]",
    "[3fff::1]",
    "[5f00::1]",
    "10.0.0.1",
    "0xa.1",
    "172.16.0.1",
    "192.168.0.1",
    "3232235521",
    "100.64.0.1",
    "100.100.100.200",
    "169.254.169.254",
    "0xa9fea9fe",
    "2852039166",
    "0251.0376.0251.0376",
    "169.254.170.2",
    "168.63.129.16",
    "192.0.0.192",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "127。0。0。1",
    "127｡0｡0｡1",
    "１２７.０.０.１",
    "①②⑦.⓪.⓪.①",
    "①②⑦.0.0.1",
    "0ｘ7f.1",
    "%31%32%37.0.0.1",
    "127%2e0%2e0%2e1",
];

/// What is no host at all, or hides one.
const IMPOSSIBLE: &[&str] = &[
    "[fe80::1%25eth0]",
    "[fe80::1%eth0]",
    "[::1%25lo]",
    "user@127.0.0.1",
    "user:pass@example.com",
    "@127.0.0.1",
    "example.com@127.0.0.1",
    "127.0.0.1#@example.com",
    "example.com\\@127.0.0.1",
    "256.0.0.1",
    "127.0.0.1.1",
    "0x100000000",
    "[127.0.0.1]",
    "[::1",
    "127.0.0.1%00.example.com",
    "exa mple.com",
    "127.0.0.1\t",
    "[v1.1]",
    "",
];

/// Names that are this machine by definition.
const LOCAL: &[&str] =
    &["localhost", "LOCALHOST", "localhost.", "a.localhost", "a.b.localhost.", "ｌocalhost", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ"];

/// Addresses that a name may turn out to have.
const LED_TO: &[&str] = &[
    "127.0.0.1",
    "0.0.0.0",
    "10.0.0.1",
    "169.254.169.254",
    "100.100.100.200",
    "192.168.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
    "fe80::1",
    "fd00:ec2::254",
    "ff02::1",
];

const REDIRECTS: [u16; 7] = [300, 301, 302, 303, 305, 307, 308];

pub(super) fn run(trial: &mut Trial) -> Result<()> {
    let names = NameServer::start(|name, _| {
        let number = name.strip_prefix('n').and_then(|rest| rest.strip_suffix(".test"));
        let led_to = number.and_then(|number| LED_TO.get(number.parse::<usize>().ok()?));
        led_to
            .and_then(|text| address(text).ok())
            .map_or(Said::NoName, |address| Said::Addresses(vec![address], 0))
    })?;
    let shim = Shim::new()?;
    shim.ask(&names)?;
    // Nothing is open but a network in which nobody is.
    let setup = Setup { retry: "[]", allow: "192.0.2.128/25", ..Setup::default() };
    let rig = Rig::start_as(setup, |launch| shim.under_names(launch, &names))?;
    let port = rig.port()?;
    let mut made = 0;
    let mut wrong = Vec::new();
    let make = |host: &str, scheme: &str| -> Result<u16> {
        let profile = json!({ "dialect": "native", "event_types": ["*"] });
        let url = format!("{scheme}://{host}:{port}/w/1");
        let answer = rig.admin(0).post("/v1/webhooks", &json!({ "url": url, "profile": profile }))?;
        Ok(answer.status)
    };
    let mut tried = 0;
    for host in LITERALS.iter().chain(IMPOSSIBLE) {
        for scheme in ["http", "https"] {
            tried += 1;
            if !(400..500).contains(&make(host, scheme)?) {
                wrong.push(*host);
            }
        }
    }
    let led: Vec<String> = (0..LED_TO.len()).map(|number| format!("n{number}.test")).collect();
    for host in LOCAL.iter().copied().chain(led.iter().map(String::as_str)) {
        ensure!(make(host, "http")? == 201, "{host}: a name is judged when it is looked up");
        made += 1;
    }
    trial.note("spellings tried at creation", float(tried), "");
    if !wrong.is_empty() {
        trial.say(&format!("  taken: {wrong:?}"));
    }
    trial.none("forbidden spellings that were taken", wrong.len());
    let rounds: usize = trial.pick(1, 20);
    let orders = Orders { events: rounds as u64, ..rig.orders(0) };
    // Whoever fails is asked again only after a while: only the first event is sent to all.
    let published = Publisher::start(rig.server.base(), orders).finish()?;
    published.ensure_sound()?;
    let settled = Deadline::after(SOON).poll(|| (rig.history(0).ok()?.len() >= made).then_some(()));
    ensure!(settled.is_some(), "not all were attempted");
    let history = rig.history(0)?;
    let denied = history.iter().filter(|delivery| delivery["failure"]["class"] == "egress-denied").count();
    trial.note("deliveries to names that lead there", float(history.len()), "");
    trial.none("of them not refused as such", history.len() - denied);
    trial.none("connections", rig.taker.connections());
    rig.ensure_well()?;
    redirects(trial)
}

fn redirects(trial: &mut Trial) -> Result<()> {
    let rig = Rig::start(Setup { retry: "[]", allow: "127.1.0.0/16", ..Setup::default() })?;
    let port = rig.port()?;
    let places = [
        format!("http://127.0.0.1:{port}/w/999"),
        format!("http://[::ffff:127.0.0.1]:{port}/w/999"),
        format!("//localhost:{port}/w/999"),
        "/w/999".to_owned(),
    ];
    let mut endpoint = 0;
    for status in REDIRECTS {
        for place in &places {
            let headers =
                Box::leak(format!("location: {place}\r\nrefresh: 0; url={place}\r\n").into_boxed_str());
            rig.taker.behave(endpoint, Manner::Answer { status, headers, after: Duration::ZERO });
            rig.webhook(0, endpoint, None)?;
            endpoint += 1;
        }
    }
    Publisher::start(rig.server.base(), Orders { events: 1, ..rig.orders(0) }).finish()?.ensure_sound()?;
    rig.wait(SOON, |taker| taker.count() >= endpoint);
    std::thread::sleep(Duration::from_secs(1));
    let history = rig.history(0)?;
    let heard = history
        .iter()
        .filter(|delivery| (300..400).contains(&delivery["response"]["status"].as_u64().unwrap_or(0)));
    trial.note("redirects", float(endpoint), "");
    trial.none("not heard as an answer", endpoint - heard.count());
    let followed = rig.taker.arrivals(0).iter().filter(|arrival| arrival.endpoint == 999).count();
    trial.none("followed", followed);
    trial.none("requests beside the first", rig.taker.count() - endpoint);
    rig.ensure_well()
}
