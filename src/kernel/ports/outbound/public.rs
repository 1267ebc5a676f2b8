//! Which addresses are public (IANA special-purpose registries, RFC 6890).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::OutboundError;

/// Reads an address and checks its form: one of the schemes, a host, no credentials, no fragment.
pub(super) fn check_form(url: &str, schemes: &[&str]) -> Result<Url, OutboundError> {
    let forbidden = OutboundError::Forbidden;
    let url = Url::parse(url).map_err(|_| forbidden("it is not a web address"))?;
    if !schemes.contains(&url.scheme()) {
        return Err(forbidden("it must start with https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(forbidden("it must not hold credentials"));
    }
    if url.fragment().is_some() {
        return Err(forbidden("it must not have a fragment"));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(forbidden("it has no host"));
    }
    Ok(url)
}

/// Whether an address is one of the public internet, as far as its text says.
///
/// # Errors
/// [`OutboundError::Forbidden`] saying why not.
pub fn check_public(url: &str) -> Result<(), OutboundError> {
    let url = check_form(url, &["https"])?;
    let host = url.host_str().unwrap_or_default();
    let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let fine = match literal {
        Ok(ip) => is_public(ip),
        Err(_) => {
            let host = host.trim_end_matches('.').to_ascii_lowercase();
            let local = ["localhost", "local", "internal", "home.arpa"];
            host.contains('.')
                && !local.iter().any(|end| host == *end || host.ends_with(&format!(".{end}")))
        }
    };
    if fine { Ok(()) } else { Err(OutboundError::Forbidden("it is not on the public internet")) }
}

/// Whether an address belongs to the public internet and to one host.
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127 | 224..=255, _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 168, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    )
}

/// Of what is assigned (2000::/3), neither what carries another address inside (6to4, Teredo) nor
/// what is for documentation.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    let special =
        matches!((a, b), (0x2001, 0..=0x01ff | 0x0db8) | (0x2002, _) | (0x3fff, 0..=0x0fff));
    (0x2000..=0x3fff).contains(&a) && !special
}

/// Resolves names to public addresses only.
pub(super) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((host.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|found| is_public(found.ip())).collect();
            if public.is_empty() {
                return Err(OutboundError::Forbidden("it is not on the public internet").into());
            }
            let addresses: Addrs = Box::new(public.into_iter());
            Ok(addresses)
        })
    }
}
