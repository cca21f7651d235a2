//! Which addresses a result may be posted to: public ones, and hosts that the operator named.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Hosts that may be posted to although their addresses are not public.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    hosts: Vec<String>,
}

/// Why nothing is posted to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    #[error("it is not an http or https address")]
    NotHttp,
    #[error("it holds a user name or a password")]
    WithCredentials,
    #[error("its host cannot be found")]
    Unknown,
    #[error("it leads into a private, loopback or link-local network")]
    NotPublic,
}

impl Guard {
    /// A guard that lets these hosts pass whatever their addresses; separated by commas.
    pub fn allowing(hosts: &str) -> Self {
        let hosts = hosts.split(',').map(|host| host.trim().to_lowercase());
        Self {
            hosts: hosts.filter(|host| !host.is_empty()).collect(),
        }
    }

    /// Reads an address that may be posted to, as far as can be told without asking for its host.
    pub fn read(&self, text: &str) -> Result<Url, Forbidden> {
        let url = Url::parse(text).map_err(|_| Forbidden::NotHttp)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Forbidden::NotHttp);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Forbidden::WithCredentials);
        }
        let address = match url.host() {
            None => return Err(Forbidden::NotHttp),
            Some(Host::Domain(_)) => None,
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        };
        match address {
            Some(address) if !self.lets_pass(url.host_str().unwrap_or_default(), address) => {
                Err(Forbidden::NotPublic)
            }
            _ => Ok(url),
        }
    }

    /// Whether the host may be posted to at this address.
    pub fn lets_pass(&self, host: &str, address: IpAddr) -> bool {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        is_public(address)
            || self
                .hosts
                .iter()
                .any(|named| named.eq_ignore_ascii_case(host))
    }
}

/// Whether an address can be reached from everywhere (the special ones: RFC 6890 and its registries).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let carrier_grade = a == 100 && (64..128).contains(&b);
    let protocol_assignments = (a, b, c) == (192, 0, 0);
    let relay = (a, b, c) == (192, 88, 99);
    let benchmarking = a == 198 && (b == 18 || b == 19);
    !(a == 0
        || a >= 224
        || carrier_grade
        || protocol_assignments
        || relay
        || benchmarking
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_documentation())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = address.to_ipv4_mapped() {
        return is_public_v4(inner);
    }
    let [a, b, c, d, e, f, g, h] = address.segments();
    // Addresses that carry one of IPv4 inside lead where that one leads.
    if (a, b) == (0x64, 0xff9b) {
        return (c, d, e, f) == (0, 0, 0, 0) && is_public_v4(embedded(g, h));
    }
    if a == 0x2002 {
        return is_public_v4(embedded(b, c));
    }
    let global_unicast = a & 0xe000 == 0x2000;
    // Teredo, ORCHID and other protocol assignments, then documentation.
    let special = (a == 0x2001 && b < 0x200) || (a, b) == (0x2001, 0xdb8) || (a & 0xfff0) == 0x3ff0;
    global_unicast && !special
}

fn embedded(high: u16, low: u16) -> Ipv4Addr {
    let [a, b] = high.to_be_bytes();
    let [c, d] = low.to_be_bytes();
    Ipv4Addr::new(a, b, c, d)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_pass() {
        let guard = Guard::default();
        for text in [
            "http://127.0.0.1/x",
            "http://2130706433/x",
            "http://0x7f.1/x",
            "http://0.0.0.0/",
            "http://10.1.2.3/",
            "http://172.16.0.1/",
            "http://192.168.1.1/",
            "http://169.254.169.254/latest/meta-data",
            "http://100.64.0.1/",
            "http://198.18.0.1/",
            "http://224.0.0.1/",
            "http://255.255.255.255/",
            "https://[::1]/",
            "https://[::]/",
            "https://[fe80::1]/",
            "https://[fc00::1]/",
            "https://[ff02::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[2002:7f00:1::]/",
            "https://[2001:db8::1]/",
        ] {
            assert_eq!(guard.read(text), Err(Forbidden::NotPublic), "{text}");
        }
        for text in [
            "http://93.184.216.34/",
            "https://[2606:2800:220:1::1]/cb?x=1",
        ] {
            assert!(guard.read(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn only_plain_web_addresses_are_read() {
        let guard = Guard::default();
        for text in [
            "",
            "x",
            "ftp://example.com/",
            "file:///etc/passwd",
            "data:,x",
        ] {
            assert_eq!(guard.read(text), Err(Forbidden::NotHttp), "{text}");
        }
        assert_eq!(
            guard.read("https://user:secret@example.com/"),
            Err(Forbidden::WithCredentials)
        );
        assert!(guard.read("https://example.com:8443/hook").is_ok());
    }

    #[test]
    fn a_host_that_the_operator_named_passes() {
        let guard = Guard::allowing("127.0.0.1, hooks.internal,::1");
        assert!(guard.read("http://127.0.0.1:9000/x").is_ok());
        assert!(guard.read("http://[::1]:9000/x").is_ok());
        assert!(guard.read("http://127.0.0.2/x").is_err());
        let inside = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 5));
        assert!(guard.lets_pass("hooks.internal", inside));
        assert!(!guard.lets_pass("evil.example", inside));
    }
}
