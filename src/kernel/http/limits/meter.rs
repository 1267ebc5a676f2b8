//! What one request is counted by, and when.
//!
//! Where nobody has to be known, everything is counted before anything else happens. Where somebody
//! must be, the request is first held against what is known to be full, then authenticated, and then
//! counted once for address and caller together: one round trip in either case. What fails on the
//! way to the handler counts all the same, and a token or key that is none counts as a guess: an
//! address that guesses too much is refused before its next token is looked at.

use entity::agency::Tier;

use super::{Charge, LimitClass, LimitKey, Limiter, Refused, Standing};
use crate::config::Quota;
use crate::error::{Error, Result};
use crate::http::RequestInfo;
use crate::http::operation::{Access, Operation};

/// Who a request turned out to come from, as far as it is known.
#[derive(Default)]
pub(crate) struct Who {
    /// The person, or the API key where one is used.
    pub(crate) person: Option<String>,
    /// The API key.
    pub(crate) api_key: Option<String>,
    /// Requests a minute that are allowed to this key, where that is less than to every key.
    pub(crate) api_key_requests: Option<u32>,
    /// The agency, for whoever may do in it what was asked for.
    pub(crate) agency: Option<String>,
    /// Its tier.
    pub(crate) tier: Option<Tier>,
    /// Whether there was a token or a key at all.
    pub(crate) has_credentials: bool,
}

/// Counts one request.
pub(crate) struct Meter<'a> {
    limiter: &'a Limiter,
    address: String,
    /// How the tightest of the budgets stands that the request was counted in.
    pub(crate) standing: Option<Standing>,
}

impl<'a> Meter<'a> {
    /// A request that has not been counted.
    pub(crate) fn new(limiter: &'a Limiter, info: &RequestInfo) -> Self {
        Self { limiter, address: info.limit_key(), standing: None }
    }

    /// Counts a request by its address alone.
    ///
    /// # Errors
    /// [`Error::RateLimited`] when the address has used up its budget.
    pub(crate) async fn by_address(&mut self, class: LimitClass) -> Result<()> {
        let charges = self.of_address(class);
        self.charge(&charges).await
    }

    /// Before anybody is known. `token` is the public link in the path.
    ///
    /// # Errors
    /// [`Error::RateLimited`] when a budget is used up.
    pub(crate) async fn before(
        &mut self,
        operation: &Operation,
        token: Option<&str>,
    ) -> Result<()> {
        if is_open(operation) {
            let charges = self.limiter.charges(operation.class, None, |key| match key {
                LimitKey::Address => Some(self.address.clone()),
                LimitKey::Token => token.map(ToOwned::to_owned),
                LimitKey::Provider => Some(operation.path.to_owned()),
                LimitKey::Person | LimitKey::ApiKey | LimitKey::Agency | LimitKey::Recipient => {
                    None
                }
            });
            return self.charge(&charges).await;
        }
        let classes = [LimitClass::Credentials, LimitClass::ApiKey, operation.class];
        let charges: Vec<Charge> =
            classes.iter().flat_map(|class| self.of_address(*class)).collect();
        self.limiter.peek(&charges).map_err(|refused| self.refused(refused))
    }

    /// After it is known, or not, who calls.
    ///
    /// # Errors
    /// [`Error::RateLimited`] when a budget is used up.
    pub(crate) async fn after(
        &mut self,
        operation: &Operation,
        who: &Who,
        failure: Option<&Error>,
    ) -> Result<()> {
        let is_open = is_open(operation);
        // A key has a budget of its own, and leaves that of its person alone.
        let mut classes = match &who.api_key {
            Some(_) if operation.class == LimitClass::Authenticated => vec![LimitClass::ApiKey],
            Some(_) => vec![LimitClass::ApiKey, operation.class],
            None => vec![operation.class],
        };
        if who.has_credentials && failure.is_some_and(is_refused_credential) {
            classes.push(LimitClass::Credentials);
        }
        let key = |key| match key {
            LimitKey::Address => (!is_open).then(|| self.address.clone()),
            LimitKey::Provider => (!is_open).then(|| operation.path.to_owned()),
            LimitKey::Person => who.person.clone(),
            LimitKey::ApiKey => who.api_key.clone(),
            LimitKey::Agency => who.agency.clone(),
            LimitKey::Token | LimitKey::Recipient => None,
        };
        let mut charges: Vec<Charge> =
            classes.iter().flat_map(|class| self.limiter.charges(*class, who.tier, key)).collect();
        if let (Some(key), Some(requests)) = (&who.api_key, who.api_key_requests) {
            let quota = Quota { requests, seconds: 60 };
            charges.push(Charge::own(LimitClass::ApiKey, LimitKey::ApiKey, key, quota));
        }
        self.charge(&charges).await
    }

    fn of_address(&self, class: LimitClass) -> Vec<Charge> {
        self.limiter
            .charges(class, None, |key| (key == LimitKey::Address).then(|| self.address.clone()))
    }

    async fn charge(&mut self, charges: &[Charge]) -> Result<()> {
        match self.limiter.charge(charges).await {
            Ok(standing) => {
                self.standing = Standing::tighter(self.standing, standing);
                Ok(())
            }
            Err(refused) => Err(self.refused(refused)),
        }
    }

    fn refused(&mut self, refused: Refused) -> Error {
        self.standing = Some(refused.0);
        refused.into()
    }
}

/// Whether nobody has to be known.
fn is_open(operation: &Operation) -> bool {
    matches!(operation.access, Access::Public | Access::Link(_))
}

/// Credentials that nobody ever had, unlike those that have expired.
fn is_refused_credential(error: &Error) -> bool {
    matches!(error, Error::Unauthenticated { code: "unauthenticated", .. })
}
