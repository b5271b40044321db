//! Which addresses may be connected to. A partner's redirect must not reach what only this machine can.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;
use url::Url;

use crate::model::{PrivateHost, place};

/// An address that is not on the public internet, and was not allowed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{host} is at {address}, which is not a public address")]
pub struct RefusedAddress {
    /// The host that was asked for.
    pub host: String,
    /// Where it is.
    pub address: IpAddr,
}

/// Whether an address is on the public internet (IANA special-purpose registries, RFC 6890).
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0
        || a >= 224
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19))
        || address.is_documentation())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, third, _, fifth, sixth, high, low] = address.segments();
    // What tunnels and translators carry to an IPv4 address is judged by that one.
    match embedded_v4(address) {
        Embedded::No => {}
        Embedded::At(v4) => return is_public_v4(v4),
        Embedded::Malformed => return false,
    }
    !(address.is_loopback()
        || address.is_unspecified()
        || first & 0xff00 == 0xff00
        || first & 0xfe00 == 0xfc00
        || first & 0xffc0 == 0xfe80
        || first & 0xffc0 == 0xfec0
        || (first == 0x2001 && second == 0x0db8)
        || (first == 0x3fff && second & 0xf000 == 0)
        // IETF protocol assignments: Teredo (which hides an IPv4 address), benchmarking, ORCHID. Nobody publishes there.
        || (first == 0x2001 && second & 0xfe00 == 0)
        || first == 0x5f00
        || (first == 0x0064 && second == 0xff9b && third != 0)
        || first == 0x0100
        // A tunnel inside a company (ISATAP, RFC 5214) below any prefix.
        || (matches!(fifth, 0 | 0x0200) && sixth == 0x5efe && !is_public_v4(joined(high, low))))
}

fn joined(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))
}

enum Embedded {
    No,
    At(Ipv4Addr),
    /// Of a form that holds an IPv4 address, and wrong in it.
    Malformed,
}

/// The IPv4 address inside a mapped, compatible, NAT64 (RFC 6052, RFC 8215), or 6to4 (RFC 3056) address.
fn embedded_v4(address: Ipv6Addr) -> Embedded {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let v4 = |high: u16, low: u16| Embedded::At(joined(high, low));
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0xffff) | (0, 0, 0, 0, 0xffff, 0) | (0x64, 0xff9b, 0, 0, 0, 0) => v4(g, h),
        (0, 0, 0, 0, 0, 0) if !(address.is_loopback() || address.is_unspecified()) => v4(g, h),
        // A prefix of 48 bits: the IPv4 address stands around an octet that is zero (RFC 6052 section 2.2).
        (0x64, 0xff9b, 1, high, around, last) if around & 0xff00 == 0 => v4(high, (around << 8) | (last >> 8)),
        (0x64, 0xff9b, 1, ..) => Embedded::Malformed,
        (0x2002, high, low, ..) => v4(high, low),
        _ => Embedded::No,
    }
}

/// Which addresses that are not public may be gone to all the same.
#[derive(Debug, Clone)]
pub(super) struct AddressGuard {
    allowed: Arc<[PrivateHost]>,
}

impl AddressGuard {
    pub(super) fn new(allowed: &[PrivateHost]) -> Self {
        Self { allowed: allowed.into() }
    }

    /// Whether a request that starts at `start` may go to `url` wherever that is. A host that is allowed without a port
    /// is allowed to whatever is configured at it, on that port. One with a port is also allowed to what is itself
    /// configured on an allowed host; never to a partner outside that redirects or refers to it.
    pub(super) fn allows(&self, url: &Url, start: &Url) -> bool {
        let (port, is_start) = (url.port_or_known_default(), is_same_place(url, start));
        self.allowed.iter().filter(|entry| entry.is_host_of(url)).any(|entry| match entry.port() {
            None => is_start,
            Some(allowed) => Some(allowed) == port && (is_start || self.is_inside(start)),
        })
    }

