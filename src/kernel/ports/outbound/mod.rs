//! Calls to other people's servers over HTTP: identity providers and whatever agencies name.
//!
//! Every call has a time limit for the whole of it, a bounded answer, a place in a bulkhead, a
//! circuit breaker for its host and a share of a retry budget (design §6). Redirects are never
//! followed and no proxy is taken from the environment, so that a call goes where it was sent and
//! nowhere else.
//!
//! An address that an agency has named ([`Reach::Public`]) leads to public addresses only, and over
//! TLS only: the name is resolved here and what it resolves to is checked before a connection is
//! opened, so that a name that points into this server's own network, now or later, leads nowhere
//! (server-side request forgery, OWASP A10).

mod hosts;
mod public;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use moka::future::Cache;
use tokio::sync::Semaphore;

use self::hosts::Hosts;
pub use self::public::{check_public, is_public};
use crate::ports::clock::Clock;

/// How long a connection may take to open.
const CONNECT: Duration = Duration::from_secs(2);

/// Calls that may run at once in this process.
const AT_ONCE: usize = 64;

/// Largest answer.
const ANSWER_MAX: usize = 1024 * 1024;

/// Documents that are remembered.
const DOCUMENTS: u64 = 2000;

/// How often a call that only reads is tried.
const ATTEMPTS: u32 = 2;

/// The wait before a call is tried again.
const BACKOFF: Duration = Duration::from_millis(100);

/// A retry costs so much of the budget, to which each call adds one: one call in ten may be
/// repeated, so that retries never double the load on who is struggling.
const RETRY_COST: u32 = 10;

/// The most that is saved up for retries.
const BUDGET_MAX: u32 = 100;

/// Who has named an address, and hence where it may lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reach {
    /// The operator, in the configuration: anywhere.
    Any,
    /// An agency: to public addresses, over TLS.
    Public,
}

