//! The print model as the values that the template reads from `sys.inputs`.
//!
//! Strings stay strings: the template sets them, it never evaluates them. What needs more than
//! setting (cutting text, weighing columns, mending colours) is done here, where it is tested.

use kernel::ports::print::{Block, Brand, Fact, Mark, Party, PrintDocument, SignatureBlock, Tone};
use typst::foundations::{Array, Dict, IntoValue, Value, dict};
use typst::visualize::Color;

use crate::color::Rgb;
use crate::logo::Picture;
use crate::table;
use crate::text::{self, Direction, Piece, Strings};
use crate::words::Words;

/// The colours of a brand that names none.
const DEFAULT_PRIMARY: Rgb = Rgb(0x1f, 0x3a, 0x5f);
const DEFAULT_SECONDARY: Rgb = Rgb(0x33, 0x41, 0x55);
const DEFAULT_ACCENT: Rgb = Rgb(0x25, 0x63, 0xeb);

/// How much of the brand's name the running head shows.
const SHORT_NAME_CHARS: usize = 48;

/// Everything the template reads.
pub(crate) fn inputs(document: &PrintDocument, picture: Option<Picture>) -> Dict {
    let PrintDocument {
        language,
        kind_label,
        title,
        number,
        mark,
        brand,
        from,
        to,
        facts,
        blocks,
        footer,
    } = document;
    let (language, region) = locale(language);
    let strings = &Strings::of(&language);
    let kind = text::line(kind_label);
    let title = text::line(title);
    let number = number.as_deref().map(text::line).filter(|number| !number.is_empty());
    let heading = if title.is_empty() { kind.clone() } else { title };
    let metadata_title = match &number {
        Some(number) => format!("{heading} \u{b7} {number}"),
        None => heading.clone(),
    };
    let Words { page, powered_by, name, signature, date } = Words::of(&language);
    dict! {
        "lang" => language,
        "region" => region,
        "metadata-title" => metadata_title,
        "kind-is-title" => heading == kind,
        "kind" => kind,
        "title" => heading,
        "number" => number.map(|number| strings.isolated(number)),
        "mark" => mark.as_ref().and_then(mark_value),
        "brand" => brand_value(brand, picture),
        "parties" => [from, to].into_iter().filter_map(|one| party(strings, one)).collect::<Array>(),
        "facts" => list(facts, |fact| fact_value(strings, fact)),
        "blocks" => blocks_value(strings, blocks),
        "footer" => pieces(footer),
        "words" => dict! {
            "page" => page,
            "powered-by" => powered_by,
            "name" => name,
            "signature" => signature,
            "date" => date,
        },
    }
}

/// Language and region of a BCP 47 tag; English if it is none.
fn locale(tag: &str) -> (String, Option<String>) {
    let is = |part: &&str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic())
    };
    let mut parts = tag.trim().split(['-', '_']);
    match parts.next().filter(|part| is(part, 2..=3)) {
        Some(language) => {
            let region = parts.find(|part| is(part, 2..=2)).map(str::to_ascii_uppercase);
            (language.to_ascii_lowercase(), region)
        }
        None => ("en".to_owned(), None),
    }
}

/// One value for each item.
pub(crate) fn list<T, V: IntoValue>(items: &[T], value: impl Fn(&T) -> V) -> Array {
    items.iter().map(|item| value(item).into_value()).collect()
}

fn mark_value(mark: &Mark) -> Option<Dict> {
    let Mark { text, tone } = mark;
    let color = match tone {
        Tone::Neutral => Rgb(0x64, 0x74, 0x8b),
        Tone::Positive => Rgb(0x15, 0x80, 0x3d),
        Tone::Negative => Rgb(0xb9, 0x1c, 0x1c),
    };
    let text = text::line(text);
    (!text.is_empty()).then(|| dict! { "text" => text, "color" => Color::from(color) })
}

fn brand_value(brand: &Brand, picture: Option<Picture>) -> Dict {
    let Brand {
        name,
        primary_color,
        secondary_color,
        accent_color,
        accent_gradient: _,
        logo: _,
        show_powered_by,
    } = brand;
    let primary = Rgb::parse(primary_color).unwrap_or(DEFAULT_PRIMARY).readable();
    let secondary = Rgb::parse(secondary_color).unwrap_or(DEFAULT_SECONDARY).visible();
    let accent = Rgb::parse(accent_color).unwrap_or(DEFAULT_ACCENT).visible();
    let name = text::line(name);
    dict! {
        "short-name" => text::shortened(&name, SHORT_NAME_CHARS),
        "name" => name,
        "primary" => Color::from(primary),
        "on-primary" => Color::from(primary.text_on()),
        "secondary" => Color::from(secondary),
        "on-secondary" => Color::from(secondary.text_on()),
        "accent" => Color::from(accent),
        "powered-by" => *show_powered_by,
        "logo" => picture.map(|Picture { bytes, format, width, height }| dict! {
            "bytes" => bytes,
            "format" => format,
            "width" => width,
            "height" => height,
        }),
    }
}