    fn is_inside(&self, start: &Url) -> bool {
        let port = start.port_or_known_default();
        self.allowed.iter().any(|entry| entry.is_host_of(start) && (entry.port().is_none() || entry.port() == port))
    }

    /// Checks an IP literal: those never reach the resolver.
    pub(super) fn check_literal(url: &Url) -> Result<(), RefusedAddress> {
        let address = match url.host() {
            Some(url::Host::Ipv4(v4)) => IpAddr::V4(v4),
            Some(url::Host::Ipv6(v6)) => IpAddr::V6(v6),
            _ => return Ok(()),
        };
        if is_public(address) {
            return Ok(());
        }
        Err(RefusedAddress { host: url.host_str().unwrap_or_default().to_owned(), address })
    }

    /// Checks the name in a URL as far as this machine knows it; one that it cannot resolve is not judged.
    pub(super) async fn check_name(url: &Url) -> Result<(), RefusedAddress> {
        const LONGEST: Duration = Duration::from_secs(3);
        let Some(url::Host::Domain(host)) = url.host() else { return Ok(()) };
        match tokio::time::timeout(LONGEST, tokio::net::lookup_host((host, 0))).await {
            Ok(Ok(found)) => only_public(host, found.collect()).map(|_| ()),
            _ => Ok(()),
        }
    }

    /// Why an address is not gone to, and what to write where it is meant.
    pub(super) fn explain(&self, refused: &RefusedAddress, url: &Url, start: &Url) -> String {
        let (place, address) = (place(url), refused.address);
        let what = match url.host() {
            Some(url::Host::Domain(_)) => format!("{place} is at {address}, which is not a public address"),
            _ => format!("{place} is not a public address"),
        };
        if is_same_place(url, start) {
            let host = url.host_str().unwrap_or_default();
            return format!("{what}; if it is meant, add {host:?} to fetch.allow_private_hosts");
        }
        if self.is_inside(start) {
            return format!(
                "{what} and not where this API is configured; not followed: if it is meant, add {place:?} to fetch.allow_private_hosts"
            );
        }
        format!("{what} and not where this API is configured; not followed")
    }
}

fn is_same_place(a: &Url, b: &Url) -> bool {
    a.host() == b.host() && a.port_or_known_default() == b.port_or_known_default()
}

fn only_public(host: &str, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, RefusedAddress> {
    let first = found.first().copied();
    let public: Vec<SocketAddr> = found.into_iter().filter(|address| is_public(address.ip())).collect();
    match (public.is_empty(), first) {
        (true, Some(address)) => Err(RefusedAddress { host: host.to_owned(), address: address.ip() }),
        _ => Ok(public),
    }
}

/// Resolves names and drops every address that is not public.
#[derive(Debug, Clone, Copy)]
pub(super) struct PublicResolver;

impl Resolve for PublicResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            let addresses: Addrs = Box::new(only_public(&host, found)?.into_iter());
            Ok(addresses)
        })
    }
}

/// Resolves these names only, wherever they are: those of the proxies.
#[derive(Debug, Clone)]
pub(super) struct ProxyResolver(pub(super) Vec<String>);

