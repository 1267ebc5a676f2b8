//! The cases, and the order in which they are measured.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;
use tempfile::TempDir;
use tokio::process::Command;

use crate::Result;
use crate::database::Database;
use crate::http::{Connection, request};
use crate::load::{self, Requests, Target, Turn};
use crate::options::Options;
use crate::process::{Memory, Process, free_address};
use crate::references;
use crate::report::{Figures, Group, ProcessRow, Row, load_average, progress};
use crate::retainer::Retainer;
use crate::seed::{self, Seed};

/// What is asked of the server.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    Alive,
    Read,
    List,
    Create,
    Invite,
}

impl Operation {
    /// In this order: what leaves jobs behind comes last.
    const ALL: [Self; 5] = [Self::Alive, Self::Read, Self::List, Self::Create, Self::Invite];

    fn title(self) -> &'static str {
        match self {
            Self::Alive => "health: no sign-in, no database",
            Self::Read => "authenticated read of a client",
            Self::List => "list of 50 clients",
            Self::Create => "create a client: activity, event",
            Self::Invite => "invite a member: activity, event, mail, job",
        }
    }

    fn requests(self, seed: &Seed) -> Requests {
        let token = Some(seed.access_token.clone());
        let path = seed.written_path.clone();
        match self {
            Self::Alive => always(request("GET", "/health/live", None, None)),
            Self::Read => always(request("GET", &seed.client_path, token.as_deref(), None)),
            Self::List => always(request("GET", &seed.list_path, token.as_deref(), None)),
            Self::Create => Arc::new(move |number| {
                let client = seed::client("new", number);
                request("POST", &format!("{path}/clients"), token.as_deref(), Some(&client))
            }),
            Self::Invite => Arc::new(move |number| {
                let email = format!("person-{number}@riverbend.example");
                let member = json!({"email": email, "role": "member", "display_name": "Ada"});
                request("POST", &format!("{path}/members"), token.as_deref(), Some(&member))
            }),
        }
    }
}

fn always(request: Vec<u8>) -> Requests {
    Arc::new(move |_| request.clone())
}

/// A request, and what was measured of it so far.
struct Case {
    title: String,
    target: Target,
    turns: Vec<Turn>,
}

impl Case {
    fn new(title: impl Into<String>, address: SocketAddr, requests: Requests) -> Self {
        let target = Target { address, requests, sent: Arc::default() };
        Self { title: title.into(), target, turns: Vec::new() }
    }

    async fn measure(&mut self, options: &Options, round: u32) -> Result<()> {
        let (warm_up, turn) = (options.warm_up(round), options.turn());
        let turn = load::run(&self.target, options.connections, warm_up, turn).await?;
        self.turns.push(turn);
        Ok(())
    }

    fn sent(&self) -> u64 {
        AtomicU64::load(&self.target.sent, Ordering::Relaxed)
    }
}

/// Runs everything and says what was found.
///
/// # Errors
/// Those of the servers and of the database.
pub async fn run(options: &Options) -> Result<Figures> {
    let Some(url) = &options.database_url else {
        progress("BENCH_DATABASE_URL is not set: nothing is measured on Postgres");
        return compare(options, None).await;
    };
    let database = Database::create(url).await?;
    let outcome = compare(options, Some(&database)).await;
    database.remove().await?;
    outcome
}

async fn compare(options: &Options, database: Option<&Database>) -> Result<Figures> {
    let load_before = load_average();
    let mut retainers = vec![Retainer::start("SQLite", None).await?];
    if let Some(database) = database {
        retainers.push(Retainer::start("Postgres", Some(&database.url)).await?);
    }
    let references = References::start(&retainers, database).await?;
    let mut alone = references.cases();
    let mut cases: Vec<Vec<Case>> = retainers.iter().map(cases_of).collect();

    for round in 0..options.rounds {
        progress(&format!("round {} of {}", round + 1, options.rounds));
        for case in &mut alone {
            case.measure(options, round).await?;
        }
        for (retainer, cases) in retainers.iter_mut().zip(&mut cases) {
            // An access token lives for 15 minutes: it is renewed each round.
            retainer.seed.renew().await?;
            for (operation, case) in Operation::ALL.into_iter().zip(cases) {
                case.target.requests = operation.requests(&retainer.seed);
                case.measure(options, round).await?;
                if operation == Operation::Invite {
                    retainer.finish_jobs(case.sent()).await?;
                }
            }
        }
    }

    let mut groups = vec![group("References", &alone, &alone)];
    for (retainer, cases) in retainers.iter().zip(&cases) {
        groups.push(group(&format!("Retainer on {}", retainer.engine), cases, &alone));
    }
    let mut processes = references.processes();
    processes.extend(retainers.iter().map(ProcessRow::of_retainer));
    let job_rates = retainers.iter().map(|r| (r.engine, r.job_rates.clone())).collect();
    references.stop().await?;
    for retainer in retainers {
        retainer.stop().await?;
    }
    Ok(Figures {
        options: options.clone(),
        load_before,
        database: database.map(|database| database.description.clone()),
        groups,
        processes,
        job_rates,
    })
}

