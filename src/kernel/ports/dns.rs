//! Asking the domain name system what a domain says of itself.

use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use hickory_resolver::TokioResolver;
use hickory_resolver::proto::rr::RData;

/// How long one question may take in all.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Why there is no answer. That a name has no such record is an answer.
#[derive(Debug, thiserror::Error)]
#[error("the domain name system did not answer: {0}")]
pub struct DnsError(pub String);

/// Reads records of the domain name system.
#[async_trait]
pub trait Dns: Send + Sync {
    /// The texts of a name (`TXT` records, RFC 1035 §3.3.14), the strings of each record joined;
    /// none when the name has none or does not exist.
    ///
    /// # Errors
    /// [`DnsError`] when nobody could tell.
    async fn texts(&self, name: &str) -> Result<Vec<String>, DnsError>;
}

/// Asks the resolvers that the system names (`/etc/resolv.conf`).
#[derive(Default)]
pub struct SystemDns {
    resolver: OnceLock<TokioResolver>,
}

impl SystemDns {
    fn resolver(&self) -> Result<&TokioResolver, DnsError> {
        if let Some(resolver) = self.resolver.get() {
            return Ok(resolver);
        }
        let built = TokioResolver::builder_tokio().and_then(|builder| builder.build());
        let built = built.map_err(|error| DnsError(error.to_string()))?;
        Ok(self.resolver.get_or_init(|| built))
    }
}

#[async_trait]
impl Dns for SystemDns {
    async fn texts(&self, name: &str) -> Result<Vec<String>, DnsError> {
        // With the dot at its end the name is whole: no search domain is added to it.
        let lookup = self.resolver()?.txt_lookup(format!("{name}."));
        let found = tokio::time::timeout(TIMEOUT, lookup).await;
        match found.map_err(|_| DnsError("no answer in time".to_owned()))? {
            Ok(found) => {
                let texts = found.answers().iter().filter_map(|record| match &record.data {
                    RData::TXT(text) => Some(text.to_string()),
                    _ => None,
                });
                Ok(texts.collect())
            }
            Err(error) if error.is_no_records_found() => Ok(Vec::new()),
            Err(error) => Err(DnsError(error.to_string())),
        }
    }
}
