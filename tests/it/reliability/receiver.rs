//! Whoever results are posted to: takes every one and remembers it.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What was received.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Received {
    /// By which a receiver knows that it had it before, where the post says so.
    pub(super) id: Option<String>,
    pub(super) body: Value,
}

/// A receiver on a port of this machine.
pub(super) struct Receiver {
    pub(super) address: String,
    received: Arc<Mutex<Vec<Received>>>,
    taking: JoinHandle<()>,
}

impl Receiver {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/results", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Vec::new()));
        let kept = received.clone();
        let taking = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let kept = kept.clone();
                tokio::spawn(async move {
                    // One that breaks off was not received.
                    if let Some((received, stream)) = read(stream).await {
                        kept.lock().unwrap().push(received);
                        answer(stream).await;
                    }
                });
            }
        });
        Self {
            address,
            received,
            taking,
        }
    }

    pub(super) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.taking.abort();
    }
}

async fn read(mut stream: TcpStream) -> Option<(Received, TcpStream)> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4_096];
    loop {
        let read = stream
            .read(&mut chunk)
            .await
            .ok()
            .filter(|read| *read > 0)?;
        bytes.extend_from_slice(&chunk[..read]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let header = |name: &str| {
            head.lines().find_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.eq_ignore_ascii_case(name)
                    .then(|| value.trim().to_owned())
            })
        };
        let length: usize = header("content-length")?.parse().ok()?;
        let body = &bytes[end + 4..];
        if body.len() >= length {
            let received = Received {
                id: header("webhook-id"),
                body: serde_json::from_slice(&body[..length]).ok()?,
            };
            return Some((received, stream));
        }
    }
}

async fn answer(mut stream: TcpStream) {
    let taken = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    // Whoever was killed meanwhile does not learn that it was taken, and posts it again.
    let _ = stream.write_all(taken).await;
}
