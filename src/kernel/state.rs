//! The server's shared parts, handed to everything that runs.

use std::sync::Arc;

use uuid::Uuid;

use crate::config::Config;
use crate::crypto::Vault;
use crate::error::Result;
use crate::events::Bus;
use crate::http::limits::Limiter;
use crate::http::operation::OperationTable;
use crate::jobs::JobRegistry;
use crate::pages::Pages;
use crate::ports::blobs::{BlobStore, FolderBlobs};
use crate::ports::clock::{Clock, Ids, Rng, SystemClock, SystemRng, TimeOrderedIds};
use crate::ports::dns::{Dns, SystemDns};
use crate::ports::mail::{FolderMailer, Mailer, SmtpMailer};
use crate::ports::outbound::Outbound;
use crate::ports::pdf::PdfEngine;
use crate::ports::sms::{SmsVerifier, TwilioVerify};
use crate::security::FloodGuard;
use crate::store::Store;
use crate::tenancy::AccessTokens;

/// What can be put in the place of the real thing, by tests and by `app.rs`.
pub struct Ports {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Draws ids.
    pub ids: Arc<dyn Ids>,
    /// Draws randomness.
    pub rng: Arc<dyn Rng>,
    /// Makes PDF files.
    pub pdf: Arc<dyn PdfEngine>,
    /// Asks the domain name system.
    pub dns: Arc<dyn Dns>,
}

impl Ports {
    /// The system's clock, ids and randomness, with the given PDF engine.
    pub fn real(pdf: Arc<dyn PdfEngine>) -> Self {
        Self {
            clock: Arc::new(SystemClock),
            ids: Arc::new(TimeOrderedIds::default()),
            rng: Arc::new(SystemRng),
            pdf,
            dns: Arc::new(SystemDns::default()),
        }
    }
}

/// The server's shared parts. Cheap to clone.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    config: Config,
    store: Store,
    ports: Ports,
    mailer: Arc<dyn Mailer>,
    sms: Option<Arc<dyn SmsVerifier>>,
    inbox: FolderMailer,
    blobs: Arc<dyn BlobStore>,
    tokens: AccessTokens,
    vault: Vault,
    limiter: Limiter,
    outbound: Outbound,
    bus: Bus,
    security_log: FloodGuard,
    jobs: JobRegistry,
    operations: OperationTable,
    pages: Pages,
    instance: String,
}

impl App {
    /// Connects everything the configuration names. The schema must be up to date.
    ///
    /// # Errors
    /// When a part cannot be reached or a key cannot be read.
    pub async fn start(
        config: Config,
        ports: Ports,
        jobs: JobRegistry,
        operations: OperationTable,
        pages: Pages,
    ) -> Result<Self> {
        let store =
            Store::connect(&config.database, ports.clock.clone(), ports.ids.clone()).await?;
        let inbox = FolderMailer::new(config.data_dir.join("mail"));
        let mailer: Arc<dyn Mailer> = match &config.smtp_url {
            Some(url) => Arc::new(SmtpMailer::new(secrecy::ExposeSecret::expose_secret(url))?),
            None => Arc::new(inbox.clone()),
        };
        let sms: Option<Arc<dyn SmsVerifier>> = match &config.twilio {
            Some(twilio) => Some(Arc::new(TwilioVerify::new(twilio.clone(), ports.clock.clone())?)),
            None => None,
        };
        let keys = config.data_dir.join("keys");
        let tokens = AccessTokens::load(&config, ports.rng.as_ref())?;
        let vault = Vault::load(config.encryption_key.as_ref(), &keys, ports.rng.clone())?;
        let limiter = Limiter::new(&config, ports.clock.clone())?;
        let instance = ports.ids.next(ports.clock.now()).simple().to_string();
        let outbound = Outbound::new(ports.clock.clone(), config.oauth.private_issuers);
        let blobs = Arc::new(FolderBlobs::new(config.data_dir.join("files")));
        let inner = Inner {
            config,
            store,
            ports,
            mailer,
            sms,
            inbox,
            blobs,
            tokens,
            vault,
            limiter,
            outbound,
            bus: Bus::default(),
            security_log: FloodGuard::default(),
            jobs,
            operations,
            pages,
            instance,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// Tells the time.
    pub fn clock(&self) -> &dyn Clock {
        self.inner.ports.clock.as_ref()
    }

    /// Draws randomness.
    pub fn rng(&self) -> &dyn Rng {
        self.inner.ports.rng.as_ref()
    }

    /// Makes PDF files.
    pub fn pdf(&self) -> &dyn PdfEngine {
        self.inner.ports.pdf.as_ref()
    }

    /// Delivers e-mail.
    pub fn mailer(&self) -> &dyn Mailer {
        self.inner.mailer.as_ref()
    }

    /// Proves by text message that people hold their telephone numbers, where it is set up.
    pub fn sms(&self) -> Option<&dyn SmsVerifier> {
        self.inner.sms.as_deref()
    }

    /// The development inbox: mails written to the data folder.
    pub fn inbox(&self) -> &FolderMailer {
        &self.inner.inbox
    }

    /// Keeps files.
    pub fn blobs(&self) -> &dyn BlobStore {
        self.inner.blobs.as_ref()
    }

    /// Signs and verifies access tokens.
    pub fn tokens(&self) -> &AccessTokens {
        &self.inner.tokens
    }

    /// Encrypts what is stored secretly.
    pub fn vault(&self) -> &Vault {
        &self.inner.vault
    }

    /// Counts requests.
    pub fn limiter(&self) -> &Limiter {
        &self.inner.limiter
    }

    /// Calls other people's servers.
    pub fn outbound(&self) -> &Outbound {
        &self.inner.outbound
    }

    /// Asks the domain name system.
    pub fn dns(&self) -> &dyn Dns {
        self.inner.ports.dns.as_ref()
    }

    /// Wakes listeners to events.
    pub fn bus(&self) -> &Bus {
        &self.inner.bus
    }

    /// What the security log has written lately.
    pub(crate) fn security_log(&self) -> &FloodGuard {
        &self.inner.security_log
    }

    /// The kinds of work.
    pub fn jobs(&self) -> &JobRegistry {
        &self.inner.jobs
    }

    /// Every operation with its rules.
    pub fn operations(&self) -> &OperationTable {
        &self.inner.operations
    }

    /// The templates of pages and mails.
    pub fn pages(&self) -> &Pages {
        &self.inner.pages
    }

    /// Names this process among others on the same database.
    pub fn instance(&self) -> &str {
        &self.inner.instance
    }

    /// A new id.
    pub fn new_id<T: From<Uuid>>(&self) -> T {
        self.inner.ports.ids.next(self.clock().now()).into()
    }
}
