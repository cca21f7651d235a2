//! Posts a JSON body to an address, bounded in time; the address is checked where the connection is made.

use std::net::ToSocketAddrs as _;
use std::time::Duration;

use ureq::Agent;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use url::Url;

use crate::notify::guard::{Forbidden, Guard};

/// A receiver may take this long for each step.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a post failed. It names neither the address nor the body.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    #[error("the address may not be posted to: {0}")]
    Forbidden(#[from] Forbidden),
    #[error("the receiver answered {0}")]
    Answered(u16),
    #[error("the receiver could not be reached")]
    Unreachable,
}

/// Posts what is to be posted. Blocking.
#[derive(Clone, Debug)]
pub struct Poster {
    guard: Guard,
    agent: Agent,
}

impl Poster {
    pub fn new(guard: Guard) -> Self {
        let config = Agent::config_builder()
            .timeout_resolve(Some(PATIENCE))
            .timeout_connect(Some(PATIENCE))
            .timeout_send_body(Some(PATIENCE))
            .timeout_recv_response(Some(PATIENCE))
            // A redirect could lead where the guard did not look.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .proxy(None)
            .user_agent(concat!("likeness/", env!("CARGO_PKG_VERSION")))
            .build();
        let resolver = Guarded(guard.clone());
        let agent = Agent::with_parts(config, DefaultConnector::default(), resolver);
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

    /// Posts a JSON body; anything but a 2xx is a failure.
    pub fn post(&self, address: &str, body: &str) -> Result<(), PostError> {
        self.guard.read(address)?;
        let answer = self
            .agent
            .post(address)
            .header("content-type", "application/json")
            .send(body)
            .map_err(|_| PostError::Unreachable)?;
        let status = answer.status();
        if status.is_success() {
            Ok(())
        } else {
            Err(PostError::Answered(status.as_u16()))
        }
    }
}

/// Finds a host's addresses and keeps those that the guard lets pass: a name that is answered
/// differently a second time is looked at a second time.
#[derive(Debug)]
struct Guarded(Guard);

impl Resolver for Guarded {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let host = uri.host().unwrap_or_default();
        let resolver = ureq::unversioned::resolver::DefaultResolver::default();
        let mut passed = self.empty();
        for address in &resolver.resolve(uri, config, timeout)? {
            if self.0.lets_pass(host, address.ip()) {
                passed.push(*address);
            }
        }
        if passed.is_empty() {
            return Err(ureq::Error::HostNotFound);
        }
        Ok(passed)
    }
}
