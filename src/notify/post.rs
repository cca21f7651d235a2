//! Posts a JSON body to an address, bounded in time; the address is checked where the connection is made.

use std::net::ToSocketAddrs as _;
use std::time::Duration;

use ureq::Agent;
use ureq::config::Config;
use ureq::http::header::RETRY_AFTER;
use ureq::http::{Response, Uri};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Connector, DefaultConnector, NextTimeout};
use url::Url;

use crate::notify::guard::{Forbidden, Guard};

/// A receiver may take this long for each step.
const PATIENCE: Duration = Duration::from_secs(10);

/// And this long for all of them.
const PATIENCE_IN_ALL: Duration = Duration::from_secs(20);

/// The most that is read of an answer's head; of its body nothing is.
const HEAD_BYTES: usize = 16 * 1024;

/// Something to post. Its `Debug` shows neither address nor body.
#[derive(Clone)]
pub struct Letter {
    pub address: String,
    pub body: String,
    /// The same at every try, so that a receiver knows what it has taken already.
    pub id: String,
    /// Seconds since 1970, and the signature over them; none for what is not signed.
    pub signed: Option<(i64, String)>,
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Letter({}, …)", self.id)
    }
}

/// Why a post failed. It names neither the address nor the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    #[error("the address may not be posted to: {0}")]
    Forbidden(#[from] Forbidden),
    #[error("the receiver answered {status}")]
    Answered {
        status: u16,
        /// Milliseconds that a receiver which has too much to do asks to be left alone for.
        asked_ms: Option<i64>,
    },
    #[error("the receiver could not be reached")]
    Unreachable,
}

impl PostError {
    /// Whether the receiver says that there is nothing here any more.
    pub fn is_gone(self) -> bool {
        matches!(self, Self::Answered { status: 410, .. })
    }

    /// How long the receiver asks to be left alone for.
    pub fn asked_ms(self) -> Option<i64> {
        match self {
            Self::Answered { asked_ms, .. } => asked_ms,
            Self::Forbidden(_) | Self::Unreachable => None,
        }
    }
}

/// Posts what is to be posted. Blocking.
#[derive(Clone, Debug)]
pub struct Poster {
    guard: Guard,
    agent: Agent,
}

impl Poster {
    pub fn new(guard: Guard) -> Self {
        Self::with(
            guard,
            DefaultResolver::default(),
            DefaultConnector::default(),
        )
    }

    /// The same by another way to find hosts and to connect to them.
    fn with(guard: Guard, resolver: impl Resolver, connector: impl Connector) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(PATIENCE_IN_ALL))
            .timeout_resolve(Some(PATIENCE))
            .timeout_connect(Some(PATIENCE))
            .timeout_send_body(Some(PATIENCE))
            .timeout_recv_response(Some(PATIENCE))
            .max_response_header_size(HEAD_BYTES)
            // A redirect could lead where the guard did not look.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .proxy(None)
            .user_agent(concat!("likeness/", env!("CARGO_PKG_VERSION")))
            .build();
        let resolver = Guarded {
            guard: guard.clone(),
            inner: resolver,
        };
        let agent = Agent::with_parts(config, connector, resolver);
        Self { guard, agent }
    }

    /// Whether the address may be posted to, its host asked for. Blocking.
    pub fn check(&self, address: &str) -> Result<Url, Forbidden> {
        let url = self.guard.read(address)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let port = url.port_or_known_default().unwrap_or(443);
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let mut found = (bare, port)
            .to_socket_addrs()
            .map_err(|_| Forbidden::Unknown)?
            .peekable();
        if found.peek().is_none() {
            return Err(Forbidden::Unknown);
        }
        // One inside is enough to refuse: which of them is used is not ours to say.
        if found.all(|address| self.guard.lets_pass(&host, address.ip())) {
            Ok(url)
        } else {
            Err(Forbidden::NotPublic)
        }
    }

    /// Posts a letter; anything but a 2xx is a failure. What the receiver answers with is not read.
    pub fn post(&self, letter: &Letter) -> Result<(), PostError> {
        self.guard.read(&letter.address)?;
        let mut request = self
            .agent
            .post(&letter.address)
            .header("content-type", "application/json")
            .header("webhook-id", &letter.id);
        if let Some((timestamp, signature)) = &letter.signed {
            request = request
                .header("webhook-timestamp", timestamp.to_string())
                .header("webhook-signature", signature);
        }
        let answer = request
            .send(&letter.body)
            .map_err(|_| PostError::Unreachable)?;
        if answer.status().is_success() {
            return Ok(());
        }
        Err(PostError::Answered {
            status: answer.status().as_u16(),
            asked_ms: asked_ms(&answer),
        })
    }
}

