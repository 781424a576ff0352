//! What most faults are done to: a server with tenants of the native system, and a receiver of many endpoints.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use super::Trial;
use crate::config::Config;
use crate::http::Client;
use crate::load::balance::Balance;
use crate::load::events::kind_of;
use crate::load::publisher::Orders;
use crate::load::taker::Taker;
use crate::server::{Launch, Server};
use crate::time::Deadline;

/// What the types of all events begin with.
pub(super) const KIND: &str = "fault.event";

/// How the tenants are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setup {
    pub(super) tenants: usize,
    /// How many types of events there are; see [`crate::load::events::Shape::kinds`].
    pub(super) kinds: u64,
    pub(super) timeout: &'static str,
    /// The ladder, as it stands in the configuration.
    pub(super) retry: &'static str,
    /// The network that is open to the tenants.
    pub(super) allow: &'static str,
}

impl Default for Setup {
    /// One tenant, one type, a deadline of 5 s, and a ladder of steps as short as they can be.
    fn default() -> Self {
        let retry = r#"["0s", "0s", "0s", "0s", "0s", "0s"]"#;
        Self { tenants: 1, kinds: 1, timeout: "5s", retry, allow: "127.0.0.0/8" }
    }
}

/// The token of the admin of this tenant.
pub(super) fn token(tenant: usize) -> String {
    format!("token-of-the-admin-of-tenant-{tenant}")
}

impl Setup {
    pub(super) fn config(self) -> String {
        let Self { tenants, kinds, timeout, retry, allow } = self;
        let types: Vec<String> = (0..kinds).map(|kind| kind_of(KIND, kinds, kind)).collect();
        let settings = format!("{{ timeout = {timeout:?}, retry = {retry}, event_types = {types:?} }}");
        let rules = format!("egress = {{ allow = [{allow:?}] }}\nsettings = {settings}");
        let mut config = Config::new("rate_limit = false");
        for tenant in 0..tenants {
            config = config.tenant(&format!("tenant-{tenant}"), "native", &rules);
            config = config.user("1", "admin", &token(tenant));
        }
        config.into()
    }
}

/// A server and its receiver.
pub(super) struct Rig {
    pub(super) setup: Setup,
    pub(super) server: Server,
    pub(super) taker: Taker,
}

impl Rig {
    pub(super) fn start(setup: Setup) -> Result<Self> {
        Self::start_as(setup, |launch| launch)
    }

    /// With a server that is started otherwise.
    pub(super) fn start_as(setup: Setup, launch: impl FnOnce(Launch) -> Launch) -> Result<Self> {
        let taker = Taker::start()?;
        let server = launch(Launch::sigpost(setup.config())?).start()?;
        Ok(Self { setup, server, taker })
    }

    /// A client that is the admin of this tenant.
    pub(super) fn admin(&self, tenant: usize) -> Client {
        self.server.client().with_token(&token(tenant))
    }

    /// Makes a webhook of this tenant for an endpoint, which wants the events of one type, or all.
    pub(super) fn webhook(&self, tenant: usize, endpoint: usize, kind: Option<u64>) -> Result<Value> {
        self.webhook_at(tenant, &self.taker.url(endpoint), kind)
    }

    pub(super) fn webhook_at(&self, tenant: usize, url: &str, kind: Option<u64>) -> Result<Value> {
        let kind = kind.map_or("*".to_owned(), |kind| kind_of(KIND, self.setup.kinds, kind));
        let profile = json!({ "dialect": "native", "event_types": [kind] });
        let answer = self.admin(tenant).post("/v1/webhooks", &json!({ "url": url, "profile": profile }))?;
        ensure!(answer.status == 201, "a webhook was not made: {} {}", answer.status, answer.text());
        answer.json()
    }

    /// Deletes a webhook of this tenant.
    pub(super) fn delete(&self, tenant: usize, webhook: &Value) -> Result<()> {
        let path = format!("/v1/webhooks/{}", webhook["id"].as_str().unwrap_or_default());
        let answer = self.admin(tenant).delete(&path)?;
        ensure!(answer.status == 204, "a webhook was not deleted: {} {}", answer.status, answer.text());
        Ok(())
    }

