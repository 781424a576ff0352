//! `sigpost serve --demo`: a server with everything set up, a receiver beside it, and lines to paste.
//!
//! Only on loopback, and with its data in a directory of its own. Tokens are new at every start; the receiver's
//! secret stays with the data, so that webhooks of an earlier start still verify.

use core::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use sigpost_core::signature::{Scheme, Secret};
use tokio::net::TcpListener;
use zeroize::Zeroizing;

use super::listen::{receive, verifiers};
use super::{Failure, say, serve, token};
use crate::config::{self, Config, Overrides};
use crate::rng::SystemRng;

/// Where the receiver listens if it can.
const RECEIVER: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 9_000);

pub(super) async fn run(overrides: Overrides) -> Result<(), Failure> {
    let data = overrides.data.clone().unwrap_or_else(|| PathBuf::from("sigpost-demo-data"));
    let [admin, user, sender, operator] = [(); 4].map(|()| token::generate(&SystemRng));
    let toml = format!(
        r#"
        [[operator]]
        name = "operator"
        token = "{}"
        [[tenant]]
        name = "demo"
        dialect = "immuta"
          [tenant.egress]
          allow = ["127.0.0.0/8", "::1"]
          [[tenant.user]]
          id = "1"
          name = "Ada"
          roles = ["admin"]
          token = "{}"
          [[tenant.user]]
          id = "2"
          name = "Grace"
          roles = ["user"]
          token = "{}"
          [[tenant.user]]
          id = "3"
          name = "the application"
          roles = ["sender"]
          token = "{}"
        "#,
        *operator, *admin, *user, *sender
    );
    let overrides = Overrides { data: Some(data.clone()), ..overrides };
    let config = Config::parse(&toml, Path::new(""), overrides).map_err(|error| Failure::of(&error))?;
    if !config.server.listen.ip().is_loopback() {
        return Err(Failure::Usage(
            "--demo listens on loopback only: its tokens are printed for everybody".into(),
        ));
    }
    let (receiver, secret) = start_receiver(&data, config.server.listen).await?;
    serve::serve(config, |url| {
        say(&tour(&Tour {
            url,
            receiver,
            secret: &secret,
            admin: &admin,
            sender: &sender,
            operator: &operator,
            data: &data,
        }));
    })
    .await
}

async fn start_receiver(data: &Path, server: SocketAddr) -> Result<(SocketAddr, Zeroizing<String>), Failure> {
    let secret = receiver_secret(data).map_err(|error| Failure::of(&error))?;
    // The place may be somebody else's, a second demo's, or wanted for the server: any free port does.
    let usual = if server.port() == RECEIVER.1 { None } else { TcpListener::bind(RECEIVER).await.ok() };
    let listener = match usual {
        Some(listener) => listener,
        None => TcpListener::bind("127.0.0.1:0").await.map_err(|error| Failure::of(&error))?,
    };
    let address = listener.local_addr().map_err(|error| Failure::of(&error))?;
    let key = Secret::new(secret.as_bytes().to_vec()).map_err(|error| Failure::of(&error))?;
    let schemes = [Scheme::IMMUTA, Scheme::IMMUTA_SHA1, Scheme::STANDARD_WEBHOOKS];
    tokio::spawn(receive(listener, verifiers(&schemes, &[key])?));
    Ok((address, secret))
}

fn receiver_secret(data: &Path) -> std::io::Result<Zeroizing<String>> {
    let path = data.join("demo-receiver-secret");
    match std::fs::read_to_string(&path) {
        Ok(secret) if !secret.trim().is_empty() => Ok(Zeroizing::new(secret.trim().to_owned())),
        Ok(_) => {
            // An earlier start was broken off between making the file and writing it.
            std::fs::remove_file(&path)?;
            receiver_secret(data)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && data.join("sigpost.db").exists() => {
            let message =
                format!("{} is a real server's data, no demo's; choose another --data", data.display());
            Err(std::io::Error::other(message))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            create_private_dir(data)?;
            let secret = token::generate(&SystemRng);
            write_private(&path, secret.as_bytes())?;
            Ok(secret)
        }
        Err(error) => Err(error),
    }
}

/// Private like the store's own; the secret is written before the store opens.
fn create_private_dir(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(builder.recursive(true), 0o700);
    builder.create(path)
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(bytes)
}

struct Tour<'a> {
    url: &'a str,
    receiver: SocketAddr,
    secret: &'a str,
    admin: &'a str,
    sender: &'a str,
    operator: &'a str,
    data: &'a Path,
}

fn tour(tour: &Tour<'_>) -> String {
    let Tour { url, receiver, secret, admin, sender, operator, data } = tour;
    let (data, program) = (data.display(), config::program());
    format!(
        r#"
sigpost demo: {url}  (only this machine can reach it)

In a browser:

- the console, to manage webhooks and watch deliveries:  {url}/console
    sign in as the admin:     {admin}
    or as the operator:       {operator}
- the playground, to see why a signature does not match:  {url}/

A receiver listens on http://{receiver} and verifies what arrives; watch this terminal.
In a second terminal, paste:

1. Create a webhook that delivers to the receiver, as Immuta's API does it:

curl -sS {url}/webhooks -H 'Authorization: Bearer {admin}' --data '{{
  "webhooks": [{{ "url": "http://{receiver}/hook", "name": "my first webhook", "global": true,
    "notificationType": ["ALL_NOTIFICATIONS"], "actionType": "triggered", "secret": "{secret}" }}] }}'

2. Publish an event; it is delivered, signed and verified at once:

curl -sS {url}/v1/events -H 'Authorization: Bearer {sender}' \
  -H 'content-type: application/cloudevents+json' --data '{{
  "specversion": "1.0", "id": "'$(date +%s%N)'", "source": "/demo", "type": "modelCreated",
  "data": {{ "text": "Ada has created the Public project.", "metadata": {{ "modelId": 1, "actionBy": 1,
    "modelType": "project", "projectName": "Public", "actionByName": "Ada", "targetUser": 1 }} }} }}'

3. Look at what was sent and what came back:

curl -sS '{url}/webhooks/history?includeGlobal=true' -H 'Authorization: Bearer {admin}'

What to look at next:
- send a record once more:  curl -sS -X POST {url}/webhooks/history/retry/1 -H 'Authorization: Bearer {admin}'
- a receiver of your own:   {program} listen --scheme immuta --secret '{secret}' --port 9001
- in a program of yours:    the npm package, README.md, "Verify a webhook"
- all there is to ask:      {url}/docs/immuta and {url}/docs/native (the same token speaks both)
- a server for real:        server/README.md

Ctrl-C stops the demo; its data stays in {data}.
"#
    )
}
