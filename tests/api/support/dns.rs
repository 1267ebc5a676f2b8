//! A domain name system that says what a test says.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use kernel::ports::dns::{Dns, DnsError};

/// Its records; the clones share them.
#[derive(Clone, Default)]
pub struct FakeDns {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    texts: BTreeMap<String, Vec<String>>,
    is_down: bool,
}

impl FakeDns {
    /// Adds a TXT record.
    pub fn add(&self, name: &str, text: &str) {
        let mut state = self.state.lock().unwrap();
        state.texts.entry(name.to_owned()).or_default().push(text.to_owned());
    }

    /// Removes all records of a name.
    pub fn remove(&self, name: &str) {
        self.state.lock().unwrap().texts.remove(name);
    }

    /// Stops answering, or begins to again.
    pub fn set_down(&self, is_down: bool) {
        self.state.lock().unwrap().is_down = is_down;
    }
}

#[async_trait]
impl Dns for FakeDns {
    async fn texts(&self, name: &str) -> Result<Vec<String>, DnsError> {
        let state = self.state.lock().unwrap();
        if state.is_down {
            return Err(DnsError("down".to_owned()));
        }
        Ok(state.texts.get(name).cloned().unwrap_or_default())
    }
}
