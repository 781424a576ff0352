//! As much of HTTP/1.1 as both ends need: messages with a length, one after another, over one buffer.

use anyhow::{Result, bail};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

/// What is known of a message's head, and where its body lies in the buffer.
#[derive(Clone, Copy, Debug)]
pub struct Message {
    /// Of an answer.
    pub status: u16,
    /// Of a request: the last part of its path, if it is a number.
    pub endpoint: usize,
    /// Where in the buffer its body begins.
    pub body: usize,
    /// Where in the buffer it ends.
    pub end: usize,
}

/// A connection with what was read of it and not used yet.
#[derive(Debug, Default)]
pub struct Reader {
    buffer: Vec<u8>,
    used: usize,
}

impl Reader {
    /// Has read nothing.
    #[must_use]
    pub fn new() -> Self {
        Self { buffer: Vec::with_capacity(16 << 10), used: 0 }
    }

    /// The next message, once all of it is there; `None` at the end of the connection. `is_request` tells what it is.
    ///
    /// # Errors
    /// When the connection fails, or what comes is no message or one in chunks.
    pub async fn next(&mut self, stream: &mut TcpStream, is_request: bool) -> Result<Option<Message>> {
        self.buffer.drain(..self.used);
        self.used = 0;
        loop {
            if let Some(message) = parse(&self.buffer, is_request)?
                && message.end <= self.buffer.len()
            {
                self.used = message.end;
                return Ok(Some(message));
            }
            if stream.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
    }

    /// The body of the message that came last.
    #[must_use]
    pub fn body(&self, message: Message) -> &[u8] {
        &self.buffer[message.body..message.end]
    }
}

fn parse(buffer: &[u8], is_request: bool) -> Result<Option<Message>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let (status, endpoint, head, headers) = if is_request {
        let mut request = httparse::Request::new(&mut headers);
        let httparse::Status::Complete(head) = request.parse(buffer)? else { return Ok(None) };
        let last = request.path.unwrap_or_default().rsplit('/').next().unwrap_or_default();
        (0, last.parse().unwrap_or(0), head, request.headers)
    } else {
        let mut response = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(head) = response.parse(buffer)? else { return Ok(None) };
        (response.code.unwrap_or(0), 0, head, response.headers)
    };
    let mut length = 0;
    for header in headers.iter() {
        if header.name.eq_ignore_ascii_case("content-length") {
            length = str::from_utf8(header.value)?.parse()?;
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            bail!("a message in chunks, which this reader does not read");
        }
    }
    Ok(Some(Message { status, endpoint, body: head, end: head + length }))
}
