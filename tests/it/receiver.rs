//! A receiver of webhooks on a port of its own: it tells what came, and answers as it is told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use tokio::sync::{mpsc, watch};

/// What came in one request.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    pub(crate) path: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Post {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(crate) fn id(&self) -> String {
        self.header("webhook-id").to_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// How many signatures there are, and whether one of them is this secret's: as a receiver does it who knows the
    /// specification and nothing of this program.
    pub(crate) fn verify(&self, secret: &str) -> (usize, bool) {
        let key = STANDARD
            .decode(secret.strip_prefix("whsec_").unwrap())
            .unwrap();
        let (id, at) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("{id}.{at}.{}", self.text()).as_bytes());
        let right = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        let all: Vec<&str> = self.header("webhook-signature").split(' ').collect();
        (all.len(), all.contains(&right.as_str()))
    }
}

#[derive(Clone, Debug)]
struct Answer {
    status: u16,
    retry_after: Option<String>,
}

/// A receiver; it stops when it is dropped.
pub(crate) struct Receiver {
    /// Without a path.
    pub(crate) address: String,
    posts: mpsc::UnboundedReceiver<Post>,
    answer: Arc<Mutex<Answer>>,
    held: watch::Sender<bool>,
    handle: actix_web::dev::ServerHandle,
}

impl Receiver {
    pub(crate) fn start() -> Self {
        let (sender, posts) = mpsc::unbounded_channel();
        let answer = Arc::new(Mutex::new(Answer {
            status: 204,
            retry_after: None,
        }));
        let (held, hold) = watch::channel(false);
        let told = answer.clone();
        let server = HttpServer::new(move || {
            let (sender, told, hold) = (sender.clone(), told.clone(), hold.clone());
            App::new().default_service(web::to(move |request: HttpRequest, body: web::Bytes| {
                let (sender, told, mut hold) = (sender.clone(), told.clone(), hold.clone());
                async move {
                    let headers = request.headers().iter();
                    let _ = sender.send(Post {
                        path: request.path().to_owned(),
                        headers: headers
                            .map(|(name, value)| {
                                let value = value.to_str().unwrap().to_owned();
                                (name.as_str().to_owned(), value)
                            })
                            .collect(),
                        body: body.to_vec(),
                    });
                    let _ = hold.wait_for(|held| !held).await;
                    let answer = told.lock().unwrap().clone();
                    let status = StatusCode::from_u16(answer.status).unwrap();
                    let mut response = HttpResponse::build(status);
                    if let Some(after) = answer.retry_after {
                        response.insert_header((RETRY_AFTER, after));
                    }
                    response.finish()
                }
            }))
        })
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .unwrap();
        let address = format!("http://{}", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Self {
            address,
            posts,
            answer,
            held,
            handle,
        }
    }

    pub(crate) fn answers(&self, status: u16, retry_after: Option<&str>) {
        *self.answer.lock().unwrap() = Answer {
            status,
            retry_after: retry_after.map(str::to_owned),
        };
    }

    /// Requests are received and not answered until `release`.
    pub(crate) fn hold(&self) {
        self.held.send_replace(true);
    }

    pub(crate) fn release(&self) {
        self.held.send_replace(false);
    }

    pub(crate) async fn next(&mut self) -> Post {
        self.posts.recv().await.unwrap()
    }

    /// What has come and was not asked for yet.
    pub(crate) fn rest(&mut self) -> Vec<Post> {
        std::iter::from_fn(|| self.posts.try_recv().ok()).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.release();
        drop(self.handle.stop(false));
    }
}
