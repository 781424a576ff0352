//! Secrets, encrypted headers and tokens, looked for where they have no business: logs at TRACE, files of the database
//! while it is open and afterwards, answers of every API, what it streams and its metrics, and the memory of the process once
//! it has no use for them.
//!
//! What is not asked of memory: the text of a request or an answer as it was sent, a header or a string of JSON, which the
//! HTTP library reads into and writes from buffers of its own. It shares them between requests, hands them out as bytes
//! that nobody may change, and frees or uses them again as they are, so that remains stay until something else is
//! written there; few of all that was sent. Nothing that was made of it stays: neither a decoded key nor a copy of the text
//! outside its sentence. The master key is in use for as long as the server is.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::nameserver::{NameServer, Said};
use super::search::{Canary, Found, Search};
use super::shim::Shim;
use super::{Trial, float, float_64};
use crate::config::Config;
use crate::http::{Client, Response};
use crate::receiver::{Receiver, Reply};
use crate::server::{Launch, Server};
use crate::time::Deadline;

const SOON: Duration = Duration::from_secs(20);
const SYSTEMS: [&str; 5] = ["native", "immuta", "immuta-request", "generic", "qlik"];
/// What an event says: no secret, so it stands in files and answers.
const SONG: &str = "A canary sang, and everybody may know.";
/// What is not the database's, and holds what it is told to.
const EXCEPT: &[&str] = &["master.key"];

pub(super) fn run(trial: &mut Trial) -> Result<()> {
    let mut nest = Nest::start()?;
    let rounds = trial.pick(1, 20);
    for round in 0..rounds {
        nest.round(round)?;
    }
    nest.read_everything()?;
    let (data, master) = (nest.server.folder().join("data"), nest.master_key()?);
    nest.canaries.push(Canary::key("master key", &master));
    let (search, planted) = (Search::new(&nest.canaries)?, Search::new(&nest.planted)?);
    let mut places = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
    let [log, files, answers, memory] = &mut places;
    files.extend(search.in_files(&data, EXCEPT)?);
    for (what, answer) in &nest.answers {
        answers.extend(search.in_bytes(what, answer));
    }
    let process = nest.server.process().id();
    // What is in use must be found, else the search is blind.
    let (before, _) = search.in_memory(process)?;
    let mut seen = [0, planted.in_files(&data, EXCEPT)?.len(), 0, before.len()];
    seen[2] = nest.answers.iter().map(|(_, answer)| planted.in_bytes("", answer).len()).sum();
    nest.dispose()?;
    let (after, size) = search.in_memory(process)?;
    let (sent, after): (Vec<_>, Vec<_>) = after.into_iter().partition(|found| found.as_sent);
    let in_use = |found: &Found| (found.name, found.spelling) == ("master key", "as it is");
    memory.extend(after.into_iter().filter(|found| !in_use(found)));
    files.extend(search.in_files(&data, EXCEPT)?);
    ensure!(nest.server.terminate(SOON)?.success(), "it did not end well");
    files.extend(search.in_files(&data, EXCEPT)?);
    let stderr = nest.server.stderr();
    ensure!(stderr.contains("\"TRACE\""), "the log is not at TRACE: {}", &stderr[..stderr.len().min(300)]);
    log.extend(search.in_bytes("the log", stderr.as_bytes()));
    seen[0] = planted.in_bytes("the log", stderr.as_bytes()).len();
    trial.note("values looked for", float(nest.canaries.len()), "");
    trial.note("answers looked through", float(nest.answers.len()), "");
    trial.note("log at TRACE", float(stderr.len()) / 1e6, " MB");
    trial.note("memory looked through", float_64(size) / 1e6, " MB");
    // Of the newest, until their buffers are used again: not one of each that was ever sent.
    let remains = trial.pick(40, 100);
    trial.at_most("remains of requests and answers in memory", float(sent.len()), "", float(remains));
    let names = ["the log", "files", "answers", "memory after disposal"];
    for ((name, found), seen) in names.into_iter().zip(&places).zip(seen) {
        for found in found.iter().take(40) {
            trial.say(&format!("  {found}"));
        }
        trial.none(&format!("found in {name}"), found.len());
        trial.none(&format!("blind to {name}"), usize::from(seen == 0));
    }
    Ok(())
}

