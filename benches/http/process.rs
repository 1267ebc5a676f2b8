//! A server as a process of its own, looked at from outside.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};

use crate::Result;
use crate::http::{Connection, request};

/// How long a server may take to start, and to stop.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a starting server is asked whether it is ready.
const ASK_AGAIN: Duration = Duration::from_millis(2);
/// How long a started server is left alone before its idle memory is looked at.
const REST: Duration = Duration::from_secs(2);

/// A running server.
pub struct Process {
    child: Child,
    /// Where it answers.
    pub address: SocketAddr,
    /// From its start to its first good answer.
    pub start_to_ready: Duration,
}

/// What a process holds of the memory, in KiB.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Now (`VmRSS`).
    pub resident: u64,
    /// At most so far (`VmHWM`).
    pub peak: u64,
}

/// An address of this machine where nobody listens.
pub fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

impl Process {
    /// Starts a server that will listen on `address`, and waits until `path` is answered with 200.
    /// What it prints goes to the file `log`.
    ///
    /// # Errors
    /// With the end of the log, when it ends or does not answer in time.
    pub async fn start(
        mut command: Command,
        address: SocketAddr,
        path: &str,
        log: &Path,
    ) -> Result<Self> {
        let output = std::fs::File::create(log)?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output).kill_on_drop(true);
        let started = Instant::now();
        let mut child = command.spawn()?;
        let question = request("GET", path, None, None);
        loop {
            if answers(address, &question).await {
                let start_to_ready = started.elapsed();
                return Ok(Self { child, address, start_to_ready });
            }
            if child.try_wait()?.is_some() || started.elapsed() > PATIENCE {
                let log = std::fs::read_to_string(log).unwrap_or_default();
                return Err(format!("a server did not start; it said:\n{log}").into());
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }

    /// What it holds of the memory once it has come to rest.
    pub async fn memory_at_rest(&self) -> Memory {
        tokio::time::sleep(REST).await;
        self.memory()
    }

    /// What it holds of the memory. 0 where the system does not tell (it does on Linux).
    pub fn memory(&self) -> Memory {
        let status = self.child.id().map(|pid| format!("/proc/{pid}/status"));
        let status = status.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.split_whitespace().next());
            number.and_then(|number| number.parse().ok()).unwrap_or(0)
        };
        Memory { resident: field("VmRSS:"), peak: field("VmHWM:") }
    }

    /// Asks it to end, and waits until it has.
    ///
    /// # Errors
    /// When it does not end in time.
    pub async fn stop(mut self) -> Result<()> {
        if let Some(pid) = self.child.id() {
            Command::new("kill").args(["-s", "TERM", &pid.to_string()]).status().await?;
        }
        tokio::time::timeout(PATIENCE, self.child.wait()).await??;
        Ok(())
    }
}

/// Whether a server answers a request with 200.
async fn answers(address: SocketAddr, question: &[u8]) -> bool {
    let Ok(mut connection) = Connection::open(address).await else { return false };
    let answer = connection.send(question).await;
    answer.is_ok_and(|answer| answer.status == 200)
}