/// Why a call brought no answer.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// The address may not be called.
    #[error("this address may not be called: {0}")]
    Forbidden(&'static str),
    /// The host has failed too often lately.
    #[error("the host has failed repeatedly and is left alone for a while")]
    Suspended,
    /// The time was over, or no place became free in it.
    #[error("no answer in time")]
    TimedOut,
    /// The connection failed.
    #[error("the call failed")]
    Transport(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The answer was longer than is read.
    #[error("the answer is too long")]
    TooLong,
    /// The answer was not a success where only that will do.
    #[error("answered with status {0}")]
    Status(u16),
}

/// A document that was read from somewhere else.
#[derive(Debug)]
pub struct Document {
    /// Its bytes.
    pub body: Vec<u8>,
    /// When it was read.
    pub read_at: DateTime<Utc>,
}

/// Makes the calls. Opens its connections with the first.
pub struct Outbound {
    clock: Arc<dyn Clock>,
    private_allowed: bool,
    any: OnceLock<reqwest::Client>,
    public: OnceLock<reqwest::Client>,
    hosts: Hosts,
    places: Semaphore,
    budget: Mutex<u32>,
    documents: Cache<(Reach, String), Arc<Document>>,
}

impl Outbound {
    /// Calls nobody yet. `private_allowed` lifts what [`Reach::Public`] forbids, for servers whose
    /// agencies use an issuer in the same network.
    pub fn new(clock: Arc<dyn Clock>, private_allowed: bool) -> Self {
        Self {
            hosts: Hosts::new(clock.clone()),
            clock,
            private_allowed,
            any: OnceLock::new(),
            public: OnceLock::new(),
            places: Semaphore::new(AT_ONCE),
            budget: Mutex::new(BUDGET_MAX),
            documents: Cache::new(DOCUMENTS),
        }
    }

    /// Whether an address may be called at all, as far as can be told without asking the name
    /// service. What it resolves to is checked at each call.
    ///
    /// # Errors
    /// [`OutboundError::Forbidden`] saying why not.
    pub fn check(&self, reach: Reach, url: &str) -> Result<(), OutboundError> {
        match reach {
            Reach::Public if !self.private_allowed => check_public(url),
            _ => public::check_form(url, &["https", "http"]).map(|_| ()),
        }
    }

    /// Makes one call and returns the answer, whatever its status. One that only reads is repeated
    /// once after a failure of the connection or of the other server.
    ///
    /// # Errors
    /// [`OutboundError`]; never [`OutboundError::Status`].
    pub async fn send(
        &self,
        reach: Reach,
        timeout: Duration,
        request: http::Request<Vec<u8>>,
    ) -> Result<http::Response<Vec<u8>>, OutboundError> {
        let url = request.uri().to_string();
        self.check(reach, &url)?;
        let deadline = tokio::time::Instant::now() + timeout;
        let place = tokio::time::timeout_at(deadline, self.places.acquire());
        let _place = place.await.ok().and_then(Result::ok).ok_or(OutboundError::TimedOut)?;
        let attempts = if request.method() == http::Method::GET { ATTEMPTS } else { 1 };
        self.earn();
        let mut attempt = 1;
        loop {
            let outcome = self.once(reach, deadline, request.clone()).await;
            let failed = match &outcome {
                Ok(answer) => answer.status().is_server_error(),
                Err(error) => matches!(error, OutboundError::Transport(_)),
            };
            if !failed || attempt >= attempts || !self.spend() {
                return outcome;
            }
            attempt += 1;
            tokio::time::sleep(BACKOFF).await;
        }
    }

    /// One attempt, whose outcome the breaker of the host hears.
    async fn once(
        &self,
        reach: Reach,
        deadline: tokio::time::Instant,
        request: http::Request<Vec<u8>>,
    ) -> Result<http::Response<Vec<u8>>, OutboundError> {
        let authority = request.uri().authority().map_or("", |authority| authority.as_str());
        let breaker = self.hosts.breaker(&format!("{reach:?} {authority}"));
        let permit = breaker.admit().map_err(|_| OutboundError::Suspended)?;
        let outcome = tokio::time::timeout_at(deadline, self.attempt(reach, request)).await;
        let outcome = outcome.unwrap_or(Err(OutboundError::TimedOut));
        match &outcome {
            Ok(answer) if answer.status().is_server_error() => permit.failed(),
            Ok(_) | Err(OutboundError::TooLong | OutboundError::Forbidden(_)) => permit.answered(),
            Err(_) => permit.failed(),
        }
        outcome
    }

    async fn attempt(
        &self,
        reach: Reach,
        request: http::Request<Vec<u8>>,
    ) -> Result<http::Response<Vec<u8>>, OutboundError> {
        // Without the address, which may say more than a log should hold.
        let transport =
            |error: reqwest::Error| OutboundError::Transport(Box::new(error.without_url()));
        let request = reqwest::Request::try_from(request).map_err(transport)?;
        let mut response = self.client(reach)?.execute(request).await.map_err(transport)?;
        let mut answer = http::Response::new(Vec::new());
        *answer.status_mut() = response.status();
        *answer.headers_mut() = response.headers().clone();
        while let Some(chunk) = response.chunk().await.map_err(transport)? {
            if answer.body().len().saturating_add(chunk.len()) > ANSWER_MAX {
                return Err(OutboundError::TooLong);
            }
            answer.body_mut().extend_from_slice(&chunk);
        }
        Ok(answer)
    }

    /// A document that changes rarely, read anew when the one that is remembered is not newer than
    /// `since`. Of parallel readers one reads it.
    ///
    /// # Errors
    /// [`OutboundError`]; a status that is no success is one.
    pub async fn document(
        &self,
        reach: Reach,
        timeout: Duration,
        url: &str,
        since: DateTime<Utc>,
    ) -> Result<Arc<Document>, Arc<OutboundError>> {
        let key = (reach, url.to_owned());
        if let Some(document) = self.documents.get(&key).await {
            if document.read_at > since {
                return Ok(document);
            }
            self.documents.invalidate(&key).await;
        }
        let read = async {
            let request = http::Request::get(url)
                .header(http::header::ACCEPT, "application/json")
                .body(Vec::new())
                .map_err(|_| OutboundError::Forbidden("is not a web address"))?;
            let answer = self.send(reach, timeout, request).await?;
            if !answer.status().is_success() {
                return Err(OutboundError::Status(answer.status().as_u16()));
            }
            let document = Document { body: answer.into_body(), read_at: self.clock.now() };
            Ok(Arc::new(document))
        };
        self.documents.try_get_with(key, read).await
    }

    fn client(&self, reach: Reach) -> Result<&reqwest::Client, OutboundError> {
        let guarded = reach == Reach::Public && !self.private_allowed;
        let slot = if guarded { &self.public } else { &self.any };
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT)
            .user_agent(concat!("retainer/", env!("CARGO_PKG_VERSION")));
        let builder = if guarded {
            builder.https_only(true).dns_resolver(Arc::new(public::PublicOnly))
        } else {
            builder
        };
        let client = builder.build().map_err(|error| OutboundError::Transport(Box::new(error)))?;
        // Whoever came first is taken; the other has opened nothing yet.
        Ok(slot.get_or_init(|| client))
    }

    fn earn(&self) {
        let mut budget = self.budget.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *budget = budget.saturating_add(1).min(BUDGET_MAX);
    }

    fn spend(&self) -> bool {
        let mut budget = self.budget.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match budget.checked_sub(RETRY_COST) {
            Some(left) => {
                *budget = left;
                true
            }
            None => false,
        }
    }
}
