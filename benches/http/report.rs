//! What was found, as tables in Markdown.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use crate::Result;
use crate::options::Options;
use crate::process::Memory;
use crate::retainer::{BINARY, Retainer};

/// Everything that was found.
pub struct Figures {
    /// How it was measured.
    pub options: Options,
    /// How busy the machine was before: the load average of the minute.
    pub load_before: String,
    /// Which Postgres, if one was measured.
    pub database: Option<String>,
    /// The requests.
    pub groups: Vec<Group>,
    /// The processes.
    pub processes: Vec<ProcessRow>,
    /// For each database, jobs per second in each round.
    pub job_rates: Vec<(&'static str, Vec<f64>)>,
}

/// Rows that belong together.
pub struct Group {
    /// What they have in common.
    pub title: String,
    /// The rows.
    pub rows: Vec<Row>,
}

/// One case.
pub struct Row {
    title: String,
    rate: f64,
    spread: f64,
    of_bare: Option<f64>,
    of_by_hand: Option<f64>,
    p50: Duration,
    p99: Duration,
}

/// One process.
pub struct ProcessRow {
    /// What runs in it.
    pub title: String,
    /// From start to ready, the schema made on the way.
    pub first_start: Option<Duration>,
    /// From start to ready.
    pub start_to_ready: Duration,
    /// Memory before the load.
    pub idle: Memory,
    /// Memory at the end.
    pub now: Memory,
}

impl Row {
    /// Sums up the turns of a case; `bare` and `by_hand` are the references' rates of the same
    /// rounds.
    pub fn new(
        title: String,
        rates: &[f64],
        bare: &[f64],
        by_hand: &[f64],
        mut latencies: Vec<Duration>,
    ) -> Self {
        latencies.sort_unstable();
        let ratio = |references: &[f64]| -> Option<f64> {
            let ratios: Vec<f64> = rates.iter().zip(references).map(|(a, b)| a / b).collect();
            (!ratios.is_empty()).then(|| median(&ratios))
        };
        let rate = median(rates);
        let least = rates.iter().copied().fold(f64::INFINITY, f64::min);
        let most = rates.iter().copied().fold(0.0, f64::max);
        Self {
            title,
            rate,
            spread: (most - least) / rate,
            of_bare: ratio(bare),
            of_by_hand: ratio(by_hand),
            p50: percentile(&latencies, 50),
            p99: percentile(&latencies, 99),
        }
    }
}

impl ProcessRow {
    /// What is known of a server.
    pub fn of_retainer(retainer: &Retainer) -> Self {
        Self {
            title: format!("retainer on {}", retainer.engine),
            first_start: Some(retainer.first_start),
            start_to_ready: retainer.start_to_ready,
            idle: retainer.idle,
            now: retainer.memory(),
        }
    }
}

/// The middle of some numbers; 0 of none.
pub fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = sorted.get(sorted.len() / 2).copied().unwrap_or(0.0);
    let lower = sorted.get(sorted.len().saturating_sub(1) / 2).copied().unwrap_or(0.0);
    f64::midpoint(lower, upper)
}

/// The smallest of the sorted durations that is not exceeded by so many per cent of them.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(rank).copied().unwrap_or_default()
}

/// Tells the person at the terminal what is going on.
pub fn progress(text: &str) {
    // A closed terminal is no reason to stop measuring.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Prints the figures.
///
/// # Errors
/// Those of standard output and of what describes the machine.
pub fn print(figures: &Figures) -> Result<()> {
    let mut text = String::new();
    requests(&mut text, figures)?;
    processes(&mut text, figures)?;
    conditions(&mut text, figures)?;
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}

fn requests(text: &mut String, figures: &Figures) -> Result<()> {
    writeln!(text, "| Request | Of bare | Of by hand | Requests/s | Spread | p50 ms | p99 ms |")?;
    writeln!(text, "|---|---:|---:|---:|---:|---:|---:|")?;
    for group in &figures.groups {
        writeln!(text, "| **{}** | | | | | | |", group.title)?;
        for row in &group.rows {
            let Row { title, rate, spread, of_bare, of_by_hand, p50, p99 } = row;
            writeln!(
                text,
                "| {title} | {} | {} | {} | {:.0} % | {} | {} |",
                ratio(*of_bare),
                ratio(*of_by_hand),
                thousands(*rate),
                spread * 100.0,
                milliseconds(*p50),
                milliseconds(*p99),
            )?;
        }
    }
    Ok(())
}

fn processes(text: &mut String, figures: &Figures) -> Result<()> {
    writeln!(text)?;
    writeln!(
        text,
        "| Process | First start ms | Start to ready ms | Idle MiB | After the run MiB | Peak MiB |"
    )?;
    writeln!(text, "|---|---:|---:|---:|---:|---:|")?;
    for ProcessRow { title, first_start, start_to_ready, idle, now } in &figures.processes {
        writeln!(
            text,
            "| {title} | {} | {} | {} | {} | {} |",
            first_start.map(milliseconds).unwrap_or_default(),
            milliseconds(*start_to_ready),
            mebibytes(idle.resident),
            mebibytes(now.resident),
            mebibytes(now.peak),
        )?;
    }
    Ok(())
}

fn conditions(text: &mut String, figures: &Figures) -> Result<()> {
    let Options { seconds, rounds, connections, .. } = figures.options;
    let cores = std::thread::available_parallelism()?;
    let file = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let memory = file("/proc/meminfo");
    let memory = memory.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or(0);
    let binary = std::fs::metadata(BINARY)?.len() / 1024;
    let database = figures.database.as_deref().unwrap_or("no Postgres");
    writeln!(text)?;
    if cfg!(debug_assertions) {
        writeln!(text, "- **Not optimised: these figures say nothing.**")?;
    }
    writeln!(
        text,
        "- {cores} cores, {} GiB; {database}. Load average before the run: {}.",
        memory / 1024 / 1024,
        figures.load_before,
    )?;
    writeln!(
        text,
        "- {connections} connections, {seconds} s for each request in {rounds} rounds. Rates and \
         ratios are medians over the rounds; the spread is from the slowest to the fastest of them."
    )?;
    for (engine, rates) in &figures.job_rates {
        let rate = thousands(median(rates));
        writeln!(
            text,
            "- On {engine} the mails of the invitations left at {rate} a second once nothing else ran."
        )?;
    }
    Ok(writeln!(text, "- The binary: {} MiB, stripped.", mebibytes(binary))?)
}

/// How busy the machine is: the load average of the last minute.
pub fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}

fn ratio(ratio: Option<f64>) -> String {
    ratio.map(|ratio| format!("{ratio:.3}")).unwrap_or_default()
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.2}", duration.as_secs_f64() * 1000.0)
}

fn mebibytes(kibibytes: u64) -> String {
    format!("{}.{}", kibibytes / 1024, kibibytes % 1024 * 10 / 1024)
}

/// A number as people read it: `12,345`.
fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
