//! The smallest client of HTTP/1.1 (RFC 9112) that can drive a server.
//!
//! The load shares the cores with what it measures, so it must cost little: a request is bytes made
//! beforehand, and of an answer only the status and the length are read.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Result;

const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// A connection that is kept alive.
pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

/// An answer.
pub struct Answer<'c> {
    /// Its status.
    pub status: u16,
    /// Its content.
    pub body: &'c [u8],
}

/// Where an answer ends and what it says.
struct Head {
    status: u16,
    length: usize,
    content_length: usize,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// Those of the network.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(64 * 1024) })
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// Those of the network, and an answer that says no length.
    pub async fn send(&mut self, request: &[u8]) -> Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.received.clear();
        let head = loop {
            self.receive().await?;
            if let Some(head) = read_head(&self.received)? {
                break head;
            }
        };
        let end = head.length + head.content_length;
        while self.received.len() < end {
            self.receive().await?;
        }
        let body = self.received.get(head.length..end).unwrap_or_default();
        Ok(Answer { status: head.status, body })
    }

    async fn receive(&mut self) -> Result<()> {
        match self.stream.read_buf(&mut self.received).await? {
            0 => Err("the server closed the connection".into()),
            _ => Ok(()),
        }
    }
}

/// Reads the head of an answer, once all of it is there.
fn read_head(received: &[u8]) -> Result<Option<Head>> {
    let end = received.windows(END_OF_HEAD.len()).position(|bytes| bytes == END_OF_HEAD);
    let Some(end) = end else { return Ok(None) };
    let head = std::str::from_utf8(received.get(..end).unwrap_or_default())?;
    let status = head.get("HTTP/1.1 ".len()..).and_then(|rest| rest.get(..3));
    let content_length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim())
    });
    Ok(Some(Head {
        status: status.ok_or("an answer without status")?.parse()?,
        length: end + END_OF_HEAD.len(),
        content_length: content_length.ok_or("an answer without content-length")?.parse()?,
    }))
}

/// The bytes of a request.
pub fn request(method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> Vec<u8> {
    let body = body.map(Value::to_string).unwrap_or_default();
    let token = token.map(|token| format!("Authorization: Bearer {token}\r\n"));
    let token = token.unwrap_or_default();
    let content = match body.len() {
        0 => String::new(),
        length => format!("Content-Type: application/json\r\nContent-Length: {length}\r\n"),
    };
    format!(
        "{method} {path} HTTP/1.1\r\nHost: bench\r\nUser-Agent: bench\r\nAccept: application/json\r\n\
         {token}{content}\r\n{body}"
    )
    .into_bytes()
}
