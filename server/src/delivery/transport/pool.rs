//! Idle connections, kept for the next exchange with the same origin under the same policy.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::connection::Connection;
use super::policy::{Policy, PolicyId};
use crate::domain::{Endpoint, Host, Transport};

/// Idle connections kept per key.
const MAX_PER_KEY: usize = 512;

/// How long a connection is kept idle: less than the 5 s after which a Node server closes one, so that a request
/// seldom meets a connection that is being closed.
const MAX_IDLE_TIME: Duration = Duration::from_secs(4);

/// What two exchanges must have in common to use one connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    policy: PolicyId,
    transport: Transport,
    host: Host,
    port: u16,
}

impl Key {
    pub(super) fn new(policy: &Policy, endpoint: &Endpoint) -> Self {
        let (transport, host, port) = (endpoint.transport(), endpoint.host(), endpoint.port());
        Self { policy: policy.id, transport, host, port }
    }
}

/// The connections.
pub(super) struct Pool {
    idle: Mutex<Idle>,
    most: usize,
}

#[derive(Default)]
struct Idle {
    by_key: HashMap<Key, Vec<(Duration, Box<Connection>)>>,
    count: usize,
}

impl Pool {
    /// None yet, and so many at most.
    pub(super) fn new(most: usize) -> Self {
        Self { idle: Mutex::default(), most }
    }

    /// Takes out the connection that was used last: it is the least likely to have been closed.
    pub(super) fn take(&self, key: &Key, now: Duration) -> Option<Box<Connection>> {
        let mut idle = self.lock();
        let (since, connection) = idle.by_key.get_mut(key)?.pop()?;
        idle.count -= 1;
        (now.saturating_sub(since) <= MAX_IDLE_TIME).then_some(connection)
    }

    /// Keeps a connection, unless there are enough.
    pub(super) fn put(&self, key: Key, connection: Box<Connection>, now: Duration) {
        let mut idle = self.lock();
        if idle.count >= self.most {
            return;
        }
        let same = idle.by_key.entry(key).or_default();
        if same.len() < MAX_PER_KEY {
            same.push((now, connection));
            idle.count += 1;
        }
    }

    /// Closes connections that have been idle for too long.
    pub(super) fn sweep(&self, now: Duration) {
        let mut idle = self.lock();
        idle.by_key.retain(|_, same| {
            same.retain(|(since, _)| now.saturating_sub(*since) <= MAX_IDLE_TIME);
            !same.is_empty()
        });
        idle.count = idle.by_key.values().map(Vec::len).sum();
    }

    fn lock(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