/// A value that stands nowhere else.
fn value(name: &str, round: usize) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{name} {round}")))
}

/// What a stream tells until nothing comes for a moment; it must tell something.
fn told_by(mut stream: TcpStream) -> Result<Vec<u8>> {
    let (mut all, mut piece) = (Vec::new(), [0; 4_096]);
    stream.set_read_timeout(Some(SOON))?;
    while let Ok(read @ 1..) = stream.read(&mut piece) {
        all.extend_from_slice(&piece[..read]);
        if all.windows(5).any(|text| text == b"data:") {
            stream.set_read_timeout(Some(Duration::from_millis(300)))?;
        }
    }
    ensure!(
        all.windows(5).any(|text| text == b"data:"),
        "a stream says nothing: {}",
        String::from_utf8_lossy(&all)
    );
    Ok(all)
}

/// What a system's own API is sent.
struct Own {
    root: &'static str,
    /// What makes a webhook.
    good: Value,
    /// What is refused, with a secret in it.
    bad: Value,
    /// How one is changed, by which method, where it can be.
    change: Option<(&'static str, Value)>,
}

impl Own {
    /// None for the system whose own is that of all.
    fn of(system: &str, url: &str, [secret, next, hidden, bad]: [&str; 4]) -> Option<Self> {
        let nowhere = "nowhere";
        let qlik = |url: &str, secret: &str| {
            json!({
                "name": "own", "url": url, "eventTypes": ["canary.sang"], "secret": secret,
                "encryptedHeaders": { "x-hidden": hidden },
            })
        };
        let immuta = |url: &str, secret: &str| {
            json!({ "webhooks": [{
                "url": url, "name": "own", "global": true, "notificationType": ["ALL_NOTIFICATIONS"],
                "actionType": "triggered", "secret": secret,
            }] })
        };
        let (root, good, bad, change) = match system {
            "immuta" => ("/webhooks", immuta(url, secret), immuta(nowhere, bad), None),
            "immuta-request" => (
                "/api/notification/webhook",
                json!({ "url": url, "signingKey": secret }),
                json!({ "url": nowhere, "signingKey": bad }),
                Some(("PUT", json!({ "signingKey": next }))),
            ),
            "generic" => (
                "/api/v1/webhooks",
                json!({ "url": url, "events": ["canary.sang"] }),
                json!({ "url": url, "events": ["canary.sang"], "secret": bad }),
                Some(("PUT", json!({ "description": "changed" }))),
            ),
            "qlik" => (
                "/api/v1/webhooks",
                qlik(url, secret),
                qlik(nowhere, bad),
                Some(("PATCH", json!([{ "op": "replace", "path": "/secret", "value": next }]))),
            ),
            _ => return None,
        };
        Some(Self { root, good, bad, change })
    }
}

/// A server with secrets in it.
struct Nest {
    server: Server,
    /// Names are looked up, and not found, for that is what has most to say at TRACE.
    _os: (Shim, NameServer),
    receiver: Receiver,
    canaries: Vec<Canary>,
    /// What must be found, for it is no secret.
    planted: Vec<Canary>,
    /// What was answered where no secret is to be shown, and to what.
    answers: Vec<(String, Vec<u8>)>,
    webhooks: Vec<(&'static str, String)>,
    tokens: Vec<(&'static str, String)>,
}

impl Nest {
    fn start() -> Result<Self> {
        let operator = value("operator", 0);
        let mut config =
            Config::new("rate_limit = false\nadmin_listen = \"127.0.0.1:0\"").operator(&operator);
        let mut canaries = vec![Canary::new("token of the operator", &operator)];
        for system in SYSTEMS {
            let rules = "egress = { allow = [\"127.0.0.0/8\"], relaxed_targets = true }\n\
                         settings = { retry = [], event_types = [\"canary.sang\", \"nobody.sang\"] }";
            let token = value(system, 0);
            config = config.tenant(system, system, rules).user("1", "admin", &token);
            canaries.push(Canary::new("token of the configuration", &token));
        }
        let (shim, names) = (Shim::new()?, NameServer::start(|_, _| Said::NoName)?);
        shim.ask(&names)?;
        let launch = Launch::sigpost(config)?.environment("RUST_LOG", "trace");
        let server = shim.under_names(launch, &names).start()?;
        let (answers, webhooks, tokens) = Default::default();
        let planted = vec![Canary::new("text of an event", SONG)];
        let os = (shim, names);
        Ok(Self {
            server,
            _os: os,
            receiver: Receiver::start()?,
            canaries,
            planted,
            answers,
            webhooks,
            tokens,
        })
    }

    fn master_key(&self) -> Result<Vec<u8>> {
        let text = std::fs::read_to_string(self.server.folder().join("data").join("master.key"))?;
        let text = text.trim();
        let digits = (0..text.len()).step_by(2).map(|at| text.get(at..at + 2));
        let key = digits.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect::<Option<_>>();
        key.context("a master key in hexadecimal digits")
    }

    fn admin(&self, system: &str) -> Client {
        self.server.client().with_token(&value(system, 0))
    }

    fn keep(&mut self, what: &str, answer: Response) -> Response {
        let headers =
            answer.headers.iter().flat_map(|(name, value)| [name.as_bytes(), b": ", value.as_bytes(), b"\n"]);
        self.answers.push((what.to_owned(), headers.flatten().chain(&answer.body).copied().collect()));
        answer
    }

    fn round(&mut self, round: usize) -> Result<()> {
        for system in SYSTEMS {
            self.webhook(system, round)?;
            self.issue(system, round)?;
            self.bungle(system, round)?;
            self.documented(system, round)?;
        }
        self.generated(round)?;
        self.seek(round)?;
        let streams = SYSTEMS.map(|system| self.stream(system));
        self.receiver.then(Reply::status(500).body("no"));
        let before = self.receiver.requests().len();
        for system in SYSTEMS {
            let event = json!({
                "specversion": "1.0", "id": format!("{round}"), "source": "/cage", "type": "canary.sang",
                "time": "2026-11-21T09:30:00Z", "data": { "text": SONG, "metadata": {} },
            });
            let headers = [("content-type", "application/cloudevents+json")];
            let answer =
                self.admin(system).send("POST", "/v1/events", &headers, event.to_string().as_bytes())?;
            ensure!(answer.status == 202, "{system}: {}", answer.text());
        }
        // One for each webhook there is, of whatever round, and one more for that with a generated secret.
        let requests = self.receiver.wait_for(before + SYSTEMS.len() + 1, SOON)?;
        // Their names stand in the log, since they failed.
        let ids = requests[before..].iter().filter_map(|request| request.header("webhook-id"));
        self.planted.extend(ids.map(|id| Canary::new("name of a message", id)));
        for stream in streams {
            self.answers.push(("a stream".into(), told_by(stream?)?));
        }
        Ok(())
    }

    /// A webhook with a secret, and headers to be kept secret where there are any, and then another secret.
    fn webhook(&mut self, system: &'static str, round: usize) -> Result<()> {
        let key = STANDARD_NO_PAD.encode(Sha256::digest(format!("key of {system} {round}")));
        let secret = if system == "native" {
            format!("whsec_{key}=")
        } else {
            value(&format!("secret of {system}"), round)
        };
        self.canaries.push(Canary::new("secret", secret.trim_end_matches('=')));
        let mut profile = match system {
            "native" => json!({ "event_types": ["*"] }),
            "immuta" => {
                json!({ "name": "hook", "global": true, "event_types": ["canary.sang"], "action": "triggered" })
            }
            "immuta-request" => json!({}),
            "generic" => json!({ "event_types": ["canary.sang"] }),
            _ => {
                let hidden = value("encrypted header", round);
                self.canaries.push(Canary::new("encrypted header", &hidden));
                json!({ "name": "hook", "event_types": ["canary.sang"], "encrypted_headers": { "x-hidden": hidden } })
            }
        };
        profile["dialect"] = system.into();
        let body = json!({ "url": self.receiver.url("/in"), "secret": secret, "profile": profile });
        let answer = self.admin(system).post("/v1/webhooks", &body)?;
        ensure!(answer.status == 201, "{system}: {}", answer.text());
        // It shows what libraries take, made of the secret, and nothing else of it.
        let mut shown = answer.json()?;
        shown["standard_secret"].take();
        self.answers.push(("making a webhook".into(), shown.to_string().into_bytes()));
        let id = shown["id"].as_str().context("an id")?.to_owned();
        let next = value(&format!("next secret of {system}"), round);
        self.canaries.push(Canary::new("next secret", &next));
        let answer =
            self.admin(system).post(&format!("/v1/webhooks/{id}/secret"), &json!({ "secret": next }))?;
        ensure!(answer.status == 200, "{system}: {}", answer.text());
        let mut shown = answer.json()?;
        shown["standard_secret"].take();
        self.answers.push(("changing a secret".into(), shown.to_string().into_bytes()));
        self.webhooks.push((system, id));
        Ok(())
    }

    /// A webhook whose secret is made by the server and shown once.
    fn generated(&mut self, round: usize) -> Result<()> {
        let profile = json!({ "dialect": "native", "event_types": ["*"], "name": format!("{round}") });
        let body = json!({ "url": self.receiver.url("/in"), "profile": profile });
        let made = self.admin("native").post("/v1/webhooks", &body)?.json()?;
        let secret = made["secret"].as_str().context("a generated secret is shown once")?;
        self.canaries.push(Canary::new("generated secret", secret.trim_end_matches('=')));
        self.webhooks.push(("native", made["id"].as_str().context("an id")?.to_owned()));
        Ok(())
    }

    /// A look at a name that is not there.
    fn seek(&mut self, round: usize) -> Result<()> {
        let secret = format!("whsec_{}=", STANDARD_NO_PAD.encode(Sha256::digest(format!("nowhere {round}"))));
        self.canaries.push(Canary::new("secret of one that is nowhere", secret.trim_end_matches('=')));
        let profile = json!({ "dialect": "native", "event_types": ["nobody.sang"] });
        let url = format!("http://nowhere-{round}.test/in");
        let body = json!({ "url": url, "secret": secret, "profile": profile });
        let made = self.admin("native").post("/v1/webhooks", &body)?;
        ensure!(made.status == 201, "{}", made.text());
        let id = made.json()?["id"].as_str().context("an id")?.to_owned();
        let answer = self.admin("native").post(&format!("/v1/webhooks/{id}/test"), &json!({}))?;
        self.keep("a test of one that is nowhere", answer);
        self.webhooks.push(("native", id));
        Ok(())
    }

    fn issue(&mut self, system: &'static str, round: usize) -> Result<()> {
        let body = json!({ "user": "1", "name": format!("canary {round}"), "expires_in": "1d" });
        let made = self.admin(system).post("/v1/tokens", &body)?;
        ensure!(made.status == 201, "{system}: {}", made.text());
        let made = made.json()?;
        let token = made["token"].as_str().context("a token is shown once")?;
        self.canaries.push(Canary::new("issued token", token));
        let used = self.server.client().with_token(token).get("/v1/me")?;
        ensure!(used.status == 200, "{}", used.text());
        self.keep("GET /v1/me", used);
        self.tokens.push((system, made["id"].as_str().context("an id")?.to_owned()));
        if system == "immuta" {
            let made = self.server.client().post("/bim/apikey/authenticate", &json!({ "apikey": token }))?;
            let bearer = made.json()?["token"].as_str().context("a bearer token")?.to_owned();
            self.canaries.push(Canary::new("bearer token", &bearer));
            let used = self.server.client().with_token(&bearer).get("/webhooks")?;
            self.keep("GET /webhooks", used);
        }
        Ok(())
    }

    /// Requests that are refused, with something in them that was meant to be a secret.
    fn bungle(&mut self, system: &'static str, round: usize) -> Result<()> {
        let secret = value(&format!("bungled secret of {system}"), round);
        self.canaries.push(Canary::new("secret in a bad request", &secret));
        let client = self.admin(system);
        let url = "https://hooks.example.com/in";
        let profile =
            json!({ "dialect": system, "event_types": ["nobody.knows"], "action": "triggered", "name": "x" });
        let json_type = [("content-type", "application/json")];
        for body in [
            json!({ "url": "nowhere", "secret": secret, "profile": profile }).to_string(),
            json!({ "url": url, "secret": { "is": secret }, "profile": profile }).to_string(),
            json!({ "url": url, "profile": { "dialect": system, "encrypted_headers": { "bad name": secret } } }).to_string(),
            format!("{{\"url\":\"{url}\",\"secret\":\"{secret}\",}}"),
            format!("{{\"secret\":\"{secret}\",\"secret\":\"{secret}\"}}"),
        ] {
            let answer = client.send("POST", "/v1/webhooks", &json_type, body.as_bytes())?;
            ensure!((400..500).contains(&answer.status), "{system}: {} to {body}", answer.status);
            self.keep("a bad request", answer);
        }
        let stranger = value(&format!("bad token of {system}"), round);
        self.canaries.push(Canary::new("token nobody has", &stranger));
        let answer = self.server.client().with_token(&stranger).get("/v1/webhooks")?;
        ensure!(answer.status == 401, "{}", answer.status);
        self.keep("a bad token", answer);
        Ok(())
    }

    /// What clients of the system itself do, over its own API: a webhook is made, read, changed, made badly and deleted.
    fn documented(&mut self, system: &'static str, round: usize) -> Result<()> {
        let [secret, next, hidden, bad] = ["secret", "next secret", "encrypted header", "bad secret"]
            .map(|name| value(&format!("{name} of {system} by its own API"), round));
        for (name, value) in [("own secret", &secret), ("own next secret", &next), ("own bad secret", &bad)] {
            self.canaries.push(Canary::new(name, value));
        }
        let url = self.receiver.url("/in");
        let Some(Own { root, good, bad, change }) = Own::of(system, &url, [&secret, &next, &hidden, &bad])
        else {
            return Ok(());
        };
        self.canaries.push(Canary::new("own encrypted header", &hidden));
        let client = self.admin(system);
        let made = client.post(root, &good)?;
        ensure!((200..300).contains(&made.status), "{system}: {} {}", made.status, made.text());
        let mut shown = made.json()?;
        let one = match system {
            "immuta" => &mut shown["createdWebhooks"][0],
            "generic" => &mut shown["data"],
            _ => &mut shown,
        };
        if system == "generic" {
            // Made by the server, and shown this once.
            let secret = one["secret"].take();
            self.canaries.push(Canary::new("own generated secret", secret.as_str().context("a secret")?));
        }
        let id = one["id"].as_str().map_or_else(|| one["id"].to_string(), str::to_owned);
        self.answers.push((format!("making {system}'s own"), shown.to_string().into_bytes()));
        let path = format!("{root}/{id}");
        if let Some((method, body)) = change {
            let json_type = [("content-type", "application/json")];
            let answer = client.send(method, &path, &json_type, body.to_string().as_bytes())?;
            ensure!((200..300).contains(&answer.status), "{system}: {} {}", answer.status, answer.text());
            self.keep("a change over its own API", answer);
        }
        for path in [&path, root] {
            let answer = client.get(path)?;
            ensure!(answer.status == 200, "{system} {path}: {} {}", answer.status, answer.text());
            self.keep("a look over its own API", answer);
        }
        let answer = client.post(root, &bad)?;
        // Of several at once, each is refused by itself there.
        let refused = system == "immuta" && answer.json()?["errors"][0] != Value::Null;
        ensure!(refused || (400..500).contains(&answer.status), "{system}: {}", answer.text());
        self.keep("a bad request to its own API", answer);
        let answer = client.delete(&path)?;
        ensure!((200..300).contains(&answer.status), "{system}: {} {}", answer.status, answer.text());
        self.keep("a deletion over its own API", answer);
        Ok(())
    }

    /// Has the server tell what happens from now on.
    fn stream(&self, system: &str) -> Result<TcpStream> {
        let address = self.server.base().trim_start_matches("http://");
        let mut stream = TcpStream::connect(address)?;
        let token = value(system, 0);
        write!(
            stream,
            "GET /v1/stream HTTP/1.1\r\nhost: {address}\r\naccept: text/event-stream\r\nauthorization: Bearer {token}\r\n\r\n"
        )?;
        // It is open when its head is there.
        stream.set_read_timeout(Some(SOON))?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        ensure!(status == *b"HTTP/1.1 200", "{system}: {}", String::from_utf8_lossy(&status));
        Ok(stream)
    }

    fn metrics(&mut self) -> Result<()> {
        let answer = self.server.apart()?.get("/metrics")?;
        ensure!(answer.status == 200, "{}", answer.text());
        self.keep("the metrics", answer);
        Ok(())
    }

    /// Asks every API for everything it has.
    fn read_everything(&mut self) -> Result<()> {
        let settled = Deadline::after(SOON).poll(|| {
            let page = self.admin("native").get("/v1/deliveries?state=pending").ok()?.json().ok()?;
            page["deliveries"].as_array()?.is_empty().then_some(())
        });
        ensure!(settled.is_some(), "deliveries stay pending");
        let own = |system: &str| match system {
            "immuta" => "/webhooks /webhooks/history?includeGlobal=true /webhooks/actions",
            "immuta-request" => "/api/notification/webhook",
            "generic" => "/api/v1/webhooks",
            "qlik" => "/api/v1/webhooks /api/core/webhooks /api/v1/webhooks/event-types",
            _ => "/v1/replays",
        };
        for system in SYSTEMS {
            let client = self.admin(system);
            let all = "/v1/webhooks /v1/audit /v1/tokens /v1/users /v1/event-types /v1/deliveries?include=bodies&limit=100";
            for path in all.split(' ').chain(own(system).split(' ')) {
                let answer = client.get(path)?;
                ensure!(answer.status == 200, "{system} {path}: {} {}", answer.status, answer.text());
                self.keep(path, answer);
            }
            let page = client.get("/v1/deliveries?limit=100")?.json()?;
            for delivery in page["deliveries"].as_array().context("deliveries")? {
                let path = format!("/v1/deliveries/{}", delivery["id"].as_str().unwrap_or_default());
                let answer = client.get(&path)?;
                ensure!(answer.status == 200, "{path}: {}", answer.text());
                self.keep("a delivery", answer);
            }
        }
        for (system, id) in self.webhooks.clone() {
            let client = self.admin(system);
            for path in [format!("/v1/webhooks/{id}"), format!("/v1/webhooks/{id}/deliveries?include=bodies")]
            {
                let answer = client.get(&path)?;
                self.keep("a webhook", answer);
            }
            let answer =
                client.post(&format!("/v1/webhooks/{id}/test"), &Value::Object(Default::default()))?;
            self.keep("a test", answer);
        }
        let operator = self.server.client().with_token(&value("operator", 0));
        let answer = operator.get("/v1/tenants")?;
        self.keep("GET /v1/tenants", answer);
        self.metrics()
    }

    /// Deletes every webhook, revokes every token, and has the server do something else.
    fn dispose(&mut self) -> Result<()> {
        for (system, id) in core::mem::take(&mut self.webhooks) {
            let answer = self.admin(system).delete(&format!("/v1/webhooks/{id}"))?;
            ensure!(answer.status == 204, "{system}: {}", answer.text());
        }
        for (system, id) in core::mem::take(&mut self.tokens) {
            let answer = self.admin(system).delete(&format!("/v1/tokens/{id}"))?;
            ensure!(answer.status == 204, "{system}: {}", answer.text());
        }
        for _ in 0..100 {
            self.server.client().get("/healthz")?;
        }
        // Idle connections to receivers are closed by then.
        std::thread::sleep(Duration::from_secs(6));
        Ok(())
    }
}
