//! The client's address: the peer's, or what a trusted proxy says.
//!
//! Each proxy adds the address it was called from at the end of a header. That header is read from
//! its end: as long as the address before is that of a trusted proxy, its word on the next one
//! counts. The first that is not one is the client; what stands further left it may have made up.
//! Which of the two headers the proxies write is a setting: the other one is the client's own.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use actix_web::http::header::HeaderMap;
use ipnet::IpNet;

use crate::config::ProxyHeader;

/// Most hops that are read: more than any chain of proxies has.
const HOPS_MAX: usize = 32;

/// The address a request comes from.
pub(super) fn client_address(
    peer: Option<IpAddr>,
    headers: &HeaderMap,
    header: ProxyHeader,
    trusted: &[IpNet],
) -> Option<IpAddr> {
    let mut client = peer?.to_canonical();
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    if !is_trusted(client) {
        return Some(client);
    }
    for hop in hops(headers, header) {
        // A proxy that does not say (`unknown`, `_hidden`) leaves its own address.
        let Some(address) = hop else { break };
        client = address;
        if !is_trusted(client) {
            break;
        }
    }
    Some(client)
}

/// The hops that the header names, the nearest first; `None` for one that is not an address.
fn hops(headers: &HeaderMap, header: ProxyHeader) -> Vec<Option<IpAddr>> {
    let values: Vec<&str> =
        headers.get_all(header.name()).map(|value| value.to_str().unwrap_or_default()).collect();
    let parts = values.iter().rev().flat_map(|value| value.rsplit(','));
    let read = |part: &str| match header {
        ProxyHeader::XForwardedFor => node(part),
        ProxyHeader::Forwarded => forwarded_for(part).and_then(node),
    };
    parts.take(HOPS_MAX).map(read).collect()
}

/// The `for` of one element of a `Forwarded` header (RFC 7239 §4).
fn forwarded_for(element: &str) -> Option<&str> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| value.trim().trim_matches('"'))
    })
}

/// An address with or without port and brackets (RFC 7239 §6, and what proxies write into
/// `X-Forwarded-For`).
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let address = match bare {
        Some(bare) => bare.parse::<Ipv6Addr>().ok().map(IpAddr::from),
        None => text
            .parse::<IpAddr>()
            .ok()
            .or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip())),
    };
    address.map(|address| address.to_canonical())
}

