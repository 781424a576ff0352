//! Finds out who makes a request. It refuses nothing itself: the dialect does, in its own form.
//!
//! Tokens come as `Authorization: Bearer TOKEN`, or bare, as Immuta's API keys do. Failed attempts are limited per
//! address, so that tokens cannot be tried out at the speed of the network: while an address is over the limit, short
//! tokens of it are not looked at, not even right ones. Those that `sigpost token` makes are: nobody guesses them, and
//! a stranger behind the same proxy must not be able to lock everybody out.
//!
//! Whoever is known may make so many requests in a minute; publishing has an admission of its own.

use core::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::Response;
use zeroize::Zeroizing;

use super::limits::{Limits, Use};
use crate::app::{App, Error};
use crate::dialects::shared::{Admission, Caller, Renewal};
use crate::domain::{Principal, TokenHash};

pub(super) struct Identify {
    pub(super) app: App,
    pub(super) limits: Option<Arc<Limits>>,
}

impl Identify {
    pub(super) async fn before<F: Future<Output = Response>>(
        &self,
        mut request: Request,
        next: impl FnOnce(Request) -> F,
    ) -> Response {
        let Self { app, limits } = self;
        let peer =
            request.extensions().get().map_or(UNKNOWN, |ConnectInfo(peer): &ConnectInfo<SocketAddr>| *peer);
        // Without a credential nothing is tried out.
        let tries =
            request.headers().contains_key(header::AUTHORIZATION) || request.uri().path() == KEY_EXCHANGE;
        let failures = limits.clone().filter(|_| tries);
        let admitted = failures.as_ref().map_or(Ok(()), |limits| limits.failures.check(peer.ip()));
        let caller = match (admitted, token(request.headers())) {
            (Ok(()), Ok(token)) => caller(app, token, request.headers()),
            (Ok(()), Err(error)) => Err(error),
            // Where the credential is in the body, the header's says nothing of it.
            (Err(limited), Ok(token))
                if token.len() >= UNGUESSABLE && request.uri().path() != KEY_EXCHANGE =>
            {
                caller(app, token, request.headers()).map_err(|_| limited)
            }
            (Err(limited), _) => Err(limited),
        };
        let caller = caller.and_then(|principal| counted(limits.as_deref(), principal, &request));
        if request.uri().path() == STREAM
            && let Some(renewal) = renewal(app, request.headers())
        {
            request.extensions_mut().insert(renewal);
        }
        let reader = reader(&caller, &request);
        request.extensions_mut().insert(Caller(caller));
        if let Some(limits) = failures.clone() {
            let again = move || limits.failures.check(peer.ip());
            request.extensions_mut().insert(Admission::new(again));
        }
        let response = next(request).await;
        if let Some((operator, path)) = reader.filter(|_| response.status().is_success()) {
            app.note_reading(&operator, &path).await;
        }
        if let Some(limits) = failures
            && response.status() == StatusCode::UNAUTHORIZED
        {
            limits.failures.count(peer.ip());
        }
        response
    }
}

/// Whoever comes without an address, which the server gives to every request.
const UNKNOWN: SocketAddr = SocketAddr::new(core::net::IpAddr::V4(core::net::Ipv4Addr::UNSPECIFIED), 0);

/// The principal, unless this is one request too many.
fn counted(limits: Option<&Limits>, principal: Principal, request: &Request) -> Result<Principal, Error> {
    let publishes = request.uri().path() == PUBLISHING && request.method() == Method::POST;
    if let Some(limits) = limits.filter(|_| !publishes) {
        let usage = match *request.method() {
            Method::GET | Method::HEAD => Use::Read,
            _ => Use::Write,
        };
        let hash = || token(request.headers()).map(TokenHash::of);
        limits.requests.count(&principal, hash, usage)?;
    }
    Ok(principal)
}

/// An operator that reads something inside a tenant, and what.
fn reader(caller: &Result<Principal, Error>, request: &Request) -> Option<(Principal, String)> {
    let operator = caller.as_ref().ok().filter(|caller| {
        matches!(caller, Principal::Operator { token: _, name: _, acting_in: Some(_) })
            && matches!(*request.method(), Method::GET | Method::HEAD)
    })?;
    Some((operator.clone(), request.uri().path().to_owned()))
}

/// Where events are published.
const PUBLISHING: &str = "/v1/events";

/// Where an API key comes in the body.
const KEY_EXCHANGE: &str = "/bim/apikey/authenticate";

/// Where an answer goes on as long as its token is valid.
const STREAM: &str = "/v1/stream";

/// The length of 256 random bits in base64, which is what `sigpost token` prints.
const UNGUESSABLE: usize = 43;

fn token(headers: &HeaderMap) -> Result<&str, Error> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(Error::Unauthenticated) };
    let value = value.to_str().map_err(|_| Error::Unauthenticated)?.trim();
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim()),
        Some(_) => Err(Error::Unauthenticated),
        None => Ok(value),
    }
}

fn renewal(app: &App, headers: &HeaderMap) -> Option<Renewal> {
    let token = Zeroizing::new(token(headers).ok()?.to_owned());
    let acting_in = acting_in(headers).map(str::to_owned);
    let app = app.clone();
    Some(Renewal::new(move || app.authenticate(&token, acting_in.as_deref())))
}

fn caller(app: &App, token: &str, headers: &HeaderMap) -> Result<Principal, Error> {
    app.authenticate(token, acting_in(headers))
}

/// The tenant that an operator names. What cannot be read, or is said twice, is the name of none: taken for nothing, it
/// would let the operator act on all of them.
fn acting_in(headers: &HeaderMap) -> Option<&str> {
    const NOBODY: &str = "";
    let mut values = headers.get_all("sigpost-tenant").iter();
    let name = values.next()?;
    Some(if values.next().is_some() { NOBODY } else { name.to_str().unwrap_or(NOBODY) })
}
