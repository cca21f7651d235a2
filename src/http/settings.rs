//! Plain values the handlers need; `app` takes them from the configuration.

use std::time::Duration;

/// How much is taken and how long is waited.
#[derive(Clone, Copy, Debug)]
pub struct HttpSettings {
    pub max_document_bytes: u64,
    pub max_video_bytes: u64,
    /// A picture that comes as base64 in a JSON body.
    pub max_picture_bytes: usize,
    /// A whole JSON body with all its pictures.
    pub max_json_bytes: usize,
    /// The longest a call waits for its examination.
    pub max_wait: Duration,
}
