//! Whose address a request comes from: the connection's, or the one that a trusted proxy passes on.

use std::net::IpAddr;
use std::str::FromStr;

use actix_web::HttpRequest;

/// The proxies whose word is taken, as networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<Network>);

/// An address, or a network in CIDR notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    bits: u8,
}

/// The setting cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no address and no network like 10.0.0.0/8")]
pub struct NoNetwork(String);

impl FromStr for TrustedProxies {
    type Err = NoNetwork;

    /// Addresses and networks, separated by commas.
    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let parts = text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        parts.map(network).collect::<Result<_, _>>().map(Self)
    }
}

impl TrustedProxies {
    fn include(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.includes(address))
    }

    /// The address of whoever asked; none where the connection has none.
    pub fn client(&self, request: &HttpRequest) -> Option<IpAddr> {
        let peer = request.peer_addr()?.ip().to_canonical();
        let passed_on = request.headers().get_all("x-forwarded-for");
        let lines: Vec<&str> = passed_on.filter_map(|line| line.to_str().ok()).collect();
        Some(self.asker(peer, &lines.join(",")))
    }

    /// From the connection on backwards, past every proxy that is trusted: what stands before the last of them
    /// anybody may have written.
    fn asker(&self, peer: IpAddr, passed_on: &str) -> IpAddr {
        let mut address = peer;
        for part in passed_on.rsplit(',') {
            if !self.include(address) {
                break;
            }
            let Ok(before) = part.trim().parse::<IpAddr>() else {
                break;
            };
            address = before.to_canonical();
        }
        address
    }
}

impl Network {
    fn includes(self, address: IpAddr) -> bool {
        let (one, other, width) = match (self.address, address) {
            (IpAddr::V4(one), IpAddr::V4(other)) => {
                (u128::from(one.to_bits()), u128::from(other.to_bits()), 32)
            }
            (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits(), other.to_bits(), 128),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return false,
        };
        let beyond = width - u32::from(self.bits);
        (one ^ other).checked_shr(beyond).unwrap_or(0) == 0
    }
}

fn network(text: &str) -> Result<Network, NoNetwork> {
    let wrong = || NoNetwork(text.to_owned());
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().map_err(|_| wrong())?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.map_or(Ok(most), str::parse).map_err(|_| wrong())?;
    if bits > most {
        return Err(wrong());
    }
    Ok(Network { address, bits })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asker(trusted: &str, peer: &str, passed_on: &str) -> String {
        let trusted: TrustedProxies = trusted.parse().unwrap();
        let peer = peer.parse().unwrap();
        trusted.asker(peer, passed_on).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        assert_eq!(asker("", "10.0.0.1", "1.2.3.4"), "10.0.0.1");
        assert_eq!(asker("10.0.0.0/8", "10.0.0.1", "1.2.3.4"), "1.2.3.4");
        assert_eq!(asker("10.0.0.0/8", "10.0.0.1", ""), "10.0.0.1");
        assert_eq!(asker("10.0.0.0/8", "11.0.0.1", "1.2.3.4"), "11.0.0.1");
        // What a client wrote itself stands to the left of what the proxy saw.
        let forged = "9.9.9.9, 1.2.3.4, 10.2.2.2";
        assert_eq!(asker("10.0.0.0/8", "10.0.0.1", forged), "1.2.3.4");
        assert_eq!(asker("10.0.0.0/8", "10.0.0.1", "nonsense"), "10.0.0.1");
        assert_eq!(asker("::1,0.0.0.0/0", "::1", "2001:db8::1"), "2001:db8::1");
    }

    #[test]
    fn a_setting_that_makes_no_sense_is_refused() {
        for text in ["10.0.0.0/33", "proxy", "10.0.0.0/", "::/129", "10.0.0.0/-1"] {
            assert!(text.parse::<TrustedProxies>().is_err(), "{text}");
        }
        assert_eq!("".parse(), Ok(TrustedProxies::default()));
    }
}
