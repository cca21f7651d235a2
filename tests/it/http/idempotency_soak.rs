//! Doubled and cut requests: clients that hang up at any moment and ask again make as many sessions as they mean to.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::helpers::TestApp;
use crate::soak::count;

/// Clients at the same time.
const CLIENTS: usize = 8;

const SEED: u64 = 8;

/// What a client does before it asks properly.
#[derive(Clone, Copy, Debug)]
enum Mishap {
    /// Sends so many bytes of the request and hangs up.
    Cut(usize),
    /// Sends all of it and hangs up without reading a word.
    Deaf,
    /// Sends all of it, closes its half, and reads.
    HalfClosed,
    /// Sends it twice at the same time.
    Doubled,
}

/// One session that somebody wants, however they go about it.
struct Wish {
    number: usize,
    mishaps: Vec<Mishap>,
}

impl Wish {
    fn of(number: usize, chance: &mut StdRng) -> Self {
        let mishaps = (0..chance.random_range(1..4))
            .map(|_| match chance.random_range(0..6) {
                0 | 1 => Mishap::Cut(chance.random_range(1..400)),
                2 | 3 => Mishap::Deaf,
                4 => Mishap::HalfClosed,
                _ => Mishap::Doubled,
            })
            .collect();
        Self { number, mishaps }
    }

    fn body(&self) -> Value {
        json!({ "reference": format!("wish {}", self.number), "metadata": { "filler": "x".repeat(120) } })
    }

    fn raw(&self, address: SocketAddr, token: &str) -> Vec<u8> {
        let body = self.body().to_string();
        format!(
            "POST /v1/sessions HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
             Idempotency-Key: wish-{}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.number,
            body.len()
        )
        .into_bytes()
    }

    async fn comes_true(self, client: Client, address: SocketAddr, token: String) -> String {
        let raw = self.raw(address, &token);
        for mishap in &self.mishaps {
            match mishap {
                Mishap::Cut(at) => hang_up(address, &raw[..(*at).min(raw.len() - 1)]).await,
                Mishap::Deaf => hang_up(address, &raw).await,
                Mishap::HalfClosed => read_on(address, &raw).await,
                Mishap::Doubled => {
                    let ask = || self.ask(&client, address, &token);
                    let _ = tokio::join!(ask(), ask());
                }
            }
        }
        loop {
            let (status, answer) = self.ask(&client, address, &token).await;
            match status {
                StatusCode::CREATED => return answer["id"].as_str().unwrap().to_owned(),
                // An earlier one of ours is still on its way.
                StatusCode::CONFLICT => tokio::task::yield_now().await,
                other => panic!("{other} {answer}"),
            }
        }
    }

    async fn ask(&self, client: &Client, address: SocketAddr, token: &str) -> (StatusCode, Value) {
        let request = client.post(format!("http://{address}/v1/sessions"));
        let key = format!("wish-{}", self.number);
        let request = request.bearer_auth(token).header("Idempotency-Key", key);
        let answer = request
            .header("Content-Type", "application/json")
            .body(self.body().to_string())
            .send()
            .await
            .unwrap();
        (answer.status(), answer.json().await.unwrap())
    }
}

async fn hang_up(address: SocketAddr, bytes: &[u8]) {
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(bytes).await.unwrap();
}

async fn read_on(address: SocketAddr, bytes: &[u8]) {
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(bytes).await.unwrap();
    connection.shutdown().await.unwrap();
    let mut answer = Vec::new();
    // Answered or cut off: either is well.
    let _ = connection.read_to_end(&mut answer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn doubled_and_cut_requests_make_as_many_sessions_as_are_wanted() {
    let app = TestApp::start().await;
    let wanted = count(60, 1_000);
    let mut chance = StdRng::seed_from_u64(SEED);
    let mut wishes: Vec<Wish> = (0..wanted)
        .map(|number| Wish::of(number, &mut chance))
        .collect();
    let mut ids = BTreeSet::new();
    while !wishes.is_empty() {
        let some = wishes.split_off(wishes.len().saturating_sub(CLIENTS));
        let running: Vec<_> = some
            .into_iter()
            .map(|wish| {
                let (client, token) = (app.client.clone(), app.token.clone());
                tokio::spawn(wish.comes_true(client, app.address, token))
            })
            .collect();
        for client in running {
            ids.insert(client.await.unwrap());
        }
    }
    let kept = app.number("SELECT COUNT(*) FROM sessions").await;
    assert_eq!((ids.len(), kept), (wanted, wanted as i64), "seed {SEED}");
    let references = "SELECT COUNT(DISTINCT reference) FROM sessions";
    assert_eq!(app.number(references).await, wanted as i64);
}
