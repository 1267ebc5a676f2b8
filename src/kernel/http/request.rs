//! What is known of a request before anything is believed of it.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use actix_web::dev::ServiceRequest;
use actix_web::http::header;

use crate::state::App;
use crate::store::Origin;

/// Longest user agent that is kept.
const USER_AGENT_MAX: usize = 400;

/// What is known of a request.
#[derive(Clone, Debug, Default)]
pub struct RequestInfo {
    /// Names the request in logs and problem documents.
    pub request_id: String,
    /// The client's address: the peer, or what a trusted proxy says.
    pub ip: Option<IpAddr>,
    /// The client's program, cut to 400 characters.
    pub user_agent: Option<String>,
    /// Whether only the headers of the answer are wanted (`HEAD`).
    pub headers_only: bool,
    /// The record of the request's idempotency key, once it has one.
    pub(crate) idempotency: Arc<OnceLock<String>>,
}

impl RequestInfo {
    pub(super) fn read(app: &App, request: &ServiceRequest) -> Self {
        let peer = request.peer_addr().map(|address| address.ip());
        let given = header_text(request, &header::HeaderName::from_static("x-request-id"))
            .filter(|id| (8..=64).contains(&id.len()))
            .filter(|id| id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
        let request_id = given
            .map_or_else(|| app.new_id::<uuid::Uuid>().simple().to_string(), ToOwned::to_owned);
        let user_agent = header_text(request, &header::USER_AGENT)
            .map(|text| text.chars().take(USER_AGENT_MAX).collect());
        let trusted = &app.config().trusted_proxies;
        let forwarded = request
            .headers()
            .get_all("x-forwarded-for")
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(|part| part.trim().parse::<IpAddr>().ok())
            .collect::<Vec<_>>();
        Self {
            request_id,
            ip: client_address(peer, &forwarded, trusted),
            user_agent,
            headers_only: request.method() == actix_web::http::Method::HEAD,
            idempotency: Arc::default(),
        }
    }

    /// A request that never was: for a command that acts as a visitor.
    pub fn of_visitor(ip: IpAddr, user_agent: &str) -> Self {
        Self { ip: Some(ip), user_agent: Some(user_agent.to_owned()), ..Self::default() }
    }

    /// For the activity log.
    pub fn origin(&self, source: &'static str) -> Origin {
        Origin {
            user_id: None,
            source,
            request_id: Some(self.request_id.clone()).filter(|id| !id.is_empty()),
            ip: self.ip.map(|ip| ip.to_string()),
            user_agent: self.user_agent.clone(),
            idempotency_key: self.idempotency.get().cloned(),
        }
    }

    /// The client's address as a key for limits; `unknown` where there is none.
    pub fn ip_key(&self) -> String {
        self.ip.map_or_else(|| "unknown".to_owned(), |ip| ip.to_string())
    }
}

fn header_text<'r>(request: &'r ServiceRequest, name: &header::HeaderName) -> Option<&'r str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}

/// Walks the chain of proxies from the nearest: the first address that is not a trusted proxy is
/// the client. Whatever stands further left may have been made up by the client.
fn client_address(
    peer: Option<IpAddr>,
    forwarded: &[Option<IpAddr>],
    trusted: &[IpAddr],
) -> Option<IpAddr> {
    let mut client = peer?;
    for hop in forwarded.iter().rev() {
        if !trusted.contains(&client) {
            break;
        }
        match hop {
            Some(address) => client = *address,
            None => break,
        }
    }
    Some(client)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_stranger_s_forwarded_header_is_ignored() {
        let found = client_address(Some(ip("203.0.113.9")), &[Some(ip("10.0.0.1"))], &[]);

        assert_eq!(found, Some(ip("203.0.113.9")));
    }

    #[test]
    fn the_last_untrusted_hop_is_the_client() {
        let chain = [Some(ip("1.1.1.1")), Some(ip("203.0.113.9")), Some(ip("10.0.0.2"))];
        let found = client_address(Some(ip("10.0.0.1")), &chain, &[ip("10.0.0.1"), ip("10.0.0.2")]);

        assert_eq!(found, Some(ip("203.0.113.9")));
    }
}
