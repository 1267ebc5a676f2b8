//! What was tried and what was found, for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use kernel::http::operation::{Access, Operation};

use super::Check;
use super::checks::Verdict;

/// The columns, from left to right.
fn columns() -> impl Iterator<Item = &'static str> {
    let last = [Check::Limited, Check::Works];
    Check::HARMLESS.iter().copied().chain(last).map(Check::title)
}

const LEGEND: &str = "\
ok                the server did what it must
-                 there is nothing to try: the operation needs no sign-in, names no id, ...
WRONG             it did not; the reasons stand below the table

who may           who may call, or the permission it takes
not signed in     refused without a token, and with a wrong one
each role         owner, admin and member get in just where the matrix of permissions says so
each API key      a key with the operation's scope gets in, one with all others does not
suspended person  whoever was suspended is signed out
suspended agency  its people are refused, its links open nothing but invoices to read
not in the plan   refused with the plan that has it
another agency's  what belongs to another agency is answered like what does not exist, word for word
no such id        what is no id at all, too
unknown field     a misspelt field or parameter is refused by its name
out of date       a change to an older version is refused
too often         whoever calls too often is told when to come back
works, and once   it does what it is for; repeated with one key, it is done once
";

/// What was tried and what was found.
#[derive(Default)]
pub struct Report {
    lines: Vec<Line>,
    found: Vec<String>,
}

struct Line {
    operation: Operation,
    marks: BTreeMap<&'static str, &'static str>,
}

impl Report {
    /// Notes what came of a check.
    pub fn add(&mut self, operation: &Operation, check: Check, verdict: Verdict) {
        let mark = match verdict {
            Ok(true) => "ok",
            Ok(false) => "-",
            Err(why) => {
                let name = format!("{} {}", operation.method, operation.path);
                self.found.push(format!("{name}, {}: {why}", check.title()));
                "WRONG"
            }
        };
        let same = |line: &&mut Line| {
            (line.operation.method, line.operation.path) == (operation.method, operation.path)
        };
        match self.lines.iter_mut().find(same) {
            Some(line) => _ = line.marks.insert(check.title(), mark),
            None => {
                let marks = BTreeMap::from([(check.title(), mark)]);
                self.lines.push(Line { operation: *operation, marks });
            }
        }
    }

    /// How many operations of the API were tried.
    pub fn swept(&self) -> usize {
        self.lines.iter().filter(|line| !line.operation.page).count()
    }

    /// What was wrong.
    pub fn found(&self) -> &[String] {
        &self.found
    }

    /// The table, with what its words mean.
    pub fn table(&self) -> String {
        let name = |line: &Line| format!("{:<6} {}", line.operation.method, line.operation.path);
        let width = self.lines.iter().map(|line| name(line).len()).max().unwrap_or(0);
        let who_width = self.lines.iter().map(|line| who(&line.operation).len()).max().unwrap_or(0);
        let mut text = format!("\n{LEGEND}\n{:width$}  {:who_width$}", "operation", "who may");
        for title in columns() {
            let _ = write!(text, "  {title}");
        }
        for line in &self.lines {
            let _ = write!(text, "\n{:width$}  {:who_width$}", name(line), who(&line.operation));
            for title in columns() {
                let mark = line.marks.get(title).copied().unwrap_or("-");
                let _ = write!(text, "  {mark:<size$}", size = title.len());
            }
        }
        let marks = self.lines.iter().flat_map(|line| line.marks.values());
        let tried = marks.filter(|mark| **mark != "-").count();
        let pages = self.lines.len() - self.swept();
        let (swept, wrong) = (self.swept(), self.found.len());
        let _ = writeln!(
            text,
            "\n\n{swept} operations and {pages} pages, {tried} rules tried, {wrong} broken"
        );
        text
    }
}

/// Who may call an operation, in words.
fn who(operation: &Operation) -> String {
    match operation.access {
        Access::Public => "anybody".to_owned(),
        Access::Link(kind) => format!("holder of a link to a {}", kind.as_str()),
        Access::SignedIn => "anybody signed in".to_owned(),
        Access::Operator => "operators".to_owned(),
        Access::Member(permission) => permission.key().to_owned(),
    }
}
