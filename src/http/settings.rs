//! Plain values the handlers need; `app` takes them from the configuration.

use std::time::Duration;

use crate::http::address::TrustedProxies;
use crate::http::upload::MOST_FIELDS_BYTES;

/// How much is taken and how long is waited.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    pub max_document_bytes: u64,
    pub max_video_bytes: u64,
    /// A picture that comes as base64 in a JSON body.
    pub max_picture_bytes: usize,
    /// A whole JSON body with all its pictures.
    pub max_json_bytes: usize,
    /// The longest a call waits for its examination.
    pub max_wait: Duration,
    /// The longest a body may take to come in.
    pub max_receive: Duration,
    /// Whether callers come by this service's own TLS.
    pub by_tls: bool,
    pub trusted_proxies: TrustedProxies,
}

impl HttpSettings {
    /// The largest body that any route takes.
    pub fn max_body(&self) -> u64 {
        let form = self
            .max_document_bytes
            .saturating_add(self.max_video_bytes)
            .saturating_add(MOST_FIELDS_BYTES);
        form.max(self.max_json_bytes as u64)
    }
}