fn cases_of(retainer: &Retainer) -> Vec<Case> {
    let case = |operation: Operation| {
        Case::new(operation.title(), retainer.address(), operation.requests(&retainer.seed))
    };
    Operation::ALL.map(case).into()
}

/// The rows of some cases, compared round by round with the references.
fn group(title: &str, cases: &[Case], references: &[Case]) -> Group {
    let rates = |case: Option<&Case>| -> Vec<f64> {
        case.map(|case| case.turns.iter().map(|turn| turn.rate).collect()).unwrap_or_default()
    };
    let (bare, by_hand) = (rates(references.first()), rates(references.get(1)));
    let row = |case: &Case| {
        let latencies = case.turns.iter().flat_map(|turn| &turn.latencies).copied().collect();
        Row::new(case.title.clone(), &rates(Some(case)), &bare, &by_hand, latencies)
    };
    Group { title: title.to_owned(), rows: cases.iter().map(row).collect() }
}

/// The servers that the others are compared with.
struct References {
    folder: TempDir,
    bare: Reference,
    by_hand: Option<Reference>,
}

impl References {
    /// Starts them, and makes sure that they answer what the server answers.
    async fn start(retainers: &[Retainer], database: Option<&Database>) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let seed = &retainers.last().ok_or("no server to compare with")?.seed;
        let settings = [(references::CLIENT, seed.client.as_str())];
        let bare = Reference::start(references::BARE, &settings, "/", seed, folder.path()).await?;
        let mut by_hand = None;
        if let Some(database) = database {
            let settings =
                [(references::DATABASE, &*database.url), (references::AGENCY, &seed.agency)];
            let id = Path::new(&seed.client_path).file_name().unwrap_or_default();
            let path = format!("/clients/{}", id.display());
            by_hand = Some(
                Reference::start(references::BY_HAND, &settings, &path, seed, folder.path())
                    .await?,
            );
        }
        Ok(Self { folder, bare, by_hand })
    }

    fn all(&self) -> impl Iterator<Item = (&'static str, &Reference)> {
        let by_hand = self.by_hand.iter().map(|it| ("tokio-postgres by hand, the same row", it));
        std::iter::once(("bare actix handler, the same JSON", &self.bare)).chain(by_hand)
    }

    fn cases(&self) -> Vec<Case> {
        let case = |(title, it): (&str, &Reference)| {
            Case::new(title, it.process.address, always(request("GET", &it.path, None, None)))
        };
        self.all().map(case).collect()
    }

    fn processes(&self) -> Vec<ProcessRow> {
        let row = |(title, it): (&str, &Reference)| ProcessRow {
            title: title.to_owned(),
            first_start: None,
            start_to_ready: it.process.start_to_ready,
            idle: it.idle,
            now: it.process.memory(),
        };
        self.all().map(row).collect()
    }

    async fn stop(self) -> Result<()> {
        self.bare.process.stop().await?;
        if let Some(by_hand) = self.by_hand {
            by_hand.process.stop().await?;
        }
        Ok(self.folder.close()?)
    }
}

/// This program as one of the references.
struct Reference {
    process: Process,
    path: String,
    idle: Memory,
}

impl Reference {
    async fn start(
        word: &str,
        settings: &[(&str, &str)],
        path: &str,
        seed: &Seed,
        logs: &Path,
    ) -> Result<Self> {
        let address = free_address()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(word).env_clear().env(references::ADDRESS, address.to_string());
        command.envs(settings.iter().copied());
        let process = Process::start(command, address, path, &logs.join(word)).await?;
        answers_the_same(&process, path, seed).await?;
        let idle = process.memory_at_rest().await;
        Ok(Self { process, path: path.to_owned(), idle })
    }
}

/// Insists that a reference does the same work, as far as the answer shows.
async fn answers_the_same(process: &Process, path: &str, seed: &Seed) -> Result<()> {
    let mut connection = Connection::open(process.address).await?;
    let answer = connection.send(&request("GET", path, None, None)).await?;
    if answer.body == seed.client.as_bytes() {
        return Ok(());
    }
    let body = String::from_utf8_lossy(answer.body);
    Err(format!("a reference answers\n{body}\nand the server\n{}", seed.client).into())
}