impl Resolve for ProxyResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let is_known = self.0.iter().any(|known| known.eq_ignore_ascii_case(name.as_str()));
        Box::pin(async move {
            if !is_known {
                return Err(format!("{} is not the host of a proxy", name.as_str()).into());
            }
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_public_internet_is_public() {
        let refused = [
            "127.0.0.1",
            "127.8.8.8",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "198.19.0.1",
            "198.19.255.255",
            "192.0.0.8",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "fec0::1",
            "64:ff9b:1:7f00:0:100::",
            "64:ff9b:1:a9fe:a9:fe00::",
            "64:ff9b:1:808:108:800::",
            "64:ff9b:2::808:808",
            "2001::1",
            "2001:0:808:808:0:0:80ff:fffe",
            "2001:2::1",
            "2001:20::1",
            "3fff::1",
            "fe80::5efe:8.8.8.8",
            "2606:2800:220:1:0:5efe:10.0.0.1",
        ];
        for text in refused {
            assert!(!is_public(text.parse().expect("an address")), "{text}");
        }
        for text in [
            "93.184.216.34",
            "100.63.255.255",
            "100.128.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "8.8.8.8",
            "2606:2800:220:1::1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "64:ff9b:1:808:8:800::",
            "2001:4860::1",
        ] {
            assert!(is_public(text.parse().expect("an address")), "{text}");
        }
    }

    #[test]
    fn of_a_name_with_several_addresses_the_public_ones_are_gone_to() {
        let public = |found: &[&str]| {
            let found = found.iter().map(|text| SocketAddr::new(text.parse().expect("an address"), 0)).collect();
            let kept = only_public("specs.partner.example", found).map_err(|refused| refused.address.to_string());
            kept.map(|kept| kept.iter().map(|address| address.ip().to_string()).collect::<Vec<_>>())
        };
        assert_eq!(public(&["10.0.0.5", "93.184.216.34"]), Ok(vec!["93.184.216.34".to_owned()]));
        assert_eq!(public(&["93.184.216.34", "::1", "2606:2800:220:1::1"]).map(|kept| kept.len()), Ok(2));
        assert_eq!(public(&["10.0.0.5", "169.254.169.254"]), Err("10.0.0.5".to_owned()));
        assert_eq!(public(&[]), Ok(Vec::new()));
    }

    #[test]
    fn literals_in_any_spelling_are_checked() {
        let check = |text: &str| AddressGuard::check_literal(&text.parse().expect("a URL"));
        for text in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::1]/",
        ] {
            assert!(check(text).is_err(), "{text}");
        }
        assert!(check("http://93.184.216.34/").is_ok());
    }

    #[tokio::test]
    async fn names_are_judged_as_far_as_this_machine_knows_them() {
        let url = |text: &str| text.parse::<Url>().expect("a URL");
        assert!(AddressGuard::check_name(&url("http://localhost/")).await.is_err());
        assert!(AddressGuard::check_name(&url("http://specs.partner.invalid/")).await.is_ok());
    }

    #[test]
    fn a_private_host_is_allowed_on_a_port_and_to_whoever_is_configured_there() {
        let url = |text: &str| text.parse::<Url>().expect("a URL");
        let guard = |entries: &[&str]| {
            AddressGuard::new(&entries.iter().map(|text| PrivateHost::parse(text).expect("an entry")).collect::<Vec<_>>())
        };
        let by_host = guard(&["127.0.0.1", "::1", "localhost"]);
        let (here, there) = (url("http://127.0.0.1:8080/openapi.json"), url("http://127.0.0.1:9000/metadata"));
        assert!(by_host.allows(&here, &here));
        assert!(by_host.allows(&url("http://[::1]:80/"), &url("http://[::1]/")));
        assert!(!by_host.allows(&there, &here), "another port of an allowed host");
        assert!(!by_host.allows(&url("http://localhost:8080/"), &here));
        let by_port = guard(&["127.0.0.1:8080", "127.0.0.1:9000"]);
        assert!(by_port.allows(&there, &here) && !by_port.allows(&url("http://127.0.0.1:9001/"), &here));
        assert!(!by_port.allows(&there, &url("https://api.example/")), "never to a partner outside");
        let refused = AddressGuard::check_literal(&there).expect_err("refused");
        assert_eq!(
            by_host.explain(&refused, &there, &here),
            "127.0.0.1:9000 is not a public address and not where this API is configured; not followed: if it is meant, add \"127.0.0.1:9000\" to fetch.allow_private_hosts"
        );
        let named = url("https://specs.partner.example/openapi.json");
        let refused = RefusedAddress { host: "specs.partner.example".to_owned(), address: [10, 0, 0, 5].into() };
        assert_eq!(
            by_host.explain(&refused, &named, &named),
            "specs.partner.example:443 is at 10.0.0.5, which is not a public address; if it is meant, add \"specs.partner.example\" to fetch.allow_private_hosts"
        );
    }
}
