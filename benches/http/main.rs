//! What the server does with a request, beside what the machine could do at best.
//!
//! One run starts everything it compares, each in a process of its own: a bare actix handler, a
//! handler written by hand on tokio-postgres that answers the same client, and the binary
//! `retainer` on SQLite and on Postgres. The load goes round in turns, so that every ratio is taken
//! from the same seconds of the same machine. Nothing here asserts a time: it only prints.
//!
//! `scripts/bench` builds and runs it; the method is in `docs/BENCHMARKS.md`. Settings:
//! `BENCH_SECONDS` (5) measured for each case, in `BENCH_ROUNDS` (5) turns, over
//! `BENCH_CONNECTIONS` (16) connections; `BENCH_DATABASE_URL`, a Postgres where databases may be
//! created; without it the rows that need one are left out. The table goes to standard output, the
//! progress to standard error.

mod cases;
mod database;
mod http;
mod load;
mod options;
mod process;
mod references;
mod report;
mod retainer;
mod seed;

use std::process::ExitCode;

use options::Options;

/// Why a run ended early. It is for the person at the terminal, who reads all of it.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What can end a run.
type Result<T> = std::result::Result<T, Failure>;

fn main() -> ExitCode {
    // `cargo bench` adds an argument of its own, `--bench`, which says nothing here.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let outcome = match arguments.first().map(String::as_str) {
        Some(references::BARE) => references::serve_bare(),
        Some(references::BY_HAND) => references::serve_by_hand(),
        _ => bench(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            report::progress(&format!("The benchmark ended early: {failure}"));
            ExitCode::FAILURE
        }
    }
}

/// Runs all cases and prints what was found.
fn bench() -> Result<()> {
    let options = Options::read()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let figures = runtime.block_on(cases::run(&options))?;
    report::print(&figures)
}
