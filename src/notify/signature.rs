//! Signs what is posted, by the Standard Webhooks specification: an HMAC over identifier, time and body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The header `webhook-signature`: one signature a secret, separated by spaces, so that a receiver who holds
/// any of them can verify.
pub fn sign<'a>(
    secrets: impl IntoIterator<Item = &'a [u8]>,
    id: &str,
    timestamp: i64,
    body: &str,
) -> String {
    let signed = format!("{id}.{timestamp}.{body}");
    let signatures: Vec<String> = secrets
        .into_iter()
        .filter_map(|secret| {
            // A key of any length is taken.
            let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
            mac.update(signed.as_bytes());
            let digest = STANDARD.encode(mac.finalize().into_bytes());
            Some(format!("v1,{digest}"))
        })
        .collect();
    signatures.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret, identifier, time, body and signature that the specification's own libraries test with.
    #[test]
    fn the_specifications_example_is_signed_as_it_says() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = sign(
            [secret.as_slice()],
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn two_secrets_make_two_signatures() {
        let both = sign([&[1u8; 32][..], &[2; 32]], "cb_1", 5, "{}");
        let one = sign([&[1u8; 32][..]], "cb_1", 5, "{}");
        let other = sign([&[2u8; 32][..]], "cb_1", 5, "{}");
        assert_eq!(both, format!("{one} {other}"));
        assert_ne!(one, other);
    }
}