/// What a receiver that has too much to do, or is down for a while, asks for in seconds.
fn asked_ms<B>(answer: &Response<B>) -> Option<i64> {
    if !matches!(answer.status().as_u16(), 429 | 503) {
        return None;
    }
    let seconds: u32 = answer
        .headers()
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(i64::from(seconds) * 1000)
}

/// Finds a host's addresses and keeps those that the guard lets pass. The connection is made to what is answered
/// here and to nothing else: no host is asked for a second time between the look and the connection.
#[derive(Debug)]
struct Guarded<R> {
    guard: Guard,
    inner: R,
}

impl<R: Resolver> Resolver for Guarded<R> {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let host = uri.host().unwrap_or_default();
        let mut passed = self.empty();
        for address in &self.inner.resolve(uri, config, timeout)? {
            if self.guard.lets_pass(host, address.ip()) {
                passed.push(*address);
            }
        }
        if passed.is_empty() {
            return Err(ureq::Error::HostNotFound);
        }
        Ok(passed)
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};

    use ureq::unversioned::transport::{ConnectionDetails, Either};

    use super::*;

    /// Answers with a public address first, and with one inside ever after.
    #[derive(Clone, Debug, Default)]
    struct TwoFaced(Arc<AtomicUsize>);

    const PUBLIC: &str = "93.184.216.34:80";

    impl Resolver for TwoFaced {
        fn resolve(
            &self,
            _: &Uri,
            _: &Config,
            _: NextTimeout,
        ) -> Result<ResolvedSocketAddrs, ureq::Error> {
            let first = self.0.fetch_add(1, Ordering::SeqCst) == 0;
            let mut found = self.empty();
            found.push(if first { PUBLIC } else { "127.0.0.1:80" }.parse().unwrap());
            Ok(found)
        }
    }

    /// Notes where a connection would be made, and makes none.
    #[derive(Clone, Debug, Default)]
    struct Noting(Arc<Mutex<Vec<SocketAddr>>>);

    impl Connector for Noting {
        type Out = Either<(), ()>;

        fn connect(
            &self,
            details: &ConnectionDetails<'_>,
            _: Option<()>,
        ) -> Result<Option<Self::Out>, ureq::Error> {
            self.0.lock().unwrap().extend(details.addrs.iter());
            Err(ureq::Error::ConnectionFailed)
        }
    }

    fn letter() -> Letter {
        Letter {
            address: "http://rebinding.example/hook".to_owned(),
            body: "{}".to_owned(),
            id: "cb_1".to_owned(),
            signed: None,
        }
    }

    #[test]
    fn the_connection_is_made_to_the_address_that_was_checked() {
        let (resolver, connector) = (TwoFaced::default(), Noting::default());
        let poster = Poster::with(Guard::default(), resolver.clone(), connector.clone());
        assert_eq!(poster.post(&letter()), Err(PostError::Unreachable));
        assert_eq!(resolver.0.load(Ordering::SeqCst), 1, "asked for once");
        assert_eq!(
            *connector.0.lock().unwrap(),
            [PUBLIC.parse::<SocketAddr>().unwrap()]
        );
        // The second time the host answers with an address inside, and nothing is connected to.
        assert_eq!(poster.post(&letter()), Err(PostError::Unreachable));
        assert_eq!(resolver.0.load(Ordering::SeqCst), 2);
        assert_eq!(connector.0.lock().unwrap().len(), 1);
    }

    #[test]
    fn only_a_receiver_that_has_too_much_to_do_may_put_off() {
        let answer = |status: u16, after: &str| {
            let answer = Response::builder().status(status);
            asked_ms(&answer.header(RETRY_AFTER, after).body(()).unwrap())
        };
        assert_eq!(answer(429, "120"), Some(120_000));
        assert_eq!(answer(503, " 1 "), Some(1_000));
        assert_eq!(answer(500, "120"), None);
        assert_eq!(answer(429, "-1"), None);
        assert_eq!(answer(429, "99999999999999"), None);
        assert_eq!(answer(429, "tomorrow"), None);
    }
}
