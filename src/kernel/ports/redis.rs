//! Redis: what replicas share that may be lost at any time.
//!
//! One multiplexed connection for each process, opened when it is first needed and again after it
//! broke. Every call ends within `REDIS_TIMEOUT` (a quarter of a second) and goes through a circuit breaker, so that a Redis
//! that is away costs a handful of requests that long and the others nothing. Nothing
//! here is the only copy of anything: who calls has another way when there is no answer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use super::breaker::Breaker;
use super::clock::Clock;
use crate::error::{Error, Result};

/// Redis has not answered; the reason is in the log.
#[derive(Debug, thiserror::Error)]
#[error("Redis does not answer")]
pub struct Away;

/// A connection to Redis.
pub struct Redis {
    client: Client,
    timeout: Duration,
    breaker: Breaker,
    live: RwLock<Option<Live>>,
    /// Held by whoever connects; the others wait for what comes of it.
    connecting: Mutex<()>,
}

/// A connection and which it is, so that a late failure of an old one does not end a new one.
#[derive(Clone)]
struct Live {
    number: u64,
    connection: MultiplexedConnection,
}

impl Redis {
    /// Reads the address; does not connect. A call may take `timeout`, connecting included.
    ///
    /// # Errors
    /// [`Error::Internal`] for an address that is none.
    pub fn new(url: &SecretString, timeout: Duration, clock: Arc<dyn Clock>) -> Result<Self> {
        // The cause could repeat the address with its password.
        let client = Client::open(url.expose_secret())
            .map_err(|_| Error::internal("REDIS_URL is not the address of a Redis"))?;
        Ok(Self {
            client,
            timeout,
            breaker: Breaker::new("redis", clock),
            live: RwLock::new(None),
            connecting: Mutex::new(()),
        })
    }

    /// Makes one call.
    ///
    /// # Errors
    /// [`Away`] when it fails, takes too long, or is not tried because the calls
    /// before it have failed.
    pub async fn call<T>(
        &self,
        work: impl AsyncFnOnce(&mut MultiplexedConnection) -> Result<T, RedisError>,
    ) -> Result<T, Away> {
        let permit = self.breaker.admit().map_err(|_| Away)?;
        let mut used = None;
        let attempt = async {
            let mut live = self.connection().await?;
            used = Some(live.number);
            work(&mut live.connection).await
        };
        match tokio::time::timeout(self.timeout, attempt).await {
            Ok(Ok(value)) => {
                permit.answered();
                Ok(value)
            }
            Ok(Err(error)) => {
                self.let_go(used);
                // The kind alone: a server's message may repeat what it was sent.
                tracing::debug!(kind = ?error.kind(), "a call to Redis has failed");
                permit.failed();
                Err(Away)
            }
            Err(_) => {
                self.let_go(used);
                tracing::debug!("Redis has not answered in time");
                permit.failed();
                Err(Away)
            }
        }
    }

    /// Asks whether Redis answers, past the circuit breaker.
    ///
    /// # Errors
    /// [`Away`] when it does not.
    pub async fn ping(&self) -> Result<(), Away> {
        let attempt = async {
            let mut live = self.connection().await?;
            redis::cmd("PING").query_async::<String>(&mut live.connection).await
        };
        match tokio::time::timeout(self.timeout, attempt).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(Away),
        }
    }

    async fn connection(&self) -> Result<Live, RedisError> {
        if let Some(live) = self.live() {
            return Ok(live);
        }
        let _connecting = self.connecting.lock().await;
        if let Some(live) = self.live() {
            return Ok(live);
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.timeout))
            .set_response_timeout(Some(self.timeout));
        let connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        let mut slot = self.live.write().unwrap_or_else(PoisonError::into_inner);
        let live = Live { number: NEXT.fetch_add(1, Ordering::Relaxed), connection };
        *slot = Some(live.clone());
        Ok(live)
    }

    fn live(&self) -> Option<Live> {
        self.live.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A connection on which something failed is not used again: what is wrong with it cannot be
    /// seen from here, and another one is cheap.
    fn let_go(&self, number: Option<u64>) {
        let mut slot = self.live.write().unwrap_or_else(PoisonError::into_inner);
        if slot.as_ref().map(|live| live.number) == number {
            *slot = None;
        }
    }
}

/// Numbers connections.
static NEXT: AtomicU64 = AtomicU64::new(0);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::clock::MovableClock;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test]
    async fn a_redis_that_is_not_there_is_soon_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("unix://{}", folder.path().join("nobody").display());
        let redis = Redis::new(&url.into(), SECOND, Arc::new(MovableClock::default())).unwrap();

        for _ in 0..crate::ports::breaker::THRESHOLD {
            assert!(redis.breaker.admit().is_ok());
            assert!(redis.call(async |_| Ok(())).await.is_err());
        }

        assert!(redis.breaker.admit().is_err());
    }

    #[test]
    fn a_wrong_address_is_not_repeated() {
        let clock = Arc::new(MovableClock::default());

        let url = "http://user:hunter2@redis".to_owned().into();
        let error = Redis::new(&url, SECOND, clock).err().unwrap();

        assert!(!format!("{error:?}").contains("hunter2"));
    }
}
