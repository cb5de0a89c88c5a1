//! May a webhook go there? Addresses are resolved once, checked, and then used as they are.
//!
//! Without this, whoever may name a receiver, or run its DNS, could make resonanz call services
//! inside the network (server-side request forgery).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;

use crate::config::Reach;

/// Why a webhook may not go there.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// Not a web address.
    #[error("{0} is no web address with a host")]
    Url(String),
    /// No address behind the name.
    #[error("{host} has no address: {why}")]
    Resolve {
        /// The name.
        host: String,
        /// Why.
        why: String,
    },
    /// An address inside the network.
    #[error(
        "{host} leads to {address}, which is not public; mark the receiver as internal if that is meant"
    )]
    Private {
        /// The name.
        host: String,
        /// The address.
        address: IpAddr,
    },
}

/// Resolves the host of `url` and checks every address behind it.
pub(super) async fn resolve(url: &Url, reach: Reach) -> Result<Vec<SocketAddr>, GuardError> {
    let bad = || GuardError::Url(url.as_str().to_owned());
    let host = url.host_str().ok_or_else(bad)?.trim_start_matches('[').trim_end_matches(']');
    let port = url.port_or_known_default().ok_or_else(bad)?;
    let unresolved = |why: String| GuardError::Resolve { host: host.to_owned(), why };
    let found = tokio::net::lookup_host((host, port))
        .await
        .map_err(|error| unresolved(error.to_string()))?;
    let addresses: Vec<SocketAddr> = found.collect();
    if addresses.is_empty() {
        return Err(unresolved("the name is known, but has none".to_owned()));
    }
    match addresses.iter().find(|address| reach == Reach::Public && !is_public(address.ip())) {
        Some(address) => Err(GuardError::Private { host: host.to_owned(), address: address.ip() }),
        None => Ok(addresses),
    }
}

/// Whether an address belongs to the public internet (IANA special-purpose registries).
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19));
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let embedded = |high: u16, low: u16| {
        let ([h1, h2], [l1, l2]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(h1, h2, l1, l2))
    };
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0xffff | 0) => f == 0xffff && embedded(g, h),
        (0x64, 0xff9b, 0, 0, 0, 0) => embedded(g, h),
        (0x2002, ..) => embedded(b, c),
        (0x2001, 0 | 0xdb8, ..) => false,
        // Global unicast is 2000::/3; everything else is local, multicast or reserved.
        _ => a & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_ranges_are_not_public() {
        let private = [
            "10.1.2.3",
            "127.0.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.168.1.1",
            "172.16.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.0.8",
            "224.0.0.1",
            "::1",
            "::",
            "fc00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "ff02::1",
            "::127.0.0.1",
        ];
        for address in private {
            assert!(!is_public(address.parse().expect(address)), "{address}");
        }
        for address in ["1.1.1.1", "93.184.215.14", "2606:4700::1111", "::ffff:1.1.1.1"] {
            assert!(is_public(address.parse().expect(address)), "{address}");
        }
    }

    #[tokio::test]
    async fn a_public_receiver_may_not_lead_inside() {
        for url in [
            "https://localhost/hook",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://0x7f000001/",
        ] {
            let url: Url = url.parse().expect(url);
            assert!(
                matches!(resolve(&url, Reach::Public).await, Err(GuardError::Private { .. })),
                "{url}"
            );
            assert!(resolve(&url, Reach::Internal).await.is_ok(), "{url}");
        }
    }
}
