//! Who receives what is posted to an address: its host and port, however the address is spelt.

use url::Url;

/// The host and the port of an address, the same for every spelling of them; none where it is no address.
pub fn receiver(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    // A domain that ends with a dot is the same one.
    let host = url.host_str()?.trim_end_matches('.');
    let port = url.port_or_known_default()?;
    Some(format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_is_one_however_it_is_spelt_and_another_on_another_port() {
        for (address, told) in [
            ("https://example.org/hook?key=secret", "example.org:443"),
            ("https://EXAMPLE.org.:443/other", "example.org:443"),
            ("https://ex%61mple.org", "example.org:443"),
            ("http://example.org/hook", "example.org:80"),
            ("https://example.org:8443/hook", "example.org:8443"),
            ("http://[0:0::1]:81/", "[::1]:81"),
            ("http://0x7f.1/", "127.0.0.1:80"),
        ] {
            assert_eq!(receiver(address).as_deref(), Some(told), "{address}");
        }
        assert_eq!(receiver("example.org"), None);
    }
}
