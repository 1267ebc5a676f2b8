//! Plain text, as people type it, cut into what the template sets.

use std::str::FromStr;

use typst::foundations::{Array, IntoValue};
use typst::layout::Dir;
use typst::text::Lang;

/// A paragraph or a list.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Lines, each ended by a break.
    Paragraph(Vec<String>),
    /// Entries of a bullet list.
    Bullets(Vec<String>),
}

/// The direction that a piece of text is read in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    LeftToRight,
    RightToLeft,
}

/// Cuts text into paragraphs and lists.
///
/// A blank line separates paragraphs, a single line break is kept, lines that start with `- `
/// form a bullet list.
pub(crate) fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut open: Option<Piece> = None;
    for line in lines(text) {
        let bullet = line.strip_prefix("- ").map(|entry| entry.trim().to_owned());
        open = match (open, bullet) {
            (open, _) if line.is_empty() => {
                pieces.extend(open);
                None
            }
            (Some(Piece::Bullets(mut entries)), Some(entry)) => {
                entries.push(entry);
                Some(Piece::Bullets(entries))
            }
            (Some(Piece::Paragraph(mut lines)), None) => {
                lines.push(line);
                Some(Piece::Paragraph(lines))
            }
            (open, Some(entry)) => {
                pieces.extend(open);
                Some(Piece::Bullets(vec![entry]))
            }
            (open, None) => {
                pieces.extend(open);
                Some(Piece::Paragraph(vec![line]))
            }
        };
    }
    pieces.extend(open);
    pieces
}

/// The lines of a text, trimmed and without what cannot be printed.
pub(crate) fn lines(text: &str) -> Vec<String> {
    text.replace("\r\n", "\n")
        .split(is_line_end)
        .map(|part| printable(part).trim().to_owned())
        .collect()
}

/// A text that belongs on one line.
pub(crate) fn line(text: &str) -> String {
    lines(text).join(" ").trim().to_owned()
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Drops control characters and the marks that force a direction upon the text after them, with
/// which an amount could be made to read backwards.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c == '\t' { ' ' } else { c })
        .filter(|&c| !c.is_control() && !matches!(c, '\u{202d}' | '\u{202e}' | '\u{fffc}'))
        .collect()
}

/// The direction of the first letter that has one (the rule P2 of UAX #9).
pub(crate) fn direction(text: &str) -> Option<Direction> {
    text.chars().find_map(|c| match c {
        '\u{590}'..='\u{8ff}'
        | '\u{fb1d}'..='\u{fdff}'
        | '\u{fe70}'..='\u{feff}'
        | '\u{10800}'..='\u{10fff}'
        | '\u{1e800}'..='\u{1efff}'
            if c.is_alphabetic() =>
        {
            Some(Direction::RightToLeft)
        }
        c if c.is_alphabetic() => Some(Direction::LeftToRight),
        _ => None,
    })
}

/// The start of a long text, followed by an ellipsis.
pub(crate) fn shortened(text: &str, chars: usize) -> String {
    if text.chars().count() <= chars {
        return text.to_owned();
    }
    let start: String = text.chars().take(chars).collect();
    format!("{}\u{2026}", start.trim_end())
}

/// Prepares strings for a document of one language.
///
/// A string that reads in the other direction than the document is isolated (UAX #9), so that
/// its digits and brackets keep their order: an address in Latin script in an Arabic invoice,
/// or a minus before an amount.
pub(crate) struct Strings {
    base: Direction,
}

impl Strings {
    /// For a document in this language.
    pub(crate) fn of(language: &str) -> Self {
        let base = match Lang::from_str(language).map(Lang::dir) {
            Ok(Dir::RTL) => Direction::RightToLeft,
            _ => Direction::LeftToRight,
        };
        Self { base }
    }

    /// A text that belongs on one line.
    pub(crate) fn line(&self, text: &str) -> String {
        self.isolated(line(text))
    }

    /// The lines of a text that are not empty.
    pub(crate) fn lines(&self, text: &str) -> Array {
        let lines = lines(text).into_iter().filter(|line| !line.is_empty());
        lines.map(|line| self.isolated(line).into_value()).collect()
    }

    /// A line that keeps its order whatever surrounds it.
    pub(crate) fn isolated(&self, line: String) -> String {
        match (self.base, direction(&line)) {
            _ if line.is_empty() => line,
            (Direction::LeftToRight, Some(Direction::RightToLeft)) => {
                format!("\u{2067}{line}\u{2069}")
            }
            (Direction::RightToLeft, None | Some(Direction::LeftToRight)) => {
                format!("\u{2066}{line}\u{2069}")
            }
            _ => line,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paragraph(lines: &[&str]) -> Piece {
        Piece::Paragraph(lines.iter().map(ToString::to_string).collect())
    }

    fn bullets(entries: &[&str]) -> Piece {
        Piece::Bullets(entries.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn blank_lines_part_paragraphs_and_single_breaks_are_kept() {
        let text = "\n\nOne\r\nstill one\n\n \nTwo\u{2028}still two\n";

        assert_eq!(
            pieces(text),
            [paragraph(&["One", "still one"]), paragraph(&["Two", "still two"])]
        );
    }

    #[test]
    fn lines_that_start_with_a_dash_and_a_space_form_a_list() {
        let text = "We do:\n- design\n-  build\nand\n- more\n\n- last\n-not\n- ";

        assert_eq!(
            pieces(text),
            [
                paragraph(&["We do:"]),
                bullets(&["design", "build"]),
                paragraph(&["and"]),
                bullets(&["more"]),
                bullets(&["last"]),
                paragraph(&["-not", "-"]),
            ]
        );
    }

    #[test]
    fn what_cannot_be_printed_is_dropped() {
        assert_eq!(line("a\u{0}b\u{1b}\tc\n\u{202e}d "), "ab c d");
        assert_eq!(pieces(" \u{0} \n\n"), []);
    }

    #[test]
    fn the_first_letter_gives_the_direction() {
        assert_eq!(direction("12 – שלום"), Some(Direction::RightToLeft));
        assert_eq!(direction("(Acme) مرحبا"), Some(Direction::LeftToRight));
        assert_eq!(direction("12.50"), None);
    }

    #[test]
    fn long_names_are_shortened() {
        assert_eq!(shortened("Acme", 4), "Acme");
        assert_eq!(shortened("Acme Äpfel", 5), "Acme\u{2026}");
    }

    #[test]
    fn only_what_reads_against_the_document_is_isolated() {
        let (english, arabic) = (Strings::of("en"), Strings::of("ar"));

        assert_eq!(english.line("-$180.00"), "-$180.00");
        assert_eq!(english.line("שלום (1)"), "\u{2067}שלום (1)\u{2069}");
        assert_eq!(arabic.line("-$180.00"), "\u{2066}-$180.00\u{2069}");
        assert_eq!(arabic.line("مرحبا"), "مرحبا");
        assert_eq!(arabic.line(" "), "");
    }
}
