//! Has a request carried out once under its caller's key, however often it comes and whoever dies meanwhile.

use hmac::digest::Key;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::session::ids::SessionId;
use crate::session::project::Dialect;
use crate::session::time::Timestamp;
use crate::store::idempotency::{self, KeyClaim, KeyHold, KeyStanding};

/// How long a key is kept.
pub const KEPT_MS: i64 = 24 * 60 * 60 * 1000;

/// Longest key, in characters.
pub const MAX_KEY: usize = 255;

/// The identifier that a request's work is made under, so that a second try finds what the first made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allotment {
    seed: Uuid,
    /// Whether the work was begun before.
    pub again: bool,
}

impl Allotment {
    /// One of the identifiers that the request may make; the same number gives the same one.
    pub fn id(self, number: u16) -> Uuid {
        idempotency::allotted(self.seed, number)
    }
}

/// A request with a key.
pub struct OnceOrder<'a> {
    /// The method and the route's pattern: a key means something else on another route.
    pub route: &'a str,
    pub key: &'a str,
    /// A hash of everything that makes it this request.
    pub digest: [u8; 32],
    /// The session that it is about, where it names one.
    pub session: Option<SessionId>,
}

/// What is to be done about it.
pub enum Once {
    Run(Turn),
    /// It was carried out, and this was answered.
    Answered(Vec<u8>),
    /// The key came with another request before.
    OtherRequest,
    /// It is being carried out.
    Running,
}

/// The right to carry a request out.
pub struct Turn {
    hold: KeyHold,
    seal: [u8; 32],
}

impl Turn {
    pub fn allotment(&self) -> Allotment {
        Allotment {
            seed: self.hold.seed,
            again: self.hold.again,
        }
    }
}

impl Caller {
    /// The identifier of something that the request makes: the one allotted to it, or a new one.
    pub(crate) fn new_id(&self, number: u16) -> Uuid {
        self.allotted
            .map_or_else(Uuid::now_v7, |allotted| allotted.id(number))
    }

    /// The same where an earlier try of the request may have made it.
    pub(crate) fn earlier_id(&self, number: u16) -> Option<Uuid> {
        self.allotted
            .filter(|allotted| allotted.again)
            .map(|allotted| allotted.id(number))
    }

    /// The same caller with new identifiers: for work that has to be begun anew.
    pub(crate) fn beginning_anew(&self) -> Self {
        Self {
            allotted: None,
            ..self.clone()
        }
    }
}

impl Operations {
    /// Whether the project's calls are taken at all by this door.
    pub fn takes_calls(&self, caller: &Caller, dialect: Dialect) -> bool {
        let settings = &caller.project.settings;
        !settings.suspended && !settings.disabled.contains(&dialect)
    }

    /// Takes the key for a request, or says what became of the one that has it.
    pub async fn claim_once(&self, caller: &Caller, order: &OnceOrder<'_>) -> Result<Once, Error> {
        let now = self.clock.now();
        let id = row_id(caller, order);
        let seal = derived(&order.digest, &["answer", order.key]);
        let claim = KeyClaim {
            id,
            session: order.session,
            fingerprint: derived(&order.digest, &["compare", order.key]),
            now,
            lease_until: self.key_lease(),
            oldest: now.plus(-KEPT_MS),
        };
        Ok(match self.store.claim_key(&claim).await? {
            KeyStanding::Held(hold) => Once::Run(Turn { hold, seal }),
            KeyStanding::Answered(sealed) => {
                // The fingerprint is the same, so the key of the seal is.
                let answer = idempotency::open(&seal, &claim.id, &sealed);
                Once::Answered(answer.ok_or_else(|| Error::internal(Unreadable))?)
            }
            KeyStanding::OtherRequest => Once::OtherRequest,
            KeyStanding::Running => Once::Running,
        })
    }

    /// Says that the request is still being carried out: due three times a lease.
    pub async fn renew_turn(&self, turn: &Turn) {
        let renewed = self.store.renew_key(&turn.hold, self.key_lease()).await;
        if let Err(error) = renewed {
            tracing::warn!(%error, "the lease of an idempotency key could not be renewed");
        }
    }

    /// How long a turn may go without being renewed.
    pub fn turn_lease(&self) -> std::time::Duration {
        let milliseconds = u64::try_from(self.settings.lease_ms).unwrap_or(0);
        std::time::Duration::from_millis(milliseconds)
    }

    /// Keeps what was answered, sealed under what only the same request brings along.
    pub async fn keep_answer(&self, turn: &Turn, answer: &[u8]) {
        let kept = match idempotency::seal(&turn.seal, &turn.hold.id, answer) {
            Ok(sealed) => self.store.keep_answer(&turn.hold, sealed).await,
            Err(error) => Err(error),
        };
        if let Err(error) = kept {
            // The caller has the answer; a next try finds what was made and answers for that.
            tracing::warn!(%error, "an answer could not be kept under its idempotency key");
        }
    }

    /// Gives the key back: nothing definite came of the request.
    pub async fn release_turn(&self, turn: &Turn) {
        if let Err(error) = self.store.release_key(&turn.hold).await {
            tracing::warn!(%error, "an idempotency key could not be given back before its lease ends");
        }
    }

    /// Forgets the keys whose time is over.
    pub(crate) async fn forget_keys(&self) -> Result<(), Error> {
        let oldest = self.clock.now().plus(-KEPT_MS);
        self.store.forget_keys(oldest).await?;
        Ok(())
    }

    fn key_lease(&self) -> Timestamp {
        self.clock.now().plus(self.settings.lease_ms)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("an answer that was kept cannot be opened")]
struct Unreadable;

/// Stands for whose key it is, for the route and for the key. The lasting token counts, so that a day's token
/// that ends between two tries does not make them two requests.
fn row_id(caller: &Caller, order: &OnceOrder<'_>) -> String {
    let owner = caller.owner().map(|token| token.0.to_string());
    let mut hash = Sha256::new();
    for part in [
        caller.project.id.0.to_string().as_str(),
        owner.as_deref().unwrap_or_default(),
        order.route,
        order.key,
    ] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hexadecimal(&hash.finalize())
}

/// A value that nobody can make without the digest, and that does not give the digest away.
fn derived(digest: &[u8; 32], words: &[&str]) -> [u8; 32] {
    // A key of a whole block cannot be refused; HMAC itself fills a shorter one up with zeros (RFC 2104).
    let mut key = Key::<Hmac<Sha256>>::default();
    key[..digest.len()].copy_from_slice(digest);
    let mut mac = Hmac::<Sha256>::new(&key);
    for word in words {
        mac.update(&(word.len() as u64).to_be_bytes());
        mac.update(word.as_bytes());
    }
    mac.finalize().into_bytes().into()
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By HMAC's own way with a short key: what was kept under these values is to be found again.
    #[test]
    fn what_is_derived_is_the_hmac_of_the_words_by_the_digest() {
        let digest = [7; 32];
        let mut mac = Hmac::<Sha256>::new_from_slice(&digest).unwrap();
        for word in ["answer", "order-17"] {
            mac.update(&(word.len() as u64).to_be_bytes());
            mac.update(word.as_bytes());
        }
        let told = derived(&digest, &["answer", "order-17"]);
        assert_eq!(told, <[u8; 32]>::from(mac.finalize().into_bytes()));
        assert_ne!(told, derived(&[8; 32], &["answer", "order-17"]));
        assert_ne!(told, derived(&digest, &["answero", "rder-17"]));
    }
}
