//! Which statements run, for tests of the work that a request does.

/// Where the texts of statements are noted while a test wants them. An optimised build notes
/// nothing, and has nowhere to.
#[derive(Clone, Debug, Default)]
pub(super) struct Statements {
    #[cfg(debug_assertions)]
    noted: std::sync::Arc<std::sync::Mutex<Option<Vec<String>>>>,
}

impl Statements {
    /// Notes the text of a statement that is about to run; never its values.
    pub(super) fn note(&self, sql: &str) {
        #[cfg(debug_assertions)]
        if let Some(noted) = self.noted().as_mut() {
            noted.push(sql.to_owned());
        }
        #[cfg(not(debug_assertions))]
        let _ = (self, sql);
    }

    /// Begins a new list.
    #[cfg(debug_assertions)]
    pub(super) fn begin(&self) {
        *self.noted() = Some(Vec::new());
    }

    /// Ends the list; empty when none was begun.
    #[cfg(debug_assertions)]
    pub(super) fn end(&self) -> Vec<String> {
        self.noted().take().unwrap_or_default()
    }

    #[cfg(debug_assertions)]
    fn noted(&self) -> std::sync::MutexGuard<'_, Option<Vec<String>>> {
        self.noted.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
