//! Passwords and codes of people: hashed with Argon2id, and checked a few at a time.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use tokio::sync::Semaphore;
use totp_rs::{Builder, Totp};

use crate::operations::background::in_background;
use crate::operations::error::Error;
use crate::session::account::Credentials;
use crate::session::time::Timestamp;

/// Shortest password, in characters: NIST SP 800-63B-4 asks for 15 where a password stands alone, and 8
/// beside a second factor.
pub const SHORTEST: usize = 12;

/// Longest password, in bytes; hashing more would only cost time.
pub const LONGEST: usize = 256;

/// Checks at once: each takes 19 MiB and a core for a while, and nobody who asks is known yet.
const AT_ONCE: usize = 2;

/// Checks that may wait; who comes then is told to come later, so that the wait stays short for everybody.
const MOST_WAITING: usize = 32;

/// Seconds that a code is good for, and the steps before and after that still count.
const STEP: u64 = 30;
const SKEW: u16 = 1;

/// Hashes and checks passwords, so many at once.
#[derive(Clone)]
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            places: Arc::new(Semaphore::new(AT_ONCE + MOST_WAITING)),
        }
    }
}

impl Passwords {
    /// What is kept of a password.
    pub(crate) async fn hash(&self, password: String) -> Result<String, Error> {
        let hashed = self
            .in_turn(move || Argon2::default().hash_password(password.as_bytes()))
            .await?;
        let hashed =
            hashed.map_err(|_| Error::Internal("a password could not be hashed".into()))?;
        Ok(hashed.to_string())
    }

    /// Whether a password is the one that was hashed. Without a hash it takes as long, and is wrong: who
    /// asks does not learn whether there is such an account.
    pub(crate) async fn is_right(
        &self,
        password: String,
        hash: Option<String>,
    ) -> Result<bool, Error> {
        self.in_turn(move || {
            let Some(hash) = hash else {
                let _ = Argon2::default().hash_password(password.as_bytes());
                return false;
            };
            PasswordHash::new(&hash).is_ok_and(|hash| {
                Argon2::default()
                    .verify_password(password.as_bytes(), &hash)
                    .is_ok()
            })
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let _place = self.places.try_acquire().map_err(|_| Error::Busy)?;
        let _turn = self.turns.acquire().await.map_err(Error::internal)?;
        in_background(work).await.map_err(Error::internal)
    }
}

/// Refuses a password that is too short, or too long to be hashed.
pub(crate) fn refuse_weak(password: &str, name: &str) -> Result<(), Error> {
    if password.chars().count() < SHORTEST || password.len() > LONGEST {
        return Err(Error::invalid(format!(
            "a password has {SHORTEST} characters or more, and {LONGEST} bytes at most"
        )));
    }
    let password = password.to_lowercase();
    let mut characters: Vec<char> = password.chars().collect();
    characters.sort_unstable();
    characters.dedup();
    if characters.len() < 5 || password.contains(&name.to_lowercase()) {
        return Err(Error::invalid(
            "a password holds five different characters or more, and not your name",
        ));
    }
    Ok(())
}

/// The thirty seconds whose code this is, where it is one of now, and none that was used already.
pub(crate) fn step_of(credentials: &Credentials, code: &str, now: Timestamp) -> Option<i64> {
    let step = matching_step(&credentials.totp_secret, code, now)?;
    (step > credentials.totp_step).then_some(step)
}

/// The thirty seconds whose code this is, where it is one of now.
pub(crate) fn matching_step(secret: &[u8], code: &str, now: Timestamp) -> Option<i64> {
    let seconds = u64::try_from(now.0 / 1000).ok()?;
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let step = totp(secret, "likeness").ok()?.check(&code, seconds)?;
    i64::try_from(step).ok()
}

/// What a device reads to make codes: the secret behind a URL, for a QR code, and as it is typed.
pub(crate) fn device_secret(secret: &[u8], name: &str) -> Result<(String, String), Error> {
    // The URL parts the issuer from the name by a colon.
    let totp = totp(secret, &name.replace(':', " "))?;
    let url = totp
        .to_url()
        .map_err(|_| Error::Internal("a code's URL could not be written".into()))?;
    Ok((url, totp.secret().to_base32()))
}

fn totp(secret: &[u8], name: &str) -> Result<Totp, Error> {
    Builder::new()
        .with_secret(secret.to_vec())
        .with_skew(SKEW)
        .with_step_duration(STEP)
        .with_account_name(name)
        .with_issuer(Some("likeness"))
        .build()
        .map_err(|_| Error::Internal("a secret of codes is of no use".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, SHA-1: the last six digits of 94287082 and of 07081804.
        let at = |seconds: i64| Timestamp(seconds * 1000);
        assert_eq!(matching_step(SECRET, "287082", at(59)), Some(1));
        assert_eq!(
            matching_step(SECRET, "081 804", at(1_111_111_109)),
            Some(37_037_036)
        );
        assert_eq!(matching_step(SECRET, "287082", at(59 + 29)), Some(1));
        assert_eq!(matching_step(SECRET, "287082", at(59 + 61)), None);
        assert_eq!(matching_step(SECRET, "", at(59)), None);
    }

    #[test]
    fn a_code_opens_once() {
        let mut credentials = Credentials {
            password_hash: String::new(),
            totp_secret: SECRET.to_vec(),
            totp_step: 0,
        };
        let now = Timestamp(59_000);
        let step = step_of(&credentials, "287082", now).unwrap();
        credentials.totp_step = step;
        assert_eq!(step_of(&credentials, "287082", now), None);
    }

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_alone() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse".to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$"), "{hash}");
        for (password, hash, is_right) in [
            ("correct horse", Some(hash.clone()), true),
            ("correct hors", Some(hash.clone()), false),
            ("correct horse", None, false),
            ("", Some("x".to_owned()), false),
        ] {
            let seen = passwords.is_right(password.to_owned(), hash).await.unwrap();
            assert_eq!(seen, is_right, "{password}");
        }
    }

    #[test]
    fn weak_passwords_are_refused() {
        for weak in [
            "short",
            "aaaaaaaaaaaaaaaa",
            "xAlice Quux9876",
            &"ab1 ".repeat(80),
        ] {
            assert!(refuse_weak(weak, "alice quux").is_err(), "{weak}");
        }
        assert!(refuse_weak("seven green boats", "alice quux").is_ok());
    }
}
