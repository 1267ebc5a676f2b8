//! The server under test, in a thread and a runtime of its own.
//!
//! Connections to the database live in the runtime that opened them. Everything that touches the
//! database therefore runs over there, also what a test asks for directly: see
//! [`Server::on_server`].

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Mutex;
use std::thread::JoinHandle;

use entity::job::{self, JobState};
use kernel::App;
use kernel::config::Config;
use kernel::http::operation::OperationTable;
use kernel::state::Ports;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tempfile::TempDir;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::database::Database;

/// A running server.
pub struct Server {
    app: App,
    address: SocketAddr,
    runtime: Handle,
    ending: Mutex<Option<Ending>>,
}

/// How to end it.
struct Ending {
    /// Asks it to end, and whether to look for forgotten jobs.
    ask: oneshot::Sender<bool>,
    /// Returns the names of forgotten jobs.
    thread: JoinHandle<Vec<String>>,
}

/// What a server is made of.
pub struct Parts {
    /// Its configuration.
    pub config: Config,
    /// What it reaches the outside with.
    pub ports: Ports,
    /// The rules of its operations.
    pub operations: OperationTable,
}

/// What the server's thread hands out when it is ready.
struct Ready {
    app: App,
    address: SocketAddr,
    runtime: Handle,
}

impl Server {
    /// Starts a server. The folder goes with it, and the database unless it is `kept`.
    pub async fn start(parts: Parts, database: Database, folder: TempDir, kept: bool) -> Self {
        let (ready, is_ready) = oneshot::channel();
        let (ask, asked) = oneshot::channel();
        let thread = std::thread::Builder::new().name("server".to_owned());
        let thread = thread.spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.expect("a runtime for the server");
            let left = runtime.block_on(run(parts, ready, asked));
            if !kept {
                runtime.block_on(database.remove());
            }
            drop(folder);
            left
        });
        let ending = Ending { ask, thread: thread.expect("a thread for the server") };
        let Ready { app, address, runtime } = is_ready.await.expect("the server starts");
        Self { app, address, runtime, ending: Mutex::new(Some(ending)) }
    }

    /// The server's shared parts.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Runs something where the database's connections live.
    pub async fn on_server<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> T {
        self.runtime.spawn(work).await.expect("work on the server")
    }

    /// Ends the server; returns the jobs that were due and have not run, if asked for.
    pub fn end(&self, look_for_jobs: bool) -> Vec<String> {
        let Some(Ending { ask, thread }) = self.ending.lock().unwrap().take() else {
            return Vec::new();
        };
        // It has ended already when nobody listens; joining tells why.
        let _ = ask.send(look_for_jobs);
        thread.join().expect("the server ends well")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end(false);
    }
}

async fn run(
    parts: Parts,
    ready: oneshot::Sender<Ready>,
    asked: oneshot::Receiver<bool>,
) -> Vec<String> {
    let Parts { mut config, ports, operations } = parts;
    let listener = retainer::app::bind(&mut config).expect("a port");
    let address = listener.local_addr().expect("its address");
    let app = retainer::app::start_with(config, ports, operations)
        .await
        .expect("the parts of the server");
    let server = retainer::app::listen(&app, listener).expect("the server");
    let handle = server.handle();
    let _ = ready.send(Ready { app: app.clone(), address, runtime: Handle::current() });
    let mut server = pin!(server);
    let look_for_jobs = tokio::select! {
        ended = &mut server => panic!("the server ended by itself: {ended:?}"),
        asked = asked => asked.unwrap_or(false),
    };
    let left = if look_for_jobs { due_jobs(&app).await } else { Vec::new() };
    app.bus().close();
    let ((), ended) = tokio::join!(handle.stop(false), server);
    ended.expect("the server ends");
    // Connections opened by the server's threads are gone with them.
    let _ = app.store().close().await;
    left
}

async fn due_jobs(app: &App) -> Vec<String> {
    let query = job::Entity::find()
        .filter(job::Column::State.eq(JobState::Ready))
        .filter(job::Column::RunAt.lte(app.clock().now()));
    let platform = app.store().platform("jobs that a test forgot");
    let due = platform.all(query).await.expect("the queue");
    due.into_iter().map(|job| job.name).collect()
}
