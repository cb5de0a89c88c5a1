//! May a message go there? Addresses are resolved once, checked, and then used as they are.
//!
//! Without this, whoever may name a receiver, or run its DNS, could make resonanz call services
//! inside the network (server-side request forgery). The check is part of the resolver that the
//! HTTP client connects with: there is no second look-up that could answer otherwise.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::config::Reach;

/// Why a webhook may not go there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GuardError {
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

/// The system's resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(Box::new(found.collect::<Vec<_>>().into_iter()) as Addrs)
        })
    }
}

/// A resolver that gives only addresses that may be called.
#[derive(Clone)]
pub(super) struct Guard {
    /// Who is asked.
    pub(super) resolver: Arc<dyn Resolve>,
    /// Which addresses are allowed.
    pub(super) reach: Reach,
}

impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guard").field("reach", &self.reach).finish_non_exhaustive()
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (host, reach) = (name.as_str().to_owned(), self.reach);
        let asked = self.resolver.resolve(name);
        Box::pin(async move {
            let unresolved = |why: String| GuardError::Resolve { host: host.clone(), why };
            let found: Vec<_> =
                asked.await.map_err(|error| unresolved(error.to_string()))?.collect();
            if found.is_empty() {
                return Err(unresolved("the name is known, but has none".to_owned()).into());
            }
            for address in &found {
                check(&host, address.ip(), reach)?;
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Checks an address that stands in the URL itself: no resolver is asked for it.
pub(super) fn check_literal(url: &Url, reach: Reach) -> Result<(), GuardError> {
    let host = url.host_str().unwrap_or_default();
    match host.trim_start_matches('[').trim_end_matches(']').parse() {
        Ok(address) => check(host, address, reach),
        Err(_) => Ok(()),
    }
}

/// Checks one address.
pub(super) fn check(host: &str, address: IpAddr, reach: Reach) -> Result<(), GuardError> {
    if reach == Reach::Internal || is_public(address) {
        return Ok(());
    }
    Err(GuardError::Private { host: host.to_owned(), address })
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
        // The former relays of 6to4.
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19));
    // Alibaba's metadata service is inside 100.64.0.0/10; Azure's is a public address of its own.
    !special && address != Ipv4Addr::new(168, 63, 129, 16)
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
        // Protocol assignments: Teredo, benchmarking, ORCHID; and documentation.
        (0x2001, 0..0x200 | 0xdb8, ..) | (0x3fff, 0..0x1000, ..) => false,
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
            "100.100.100.200",
            "168.63.129.16",
            "192.168.1.1",
            "192.88.99.1",
            "172.16.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.0.8",
            "203.0.113.1",
            "224.0.0.1",
            "::1",
            "::",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:c0a8:101::",
            "2001:0:c000:201::1",
            "2001:2::1",
            "2001:20::1",
            "2001:db8::1",
            "3fff::1",
            "5f00::1",
            "100::1",
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
        for url in
            ["https://127.0.0.1/", "https://[::1]/", "https://0x7f000001/", "https://2130706433/"]
        {
            let url: Url = url.parse().expect(url);
            assert!(
                matches!(check_literal(&url, Reach::Public), Err(GuardError::Private { .. })),
                "{url}"
            );
            assert!(check_literal(&url, Reach::Internal).is_ok(), "{url}");
        }
        for (reach, allowed) in [(Reach::Public, false), (Reach::Internal, true)] {
            let guard = Guard { resolver: Arc::new(SystemResolver), reach };
            let name = "localhost".parse().expect("a name");
            assert_eq!(guard.resolve(name).await.is_ok(), allowed);
        }
    }
}
