//! The server's background work, and its orderly end.

use entity::job::Lane;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::state::App;

/// Background tasks that are told to stop and waited for.
pub struct Background {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Background {
    /// Starts the workers of all lanes and the relay.
    pub fn start(app: &App) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for lane in Lane::ALL {
            tasks.spawn(crate::jobs::work(app.clone(), *lane, stopped.clone()));
        }
        tasks.spawn(crate::events::relay(app.clone(), stopped.clone()));
        tasks.spawn(crate::upkeep::run(app.clone(), stopped));
        Self { stop, tasks }
    }

    /// Adds a task that watches for the stop itself.
    pub fn add<F>(&mut self, task: impl FnOnce(watch::Receiver<bool>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.tasks.spawn(task(self.stop.subscribe()));
    }

    /// Tells every task to stop and waits until each has finished what it was doing.
    pub async fn stop(mut self) {
        // An error would mean that every task is gone already.
        let _ = self.stop.send(true);
        while self.tasks.join_next().await.is_some() {}
    }
}