/// One side; `None` if nothing is known of it.
fn party(strings: &Strings, party: &Party) -> Option<Value> {
    let Party { label, name, lines } = party;
    let (name, lines) = (strings.line(name), strings.lines(&lines.join("\n")));
    let known = !name.is_empty() || !lines.is_empty();
    known.then(|| {
        dict! { "label" => strings.line(label), "name" => name, "lines" => lines }.into_value()
    })
}

fn fact_value(strings: &Strings, fact: &Fact) -> Dict {
    let Fact { label, value } = fact;
    dict! { "label" => strings.line(label), "value" => strings.lines(value) }
}

fn blocks_value(strings: &Strings, blocks: &[Block]) -> Array {
    // A page break after everything would leave an empty page.
    let used = blocks
        .iter()
        .rposition(|block| !matches!(block, Block::PageBreak))
        .map_or(0, |last| last + 1);
    let values = blocks.iter().take(used).filter_map(|block| block_value(strings, block));
    values.map(IntoValue::into_value).collect()
}

/// One block; `None` if there is nothing in it to print.
fn block_value(strings: &Strings, block: &Block) -> Option<Dict> {
    let some = |array: Array| (!array.is_empty()).then(|| array.into_value());
    let (kind, value) = match block {
        Block::Heading { text } => {
            let words = strings.line(text);
            ("heading", (!words.is_empty()).then(|| words.into_value())?)
        }
        Block::Text { text } => ("text", some(pieces(text))?),
        Block::Bullets { items } if items.is_empty() => return None,
        Block::Bullets { items } => {
            let bullets: Array = std::iter::once(bullets(items)).collect();
            ("text", bullets.into_value())
        }
        Block::Table { columns, rows } => {
            ("table", table::table(strings, columns, rows)?.into_value())
        }
        Block::Totals { lines } => ("totals", some(table::totals(strings, lines))?),
        Block::Facts { items } => ("facts", some(list(items, |fact| fact_value(strings, fact)))?),
        Block::Signatures { blocks } => {
            ("signatures", some(list(blocks, |block| signature(strings, block)))?)
        }
        Block::PageBreak => ("page-break", Value::None),
    };
    Some(dict! { "kind" => kind, "value" => value })
}

/// Paragraphs and lists, each in the direction of its own first letter.
fn pieces(text: &str) -> Array {
    text::pieces(text)
        .into_iter()
        .map(|piece| match piece {
            Piece::Paragraph(lines) => {
                let dir = direction(&lines.join("\n"));
                dict! { "kind" => "paragraph", "lines" => lines, "dir" => dir }.into_value()
            }
            Piece::Bullets(items) => bullets(&items),
        })
        .collect()
}

/// A list; its items may have several lines.
fn bullets(items: &[String]) -> Value {
    let dir = direction(&items.join("\n"));
    let items = list(items, |item| text::lines(item.trim()));
    dict! { "kind" => "list", "items" => items, "dir" => dir }.into_value()
}

fn direction(text: &str) -> Option<&'static str> {
    text::direction(text).map(|direction| match direction {
        Direction::LeftToRight => "ltr",
        Direction::RightToLeft => "rtl",
    })
}

fn signature(strings: &Strings, block: &SignatureBlock) -> Dict {
    let SignatureBlock { role, name, title, signed_at, evidence } = block;
    dict! {
        "role" => strings.line(role),
        "name" => name.as_deref().map(|name| strings.line(name)),
        "title" => strings.line(title),
        "signed-at" => signed_at.as_deref().map(|time| strings.line(time)),
        "evidence" => list(evidence, |line| strings.line(line)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_tags_are_taken_apart() {
        assert_eq!(locale("en-AU"), ("en".to_owned(), Some("AU".to_owned())));
        assert_eq!(locale("zh-Hant-tw"), ("zh".to_owned(), Some("TW".to_owned())));
        assert_eq!(locale("de"), ("de".to_owned(), None));
        for wrong in ["", "x", "deutsch", "1-2", "ä"] {
            assert_eq!(locale(wrong), ("en".to_owned(), None), "{wrong}");
        }
    }

    #[test]
    fn a_page_break_at_the_end_is_dropped() {
        let strings = Strings::of("en");
        let text = Block::Text { text: "x".to_owned() };

        let blocks =
            blocks_value(&strings, &[Block::PageBreak, text, Block::PageBreak, Block::PageBreak]);

        assert_eq!(blocks.len(), 2);
        assert_eq!(blocks_value(&strings, &[Block::PageBreak]).len(), 0);
    }

    #[test]
    fn blocks_with_nothing_in_them_are_dropped() {
        let empty = [
            Block::Heading { text: " ".to_owned() },
            Block::Text { text: "\n\n".to_owned() },
            Block::Bullets { items: Vec::new() },
            Block::Table { columns: Vec::new(), rows: Vec::new() },
            Block::Totals { lines: Vec::new() },
            Block::Facts { items: Vec::new() },
            Block::Signatures { blocks: Vec::new() },
        ];

        assert_eq!(blocks_value(&Strings::of("en"), &empty).len(), 0);
    }
}
