//! Programs that call the API with a key.

use serde_json::{Value, json};

use super::client::Client;
use super::personas::Agency;

/// An API key that an agency's owner has just made.
pub struct Program {
    /// Calls with the key; paths are relative to the agency.
    pub client: Client,
    /// The key itself.
    pub key: String,
    /// The answer to its making.
    pub made: Value,
}

impl Program {
    /// Where the key is managed, relative to the agency.
    pub fn path(&self) -> String {
        format!("/api-keys/{}", self.made["id"].as_str().expect("the key's id"))
    }
}

impl Agency {
    /// A program with these scopes; its owner makes the key.
    pub async fn program(&self, scopes: &[&str]) -> Program {
        self.program_with(json!({"name": "Import", "scopes": scopes})).await
    }

    /// A program with such a key.
    pub async fn program_with(&self, key: Value) -> Program {
        let made = self.owner().post("/api-keys", key).await.created();
        let key = made["key"].as_str().expect("the key").to_owned();
        Program { client: self.owner().with_token(&key), key, made }
    }
}
