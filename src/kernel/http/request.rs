//! What is known of a request before anything is believed of it.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use actix_web::dev::ServiceRequest;
use actix_web::http::header;

use super::address::{client_address, limit_key};
use super::cookies;
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
    /// The agency that the browser's cookie names; not yet checked.
    pub current_agency: Option<entity::AgencyId>,
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
        let config = app.config();
        let (header, trusted) = (config.proxy_header, &config.trusted_proxies);
        Self {
            request_id,
            ip: client_address(peer, request.headers(), header, trusted),
            user_agent,
            headers_only: request.method() == actix_web::http::Method::HEAD,
            current_agency: cookies::value(request.request(), cookies::CURRENT_AGENCY)
                .and_then(|id| id.parse().ok()),
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
            api_key_id: None,
            impersonation: None,
            source,
            request_id: Some(self.request_id.clone()).filter(|id| !id.is_empty()),
            ip: self.ip.map(|ip| ip.to_string()),
            user_agent: self.user_agent.clone(),
            idempotency_key: self.idempotency.get().cloned(),
        }
    }

    /// What the client's address is counted as: a whole IPv6 network of 64 bits is one client;
    /// `unknown` where there is none.
    pub fn limit_key(&self) -> String {
        limit_key(self.ip)
    }

    /// The client's address as a key; `unknown` where there is none.
    pub fn ip_key(&self) -> String {
        self.ip.map_or_else(|| "unknown".to_owned(), |ip| ip.to_string())
    }
}

fn header_text<'r>(request: &'r ServiceRequest, name: &header::HeaderName) -> Option<&'r str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}
