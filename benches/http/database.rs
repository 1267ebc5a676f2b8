//! A Postgres database for one run.

use tokio_postgres::{Client, NoTls};

use crate::Result;

/// A database of its own, on a server that is there already.
pub struct Database {
    server: Client,
    name: String,
    /// Where it is.
    pub url: String,
    /// What the server is, and whether its commits survive the loss of power.
    pub description: String,
}

impl Database {
    /// Makes an empty database on the server of `url`.
    ///
    /// # Errors
    /// Those of the server; the role needs CREATEDB.
    pub async fn create(url: &str) -> Result<Self> {
        let server = connect(url).await?;
        let name = format!("retainer_bench_{}", std::process::id());
        server.batch_execute(&format!("CREATE DATABASE {name}")).await?;
        let query = "SELECT format('Postgres %s with fsync %s, synchronous_commit %s', \
             split_part(current_setting('server_version'), ' ', 1), \
             current_setting('fsync'), current_setting('synchronous_commit'))";
        let description = server.query_one(query, &[]).await?.try_get(0)?;
        Ok(Self { server, url: beside(url, &name), name, description })
    }

    /// Removes it, whoever is still connected.
    ///
    /// # Errors
    /// Those of the server.
    pub async fn remove(self) -> Result<()> {
        self.server.batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await?;
        Ok(())
    }
}

/// A connection, served by a task of the current runtime.
///
/// # Errors
/// Those of the server.
async fn connect(url: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    #[expect(clippy::disallowed_methods, reason = "the benchmark has no background of the server")]
    tokio::spawn(connection);
    Ok(client)
}

/// The address of another database of the same server.
fn beside(url: &str, name: &str) -> String {
    let (place, parameters) = url.split_once('?').unwrap_or((url, ""));
    let server = match place.split_once("://").and_then(|(_, rest)| rest.split_once('/')) {
        Some((_, database)) => place.strip_suffix(database).unwrap_or(place),
        None => place,
    };
    let mark = if parameters.is_empty() { "" } else { "?" };
    format!("{}/{name}{mark}{parameters}", server.trim_end_matches('/'))
}