    /// To publish as the admin of this tenant.
    pub(super) fn orders(&self, tenant: usize) -> Orders {
        Orders { kinds: self.setup.kinds, ..Orders::new(&token(tenant), KIND) }
    }

    /// How many deliveries this tenant has in this state, up to `most`.
    pub(super) fn deliveries(&self, tenant: usize, state: &str, most: usize) -> Result<usize> {
        let admin = self.admin(tenant);
        let (mut count, mut cursor) = (0, String::new());
        while count < most {
            let page = admin.get(&format!("/v1/deliveries?limit=100&state={state}{cursor}"))?;
            ensure!(page.status == 200, "{}", page.text());
            let page = page.json()?;
            count += page["deliveries"].as_array().map_or(0, Vec::len);
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        Ok(count.min(most))
    }

    /// All deliveries of this tenant that were attempted, latest first.
    pub(super) fn history(&self, tenant: usize) -> Result<Vec<Value>> {
        let admin = self.admin(tenant);
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = admin.get(&format!("/v1/deliveries?limit=100{cursor}"))?;
            ensure!(page.status == 200, "{}", page.text());
            let mut page = page.json()?;
            if let Some(deliveries) = page["deliveries"].as_array_mut() {
                all.append(deliveries);
            }
            let Some(next) = page["next"].as_str() else { return Ok(all) };
            cursor = format!("&cursor={next}");
        }
    }

    /// The port of all endpoints.
    pub(super) fn port(&self) -> Result<u16> {
        let url = self.taker.url(0);
        let port = url.rsplit(':').next().and_then(|rest| rest.split('/').next());
        Ok(port.context("a url with a port")?.parse()?)
    }

    /// Waits until `settled` says so, and then as long as a second arrival of something could still take.
    pub(super) fn wait(&self, limit: Duration, mut settled: impl FnMut(&Taker) -> bool) -> bool {
        let done = Deadline::after(limit).poll(|| {
            let done = settled(&self.taker);
            if !done {
                std::thread::sleep(Duration::from_millis(15));
            }
            done.then_some(())
        });
        std::thread::sleep(Duration::from_millis(300));
        done.is_some()
    }

    /// Waits until so many different deliveries have arrived.
    pub(super) fn drained(&self, deliveries: u64, limit: Duration) -> bool {
        let mut seen = std::collections::HashSet::new();
        let mut from = 0;
        self.wait(limit, |taker| {
            let new = taker.arrivals(from);
            from += new.len();
            seen.extend(new.iter().map(|arrival| (arrival.number, arrival.endpoint)));
            seen.len() as u64 >= deliveries
        })
    }

    /// The server still is what it was: it answers, and nothing in it panicked.
    pub(super) fn ensure_well(&self) -> Result<()> {
        let health = self.server.client().get("/healthz")?;
        ensure!(health.status == 200, "health: {} {}", health.status, health.text());
        self.ensure_no_panic()
    }

    /// Nothing in it panicked.
    pub(super) fn ensure_no_panic(&self) -> Result<()> {
        let log = self.server.stderr();
        match log.lines().find(|line| line.contains("panicked")) {
            Some(line) => bail!("the server panicked: {line}"),
            None => Ok(()),
        }
    }
}

impl Trial {
    /// The two figures that every fault ends with.
    pub(super) fn reckon(&mut self, balance: &Balance, duplicates: Option<u64>) {
        self.say(&format!("  {balance}"));
        self.note("acknowledged", super::float_64(balance.acknowledged), "");
        self.none("acknowledged and lost", balance.missing.len());
        match duplicates {
            Some(most) => self.at_most(
                "received more than once",
                super::float_64(balance.duplicates),
                "",
                super::float_64(most),
            ),
            None => self.note("received more than once", super::float_64(balance.duplicates), ""),
        }
    }
}
