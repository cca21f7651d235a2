//! Who is looking at a page: the cookie, the person behind it, and the marks that only their pages bear.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::Method;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::http::console::errors::PageError;
use crate::operations::Operations;
use crate::operations::error::Error;
use crate::operations::sign_in::Visitor;

/// The cookie's name.
const COOKIE: &str = "likeness_console";

/// The header of what a page's script asks for without anybody doing anything, and the stream, which cannot bear one.
const BY_ITSELF: &str = "x-by-itself";
const EVENTS: &str = "/console/queue/events";

/// Somebody who is signed in, with the secret of their cookie. It has no `Debug`.
pub(super) struct Guest {
    pub(super) visitor: Visitor,
    secret: String,
}

impl Guest {
    /// Whoever sent the request. Who is signed out comes back to the page they asked for once they are in.
    pub(super) async fn of(
        request: &HttpRequest,
        operations: &Operations,
    ) -> Result<Self, PageError> {
        let signed_out = || PageError::SignedOut {
            to: (request.method() == Method::GET).then(|| request.uri().to_string()),
        };
        let secret = secret(request).ok_or_else(signed_out)?;
        match operations.visitor(&secret, is_by_hand(request)).await {
            Ok(visitor) => Ok(Self { visitor, secret }),
            Err(Error::Unauthenticated) => Err(signed_out()),
            Err(error) => Err(error.into()),
        }
    }

    /// The secret of the cookie, for the verbs that change what it stands for.
    pub(super) fn secret(&self) -> &str {
        &self.secret
    }

    /// What a form of this person's pages bears, so that nobody else's page can send one for them. It
    /// holds for the project they work in: a page of another one, left open in a tab, changes nothing here.
    pub(super) fn form_mark(&self) -> String {
        let project = self.visitor.caller.project.id.to_string();
        hex(&self.mac(&["form", &project]))
    }

    /// Whether a form bears it.
    pub(super) fn knows_form(&self, mark: &str) -> bool {
        use subtle::ConstantTimeEq as _;
        self.form_mark().as_bytes().ct_eq(mark.as_bytes()).into()
    }

    /// A mark over some words that nobody can make without the cookie.
    pub(super) fn mark(&self, words: &[&str]) -> String {
        hex(&self.mac(words))
    }

    fn mac(&self, words: &[&str]) -> Vec<u8> {
        // A key of any length will do.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()) else {
            return Vec::new();
        };
        for word in words {
            mac.update(&(word.len() as u64).to_be_bytes());
            mac.update(word.as_bytes());
        }
        mac.finalize().into_bytes().to_vec()
    }
}

/// Whether a person asks, rather than an open page that keeps itself up to date.
fn is_by_hand(request: &HttpRequest) -> bool {
    !request.headers().contains_key(BY_ITSELF) && request.path() != EVENTS
}

/// The secret of the request's cookie.
pub(super) fn secret(request: &HttpRequest) -> Option<String> {
    request
        .cookie(COOKIE)
        .map(|cookie| cookie.value().to_owned())
}

/// The cookie that lets somebody in; it goes with the browser.
pub(super) fn cookie(request: &HttpRequest, secret: &str) -> Cookie<'static> {
    Cookie::build(COOKIE, secret.to_owned())
        .path("/console")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(!is_at_home(request))
        .finish()
}

/// The cookie that takes it away.
pub(super) fn no_cookie(request: &HttpRequest) -> Cookie<'static> {
    let mut cookie = cookie(request, "");
    cookie.set_max_age(Duration::ZERO);
    cookie
}

/// Whether the browser runs on this machine and asks it by a name of its own: nothing is on its way then that
/// could be read, and a browser may keep a `Secure` cookie of plain HTTP to itself. Everybody else comes by TLS.
fn is_at_home(request: &HttpRequest) -> bool {
    let connection = request.connection_info();
    let host = connection.host();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
        && request
            .peer_addr()
            .is_some_and(|peer| peer.ip().is_loopback())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
