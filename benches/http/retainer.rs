//! The binary `retainer` as it is deployed: optimised, with its default settings and its logs, but
//! for the limits of requests, which would end every measurement.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::process::Command;

use crate::Result;
use crate::process::{Memory, Process, free_address};
use crate::report::{median, progress};
use crate::seed::Seed;

/// Where the binary is; cargo builds it for the benchmark.
pub const BINARY: &str = env!("CARGO_BIN_EXE_retainer");

/// Starts on a database that is there, for the median.
const STARTS: usize = 5;
/// How often the mails are counted while they are delivered.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// How long the jobs of one turn may take.
const PATIENCE: Duration = Duration::from_secs(300);

const RATE_LIMITS: &str = "authenticated=1000000/1,email_sending=1000000/1,operations=1000000/1,\
     health=1000000/1,sign_in=1000000/1,magic_link=1000000/1";

/// A server on one of the databases.
pub struct Retainer {
    /// Which database.
    pub engine: &'static str,
    process: Process,
    folder: TempDir,
    /// What it holds.
    pub seed: Seed,
    /// From start to ready, the schema made on the way.
    pub first_start: Duration,
    /// From start to ready on a database that is there, median.
    pub start_to_ready: Duration,
    /// Its memory before the first request.
    pub idle: Memory,
    /// Mails delivered before any invitation.
    mails_before: u64,
    /// Jobs done per second once nothing else ran, one entry a turn.
    pub job_rates: Vec<f64>,
}

impl Retainer {
    /// Starts a server several times, and fills it. Without an address of a database it makes one
    /// in its folder.
    ///
    /// # Errors
    /// Those of the server.
    pub async fn start(engine: &'static str, database_url: Option<&str>) -> Result<Self> {
        progress(&format!("{engine}: starting the server"));
        let folder = tempfile::tempdir()?;
        let mut process = start(folder.path(), database_url).await?;
        let first_start = process.start_to_ready;
        let mut starts = Vec::new();
        for _ in 0..STARTS {
            process.stop().await?;
            process = start(folder.path(), database_url).await?;
            starts.push(process.start_to_ready.as_secs_f64());
        }
        let idle = process.memory_at_rest().await;
        progress(&format!("{engine}: filling the database"));
        let seed = Seed::plant(process.address, &folder.path().join("data")).await?;
        let start_to_ready = Duration::from_secs_f64(median(&starts));
        let mut server = Self {
            engine,
            process,
            folder,
            seed,
            first_start,
            start_to_ready,
            idle,
            mails_before: 0,
            job_rates: Vec::new(),
        };
        server.mails_before = server.mails();
        Ok(server)
    }

    /// Where it answers.
    pub fn address(&self) -> SocketAddr {
        self.process.address
    }

    /// Its memory now.
    pub fn memory(&self) -> Memory {
        self.process.memory()
    }

    /// Waits until the mails of so many invitations have been delivered, so that the jobs of one
    /// turn are not in the way of the next.
    ///
    /// # Errors
    /// When that takes far too long.
    pub async fn finish_jobs(&mut self, invitations: u64) -> Result<()> {
        let (begun, before) = (Instant::now(), self.mails());
        let expected = self.mails_before + invitations;
        while self.mails() < expected {
            if begun.elapsed() > PATIENCE {
                return Err(format!("{}: the jobs do not end", self.engine).into());
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        let jobs = u32::try_from(expected.saturating_sub(before))?;
        if jobs > 0 {
            self.job_rates.push(f64::from(jobs) / begun.elapsed().as_secs_f64());
        }
        Ok(())
    }

    /// Ends it.
    ///
    /// # Errors
    /// When it does not.
    pub async fn stop(self) -> Result<()> {
        self.process.stop().await
    }

    /// How many mails have been delivered.
    fn mails(&self) -> u64 {
        let mails = std::fs::read_dir(self.folder.path().join("data/mail")).into_iter().flatten();
        let is_mail = |path: &Path| path.extension().is_some_and(|extension| extension == "eml");
        mails.flatten().filter(|entry| is_mail(&entry.path())).map(|_| 1).sum()
    }
}

async fn start(folder: &Path, database_url: Option<&str>) -> Result<Process> {
    let address = free_address()?;
    let mut command = Command::new(BINARY);
    command
        .arg("serve")
        .current_dir(folder)
        .env_clear()
        .env("BIND", address.ip().to_string())
        .env("PORT", address.port().to_string())
        .env("DATA_DIR", folder.join("data"))
        .env("LOG_FORMAT", "json")
        .env("RATE_LIMITS", RATE_LIMITS);
    if let Some(url) = database_url {
        command.env("DATABASE_URL", url);
    }
    Process::start(command, address, "/health/ready", &folder.join("log")).await
}
