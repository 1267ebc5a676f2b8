//! What a server holds before it is measured, made through its API.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::Result;
use crate::http::{Connection, request};

/// Clients of the agency that is read.
const CLIENTS: usize = 1000;
/// How often the folder of mails is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// How often at most.
const LOOKS: usize = 500;

const EMAIL: &str = "owner@bench.example";

/// A person who is signed in, with two agencies: one is read, one is written to, so that what is
/// read stays the same.
pub struct Seed {
    address: SocketAddr,
    refresh_token: String,
    /// For `Authorization`; valid for 15 minutes.
    pub access_token: String,
    /// The id of the agency that is read.
    pub agency: String,
    /// One of its clients, as the API shows it.
    pub client: String,
    /// The path of that client.
    pub client_path: String,
    /// The path of the list of clients.
    pub list_path: String,
    /// The path of the agency that is written to.
    pub written_path: String,
}

impl Seed {
    /// Fills a server; `data` is its folder.
    ///
    /// # Errors
    /// Those of the server.
    pub async fn plant(address: SocketAddr, data: &Path) -> Result<Self> {
        let mut seed = Self {
            address,
            refresh_token: String::new(),
            access_token: String::new(),
            agency: String::new(),
            client: String::new(),
            client_path: String::new(),
            list_path: "/api/v1/agencies/read/clients?limit=50".to_owned(),
            written_path: "/api/v1/agencies/written".to_owned(),
        };
        let mut connection = Connection::open(address).await?;
        seed.sign_in(&mut connection, data).await?;
        for slug in ["read", "written"] {
            let agency = json!({"name": slug, "slug": slug});
            let made = seed.post(&mut connection, "/api/v1/agencies", &agency).await?;
            if slug == "read" {
                seed.agency = text(&made, "id")?;
            }
        }
        for number in 0..CLIENTS {
            let client = client("client", number);
            let path = "/api/v1/agencies/read/clients";
            let made = seed.post(&mut connection, path, &client).await?;
            if number == CLIENTS / 2 {
                seed.client_path = format!("{path}/{}", text(&made, "id")?);
            }
        }
        let read = request("GET", &seed.client_path, Some(&seed.access_token), None);
        seed.client = String::from_utf8(connection.send(&read).await?.body.to_vec())?;
        Ok(seed)
    }

    /// Gets a new access token, for as long again.
    ///
    /// # Errors
    /// Those of the server.
    pub async fn renew(&mut self) -> Result<()> {
        let mut connection = Connection::open(self.address).await?;
        let body = json!({"refresh_token": self.refresh_token});
        let tokens = self.post(&mut connection, "/api/v1/auth/refresh", &body).await?;
        self.keep(&tokens)
    }

    async fn sign_in(&mut self, connection: &mut Connection, data: &Path) -> Result<()> {
        self.post(connection, "/api/v1/auth/magic-link", &json!({"email": EMAIL})).await?;
        let body = json!({"token": mailed_token(&data.join("mail")).await?});
        let tokens = self.post(connection, "/api/v1/auth/magic-link/verify", &body).await?;
        self.keep(&tokens)
    }

    fn keep(&mut self, tokens: &Value) -> Result<()> {
        self.access_token = text(tokens, "access_token")?;
        self.refresh_token = text(tokens, "refresh_token")?;
        Ok(())
    }

    async fn post(&self, connection: &mut Connection, path: &str, body: &Value) -> Result<Value> {
        let token = Some(self.access_token.as_str()).filter(|token| !token.is_empty());
        let answer = connection.send(&request("POST", path, token, Some(body))).await?;
        let content = String::from_utf8_lossy(answer.body);
        if !(200..300).contains(&answer.status) {
            return Err(format!("POST {path} was answered {}: {content}", answer.status).into());
        }
        Ok(serde_json::from_str(&content)?)
    }
}

/// A new client; no other has its address.
pub fn client(prefix: &str, number: impl std::fmt::Display) -> Value {
    json!({
        "business_name": format!("Riverbend Plumbing {number}"),
        "email": format!("{prefix}-{number}@riverbend.example"),
        "phone": "+61 2 5550 1234",
        "contact_name": "Ada Nguyen",
        "address": "12 Quay Street\nSydney NSW 2000",
        "business_number": "51 824 753 556",
    })
}

/// The token of the sign-in link in a folder of mails.
async fn mailed_token(folder: &Path) -> Result<String> {
    for _ in 0..LOOKS {
        let mails = std::fs::read_dir(folder).into_iter().flatten().flatten();
        for path in mails.map(|entry| entry.path()) {
            if path.extension().is_some_and(|extension| extension == "json") {
                let mail: Value = serde_json::from_slice(&std::fs::read(&path)?)?;
                let text = text(&mail, "text")?;
                let rest = text.split_once("/auth/magic-link?token=").map(|(_, rest)| rest);
                let token = rest.and_then(|rest| rest.split_whitespace().next());
                return Ok(token.ok_or("a mail without a link")?.to_owned());
            }
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Err("the sign-in link was not mailed".into())
}

fn text(value: &Value, member: &str) -> Result<String> {
    let text = value.get(member).and_then(Value::as_str);
    Ok(text.ok_or_else(|| format!("an answer without `{member}`: {value}"))?.to_owned())
}