/// What an address is counted as: of IPv6 the network of 64 bits, which one customer has whole.
pub(super) fn limit_key(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        None => "unknown".to_owned(),
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => {
            let network = address.to_bits() & !u128::from(u64::MAX);
            format!("{}/64", Ipv6Addr::from_bits(network))
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn found(peer: &str, header: ProxyHeader, values: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(
                HeaderName::from_static(header.name()),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        let trusted: Vec<IpNet> = trusted
            .iter()
            .map(|text| text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).unwrap())
            .collect();
        client_address(Some(ip(peer)), &headers, header, &trusted).unwrap().to_string()
    }

    const X: ProxyHeader = ProxyHeader::XForwardedFor;
    const F: ProxyHeader = ProxyHeader::Forwarded;

    #[test]
    fn a_stranger_s_word_is_ignored() {
        assert_eq!(found("203.0.113.9", X, &["10.0.0.1"], &[]), "203.0.113.9");
        assert_eq!(found("203.0.113.9", X, &["1.1.1.1"], &["10.0.0.0/8"]), "203.0.113.9");
        assert_eq!(found("203.0.113.9", F, &["for=1.1.1.1"], &["10.0.0.0/8"]), "203.0.113.9");
    }

    #[test]
    fn the_last_hop_that_is_no_proxy_is_the_client() {
        let chain = "1.1.1.1, 203.0.113.9, 10.0.0.2";
        assert_eq!(found("10.0.0.1", X, &[chain], &["10.0.0.1", "10.0.0.2"]), "203.0.113.9");
        assert_eq!(found("10.0.0.1", X, &[chain], &["10.0.0.0/24"]), "203.0.113.9");
        // Several lines are one list (RFC 9110 §5.3).
        let lines = ["1.1.1.1, 203.0.113.9", "10.0.0.2"];
        assert_eq!(found("10.0.0.1", X, &lines, &["10.0.0.0/24"]), "203.0.113.9");
        // A chain of proxies alone: the farthest of them.
        assert_eq!(found("10.0.0.1", X, &["10.0.0.3,10.0.0.2"], &["10.0.0.0/24"]), "10.0.0.3");
        assert_eq!(found("10.0.0.1", X, &[], &["10.0.0.0/24"]), "10.0.0.1");
    }

    #[test]
    fn only_the_header_that_the_proxies_write_is_read() {
        let mut headers = HeaderMap::new();
        headers
            .insert(HeaderName::from_static("forwarded"), HeaderValue::from_static("for=1.1.1.1"));
        let trusted = ["10.0.0.0/8".parse().unwrap()];

        let found = client_address(Some(ip("10.0.0.1")), &headers, X, &trusted);

        assert_eq!(found, Some(ip("10.0.0.1")));
    }

    #[test]
    fn ports_brackets_and_quotes_are_understood() {
        let trusted = ["10.0.0.0/8", "fd00::/8"];
        for (value, expected) in [
            ("203.0.113.9:4711", "203.0.113.9"),
            ("[2001:db8::9]:4711", "2001:db8::9"),
            ("[2001:db8::9]", "2001:db8::9"),
            ("2001:db8::9", "2001:db8::9"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("[::ffff:203.0.113.9]:80", "203.0.113.9"),
        ] {
            assert_eq!(found("10.0.0.1", X, &[value], &trusted), expected, "{value}");
        }
        for (value, expected) in [
            ("for=203.0.113.9;proto=https;by=10.0.0.1", "203.0.113.9"),
            ("proto=https; For=\"203.0.113.9:80\"", "203.0.113.9"),
            ("for=1.1.1.1, for=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("for=203.0.113.9, for=\"[fd00::2]\"", "203.0.113.9"),
        ] {
            assert_eq!(found("10.0.0.1", F, &[value], &trusted), expected, "{value}");
        }
    }

    #[test]
    fn a_hop_that_is_no_address_ends_the_chain_at_the_proxy_that_named_it() {
        let trusted = ["10.0.0.0/8"];
        for value in ["203.0.113.9, unknown", "203.0.113.9, ", "203.0.113.9, 1.2.3", "x"] {
            assert_eq!(found("10.0.0.1", X, &[value], &trusted), "10.0.0.1", "{value}");
        }
        for value in ["for=203.0.113.9, for=_hidden", "for=203.0.113.9, proto=https", "for=unknown"]
        {
            assert_eq!(found("10.0.0.1", F, &[value], &trusted), "10.0.0.1", "{value}");
        }
    }

    #[test]
    fn a_proxy_that_is_reached_over_ipv6_is_the_same_proxy() {
        let found = found("::ffff:10.0.0.1", X, &["203.0.113.9"], &["10.0.0.0/8"]);

        assert_eq!(found, "203.0.113.9");
    }

    #[test]
    fn an_ipv6_network_is_counted_as_one() {
        let key = |text: &str| limit_key(Some(ip(text)));

        assert_eq!(key("2001:db8:1:2::1"), "2001:db8:1:2::/64");
        assert_eq!(key("2001:db8:1:2:ffff::9"), key("2001:db8:1:2::1"));
        assert_ne!(key("2001:db8:1:3::1"), key("2001:db8:1:2::1"));
        assert_eq!(key("::ffff:203.0.113.9"), "203.0.113.9");
        assert_eq!(limit_key(None), "unknown");
    }

    proptest! {
        #[test]
        fn whatever_a_client_writes_stands_to_the_left_and_changes_nothing(
            made_up in "[ -~]{0,80}",
        ) {
            let lines = [made_up.as_str(), "203.0.113.9"];
            prop_assert_eq!(found("10.0.0.1", X, &lines, &["10.0.0.0/8"]), "203.0.113.9");
            let joined = format!("{made_up},203.0.113.9");
            prop_assert_eq!(found("10.0.0.1", X, &[&joined], &["10.0.0.0/8"]), "203.0.113.9");
        }
    }
}
