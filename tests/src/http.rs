//! A plain HTTP client for tests: any status is an answer, redirects are not followed, everything has an end.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::Value;
use ureq::Agent;
use ureq::http::Request;

/// How long one exchange may take.
const LIMIT: Duration = Duration::from_secs(30);
/// The longest answer that is read.
const BODY: u64 = 64 << 20;

/// A client of one server, with the headers it sends each time.
#[derive(Clone, Debug)]
pub struct Client {
    agent: Agent,
    base: String,
    headers: Vec<(String, String)>,
}

/// An answer, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Its status.
    pub status: u16,
    /// Its headers in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Client {
    /// A client of the server at `base`, such as `http://127.0.0.1:8080`. No proxy of the surroundings is used.
    #[must_use]
    pub fn new(base: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .timeout_global(Some(LIMIT))
            .allow_non_standard_methods(true)
            .build();
        Self { agent: config.into(), base: base.trim_end_matches('/').to_owned(), headers: Vec::new() }
    }

    /// The same client with one more header on each request.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same client with a bearer token.
    #[must_use]
    pub fn with_token(self, token: &str) -> Self {
        self.with_header("authorization", &format!("Bearer {token}"))
    }

    /// `GET path`.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn get(&self, path: &str) -> Result<Response> {
        self.send("GET", path, &[], b"")
    }

    /// `POST path` with a JSON body.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn post(&self, path: &str, body: &Value) -> Result<Response> {
        self.send("POST", path, &[("content-type", "application/json")], body.to_string().as_bytes())
    }

    /// `DELETE path`.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn delete(&self, path: &str) -> Result<Response> {
        self.send("DELETE", path, &[], b"")
    }

    /// Any request. An empty body is none.
    ///
    /// # Errors
    /// When the request cannot be written as HTTP, or there is no answer.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Response> {
        let url = format!("{}{path}", self.base);
        let mut request = Request::builder().method(method).uri(&url);
        let own = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in own.chain(headers.iter().copied()) {
            request = request.header(name, value);
        }
        let answer = if body.is_empty() {
            self.agent.run(request.body(())?)
        } else {
            self.agent.run(request.body(body)?)
        };
        let mut answer = answer.with_context(|| format!("{method} {url}"))?;
        let headers = answer.headers().iter();
        let headers = headers
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let body = answer.body_mut().with_config().limit(BODY).read_to_vec();
        let body = body.with_context(|| format!("reading the answer to {method} {url}"))?;
        Ok(Response { status: answer.status().as_u16(), headers, body })
    }

    /// Sends bytes as they are on a connection of their own and reads what comes back until the other side closes:
    /// for requests that no client would send.
    ///
    /// # Errors
    /// When the connection fails before anything was read, or stays silent for 30 s.
    pub fn raw(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        let address = self.base.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).with_context(|| format!("connecting to {address}"))?;
        stream.set_read_timeout(Some(LIMIT))?;
        stream.write_all(bytes)?;
        stream.shutdown(Shutdown::Write)?;
        let mut answer = Vec::new();
        match stream.take(BODY).read_to_end(&mut answer) {
            // A server may reset a connection that it refuses, after its answer.
            Err(error) if answer.is_empty() => Err(error).context("reading the answer"),
            Ok(_) | Err(_) => Ok(answer),
        }
    }
}

impl Response {
    /// The first header of this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as text, what is not UTF-8 replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When it is not; the error shows it.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body)
            .with_context(|| format!("{}: not JSON: {}", self.status, self.text()))
    }
}
