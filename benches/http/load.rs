//! The load: so many connections, each asking again as soon as it is answered (a closed loop).

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::Result;
use crate::http::Connection;

/// Makes the bytes of the n-th request.
pub type Requests = Arc<dyn Fn(u64) -> Vec<u8> + Send + Sync>;

/// What is asked, and where.
#[derive(Clone)]
pub struct Target {
    /// The server.
    pub address: SocketAddr,
    /// What to send.
    pub requests: Requests,
    /// Numbers the requests, over all turns.
    pub sent: Arc<AtomicU64>,
}

/// One turn of a case.
#[derive(Default)]
pub struct Turn {
    /// Answered requests per second.
    pub rate: f64,
    /// How long each of them took.
    pub latencies: Vec<Duration>,
}

/// Asks a server for `length`, after a warm-up that is not counted.
///
/// # Errors
/// Those of the network; and any answer but success, since a refused request measures nothing.
pub async fn run(
    target: &Target,
    connections: u32,
    warm_up: Duration,
    length: Duration,
) -> Result<Turn> {
    let begin = Instant::now() + warm_up;
    let end = begin + length;
    let mut tasks = JoinSet::new();
    for _ in 0..connections {
        tasks.spawn(ask_until(target.clone(), begin, end));
    }
    let mut turn = Turn::default();
    while let Some(latencies) = tasks.join_next().await {
        turn.latencies.extend(latencies??);
    }
    let answered = u32::try_from(turn.latencies.len())?;
    turn.rate = f64::from(answered) / length.as_secs_f64();
    Ok(turn)
}

/// One connection's part. Counted is what is answered between `begin` and `end`.
async fn ask_until(target: Target, begin: Instant, end: Instant) -> Result<Vec<Duration>> {
    let mut connection = Connection::open(target.address).await?;
    let mut latencies = Vec::new();
    loop {
        let request = (target.requests)(target.sent.fetch_add(1, Ordering::Relaxed));
        let asked = Instant::now();
        let answer = connection.send(&request).await?;
        let answered = Instant::now();
        if !(200..300).contains(&answer.status) {
            let body = String::from_utf8_lossy(answer.body);
            return Err(format!("a request was answered {}: {body}", answer.status).into());
        }
        if answered >= end {
            return Ok(latencies);
        }
        if answered >= begin {
            latencies.push(answered - asked);
        }
    }
}
