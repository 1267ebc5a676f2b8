//! What the server is compared with: the framework alone, and the same row read by hand.
//!
//! Both answer the very JSON that the server answers for one client. Each runs in a process of its
//! own: this program, started again with one of these words.

use std::cell::Cell;
use std::net::SocketAddr;

use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, HttpServer};
use chrono::{DateTime, Utc};
use entity::{AgencyId, ClientId, UserId};
use serde::{Deserialize, Serialize};
use tokio_postgres::{NoTls, Row, Statement};
use uuid::Uuid;

use crate::options::setting;
use crate::{Failure, Result};

/// The word for the bare handler.
pub const BARE: &str = "bare";
/// The word for the handler by hand.
pub const BY_HAND: &str = "by-hand";
/// Where a reference is to listen.
pub const ADDRESS: &str = "BENCH_ADDRESS";
/// The client that the bare handler answers, as JSON.
pub const CLIENT: &str = "BENCH_CLIENT";
/// The agency whose clients the handler by hand answers.
pub const AGENCY: &str = "BENCH_AGENCY";
/// The database of the handler by hand.
pub const DATABASE: &str = "BENCH_DATABASE";

/// Connections of the handler by hand to Postgres: as many as the server has by default.
const CONNECTIONS: usize = 10;

/// A client as the API shows it.
#[derive(Clone, Serialize, Deserialize)]
struct Client {
    id: ClientId,
    business_name: String,
    email: String,
    phone: Option<String>,
    contact_name: Option<String>,
    address: Option<String>,
    business_number: Option<String>,
    notes: Option<String>,
    status: String,
    created_by: Option<UserId>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// Serves one client from memory.
///
/// # Errors
/// Those of the settings and of the listener.
pub fn serve_bare() -> Result<()> {
    let client: Client = serde_json::from_str(&required(CLIENT)?)?;
    let address: SocketAddr = required(ADDRESS)?.parse()?;
    let server =
        move || App::new().app_data(Data::new(client.clone())).route("/", web::get().to(bare));
    let serve = async { HttpServer::new(server).bind(address)?.run().await };
    Ok(actix_web::rt::System::new().block_on(serve)?)
}

async fn bare(client: Data<Client>) -> HttpResponse {
    HttpResponse::Ok().json(client.as_ref())
}

/// Serves the clients of one agency from Postgres, without authentication and without an ORM.
///
/// # Errors
/// Those of the settings and of the listener.
pub fn serve_by_hand() -> Result<()> {
    let (database, agency) = (required(DATABASE)?, required(AGENCY)?.parse::<AgencyId>()?);
    let address: SocketAddr = required(ADDRESS)?.parse()?;
    let workers = std::thread::available_parallelism()?.get();
    let server = move || {
        let (database, agency) = (database.clone(), agency.uuid());
        App::new()
            .data_factory(move || Clients::connect(database.clone(), agency, CONNECTIONS / workers))
            .route("/clients/{id}", web::get().to(by_hand))
    };
    let serve = async move { HttpServer::new(server).workers(workers).bind(address)?.run().await };
    Ok(actix_web::rt::System::new().block_on(serve)?)
}

async fn by_hand(id: web::Path<ClientId>, clients: Data<Clients>) -> HttpResponse {
    match clients.find(id.into_inner()).await {
        Ok(Some(client)) => HttpResponse::Ok().json(client),
        Ok(None) => HttpResponse::NotFound().finish(),
        Err(error) => HttpResponse::InternalServerError().body(error.to_string()),
    }
}

/// The clients of one agency, over connections that belong to one thread of the HTTP server and
/// take turns. Their statement is prepared once.
struct Clients {
    agency: Uuid,
    connections: Vec<(tokio_postgres::Client, Statement)>,
    next: Cell<usize>,
}

impl Clients {
    async fn connect(url: String, agency: Uuid, count: usize) -> Result<Self> {
        let mut connections = Vec::new();
        for _ in 0..count.max(1) {
            let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
            actix_web::rt::spawn(connection);
            let statement = client
                .prepare(
                    "SELECT id, business_name, email, phone, contact_name, address, \
                     business_number, notes, status, created_by, created_at, updated_at \
                     FROM clients WHERE agency_id = $1 AND id = $2",
                )
                .await?;
            connections.push((client, statement));
        }
        Ok(Self { agency, connections, next: Cell::new(0) })
    }

    async fn find(&self, id: ClientId) -> Result<Option<Client>> {
        let turn = self.next.get();
        self.next.set(turn.wrapping_add(1));
        let connection = self.connections.get(turn % self.connections.len());
        let (client, statement) = connection.ok_or("no connection")?;
        let row = client.query_opt(statement, &[&self.agency, &id.uuid()]).await?;
        row.as_ref().map(Client::from_row).transpose()
    }
}

impl Client {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(Self {
            id: ClientId(row.try_get(0)?),
            business_name: row.try_get(1)?,
            email: row.try_get(2)?,
            phone: row.try_get(3)?,
            contact_name: row.try_get(4)?,
            address: row.try_get(5)?,
            business_number: row.try_get(6)?,
            notes: row.try_get(7)?,
            status: row.try_get(8)?,
            created_by: row.try_get::<_, Option<Uuid>>(9)?.map(UserId),
            created_at: row.try_get(10)?,
            updated_at: row.try_get(11)?,
        })
    }
}

fn required(key: &str) -> Result<String> {
    setting(key).ok_or_else(|| Failure::from(format!("{key} is not set")))
}
