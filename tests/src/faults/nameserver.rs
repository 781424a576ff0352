//! A name server that a test tells what to say, or to say nothing.
//!
//! It hears questions over UDP; over TCP it takes connections and is silent, as a black hole is.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, TcpListener, UdpSocket};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

/// What is said to a question.
#[derive(Clone, Debug)]
pub(super) enum Said {
    /// Nothing, ever.
    Silence,
    /// That there is no such name, which may be believed for a minute.
    NoName,
    /// These addresses, those of the kind that is asked for, for so many seconds.
    Addresses(Vec<IpAddr>, u32),
    /// The same a while later.
    After(Duration, Box<Said>),
}

/// Says what a name is, in lower case, when it is asked for the nth time, counted from 0 and over both kinds of addresses.
type Script = dyn Fn(&str, usize) -> Said + Send + Sync;

/// A name server at work, until it is dropped.
pub(super) struct NameServer {
    port: u16,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    folder: TempDir,
    /// Connections are not accepted, so they stand in the kernel's queue without a word.
    _silent: TcpListener,
}

struct Shared {
    script: Mutex<Arc<Script>>,
    asked: Mutex<HashMap<String, usize>>,
    ended: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl NameServer {
    pub(super) fn start(script: impl Fn(&str, usize) -> Said + Send + Sync + 'static) -> Result<Self> {
        let (socket, silent) = sockets()?;
        let port = socket.local_addr()?.port();
        socket.set_read_timeout(Some(Duration::from_millis(50)))?;
        let folder = TempDir::with_prefix("sigpost-names-")?;
        std::fs::write(folder.path().join("resolv.conf"), "nameserver 127.0.0.1\n")?;
        let script: Arc<Script> = Arc::new(script);
        let shared = Arc::new(Shared {
            script: Mutex::new(script),
            asked: Mutex::default(),
            ended: AtomicBool::new(false),
        });
        let thread = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || serve(&socket, &shared)
        });
        Ok(Self { port, shared, thread: Some(thread), folder, _silent: silent })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// What takes the place of the system's list of name servers.
    pub(super) fn list(&self) -> PathBuf {
        self.folder.path().join("resolv.conf")
    }

    /// Says something else from now on.
    pub(super) fn say(&self, script: impl Fn(&str, usize) -> Said + Send + Sync + 'static) {
        *lock(&self.shared.script) = Arc::new(script);
    }

    /// How often names that end like this were asked for, over both kinds of addresses.
    pub(super) fn asked(&self, end: &str) -> usize {
        let asked = lock(&self.shared.asked);
        asked.iter().filter(|(name, _)| name.ends_with(end)).map(|(_, count)| count).sum()
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic there has been reported there.
            let _ = thread.join();
        }
    }
}

/// One port for both protocols.
fn sockets() -> Result<(UdpSocket, TcpListener)> {
    for _ in 0..100 {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        if let Ok(silent) = TcpListener::bind(socket.local_addr()?) {
            return Ok((socket, silent));
        }
    }
    anyhow::bail!("no port is free for both UDP and TCP")
}

fn serve(socket: &UdpSocket, shared: &Shared) {
    let mut buffer = [0; 4_096];
    while !shared.ended.load(Ordering::Relaxed) {
        let (length, from) = match socket.recv_from(&mut buffer) {
            Ok(heard) => heard,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => continue,
            // Whoever asked is gone.
            Err(_) => continue,
        };
        let Some(question) = Question::read(&buffer[..length]) else { continue };
        let nth = {
            let mut asked = lock(&shared.asked);
            let count = asked.entry(question.name.clone()).or_default();
            *count += 1;
            *count - 1
        };
        let script = Arc::clone(&lock(&shared.script));
        let said = script(&question.name, nth);
        match said {
            Said::After(wait, said) => {
                let Ok(socket) = socket.try_clone() else { continue };
                std::thread::spawn(move || {
                    std::thread::sleep(wait);
                    question.answer(&said).map(|answer| socket.send_to(&answer, from))
                });
            }
            said => {
                if let Some(answer) = question.answer(&said) {
                    // Whoever asked may be gone.
                    let _ = socket.send_to(&answer, from);
                }
            }
        }
    }
}

/// Kinds of records (RFC 1035, RFC 3596).
const A: u16 = 1;
const SOA: u16 = 6;
const AAAA: u16 = 28;

struct Question {
    id: [u8; 2],
    name: String,
    kind: u16,
    /// As it was asked, to be said again.
    bytes: Vec<u8>,
}

impl Question {
    fn read(message: &[u8]) -> Option<Self> {
        let id = message.get(..2)?.try_into().ok()?;
        let mut at = 12;
        let mut labels = Vec::new();
        loop {
            let length = usize::from(*message.get(at)?);
            at += 1;
            if length == 0 {
                break;
            }
            labels.push(String::from_utf8_lossy(message.get(at..at + length)?).to_ascii_lowercase());
            at += length;
        }
        let kind = u16::from_be_bytes(message.get(at..at + 2)?.try_into().ok()?);
        Some(Self { id, name: labels.join("."), kind, bytes: message.get(12..at + 4)?.to_vec() })
    }

    fn answer(&self, said: &Said) -> Option<Vec<u8>> {
        // With an answer without records: how long it may be kept (RFC 2308).
        let authority =
            |seconds: u32| vec![(SOA, seconds, [&[0; 2][..], &seconds.to_be_bytes().repeat(5)].concat())];
        let (code, answers, authorities) = match said {
            Said::Silence | Said::After(..) => return None,
            Said::NoName => (3, Vec::new(), authority(60)),
            Said::Addresses(addresses, seconds) => {
                let records = addresses.iter().map(|address| match address {
                    IpAddr::V4(address) => (A, *seconds, address.octets().to_vec()),
                    IpAddr::V6(address) => (AAAA, *seconds, address.octets().to_vec()),
                });
                let records: Vec<_> = records.filter(|(kind, ..)| *kind == self.kind).collect();
                let authorities = if records.is_empty() { authority(*seconds) } else { Vec::new() };
                (0, records, authorities)
            }
        };
        // An answer, recursion desired and available.
        let mut message = [&self.id[..], &[0x81, 0x80 | code, 0, 1]].concat();
        for records in [&answers, &authorities] {
            message.extend(u16::try_from(records.len()).ok()?.to_be_bytes());
        }
        message.extend([0, 0]);
        message.extend(&self.bytes);
        for (kind, seconds, data) in answers.into_iter().chain(authorities) {
            // The name that was asked for, which begins after the head.
            message.extend([0xc0, 12]);
            message.extend(u16::to_be_bytes(kind));
            message.extend([0, 1]);
            message.extend(u32::to_be_bytes(seconds));
            message.extend(u16::try_from(data.len()).ok()?.to_be_bytes());
            message.extend(data);
        }
        Some(message)
    }
}

/// An address as it is written.
pub(super) fn address(text: &str) -> Result<IpAddr> {
    text.parse().with_context(|| format!("{text} is no address"))
}
