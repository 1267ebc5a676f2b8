//! A Redis of a test's own, which it may kill.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};

/// How long it may take to start, on a machine that is busy with other tests.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// How long to wait before looking again whether it has started.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// A private Redis that keeps nothing. Reached through a socket in a folder of its own: no port can
/// be taken by somebody else, also between a kill and a restart.
pub struct PrivateRedis {
    folder: TempDir,
    server: Option<Child>,
}

impl PrivateRedis {
    /// Starts one. Where Redis is not installed it says so and returns `None`: the test is skipped.
    #[expect(clippy::print_stderr, reason = "what is not tested is said plainly")]
    pub async fn start() -> Option<Self> {
        if !is_installed().await {
            eprintln!("SKIPPED: redis-server is not installed (apt-get install redis-server)");
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder for Redis");
        let mut redis = Self { folder, server: None };
        redis.restart().await;
        Some(redis)
    }

    /// Its address, the same after a restart.
    pub fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// Kills it: what it knew is gone.
    pub async fn kill(&mut self) {
        let mut server = self.server.take().expect("a running Redis");
        server.kill().await.expect("killing Redis");
    }

    /// Starts it, empty.
    pub async fn restart(&mut self) {
        let server = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--appendonly", "no", "--daemonize", "no"])
            .arg("--dir")
            .arg(self.folder.path())
            .arg("--unixsocket")
            .arg(self.socket())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        self.server = Some(server.expect("Redis starts"));
        let began = Instant::now();
        while !answers(&self.socket()).await {
            assert!(began.elapsed() < START_TIMEOUT, "Redis does not start");
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }
}

async fn is_installed() -> bool {
    let version = Command::new("redis-server").arg("--version").stdout(Stdio::null()).status();
    version.await.is_ok_and(|status| status.success())
}

async fn answers(socket: &Path) -> bool {
    let ask = async {
        let mut stream = UnixStream::connect(socket).await?;
        stream.write_all(b"PING\r\n").await?;
        let mut answer = [0; 7];
        stream.read_exact(&mut answer).await?;
        std::io::Result::Ok(&answer == b"+PONG\r\n")
    };
    ask.await.unwrap_or(false)
}
