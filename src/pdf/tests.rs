//! Whole documents, rendered and read back.

use kernel::ports::print::{Align, Block, Column, Fact, Logo, Mark, PrintDocument, Tone};
use typst::layout::{Abs, Frame, FrameItem};
use typst::text::TextItem;

use super::samples::{
    NAMES, SVG, bare, contract, heading, invoice, logo, party, proposal, text, world,
};
use super::{TypstEngine, data, lay_out};

fn render(document: &PrintDocument) -> Vec<u8> {
    let pdf = TypstEngine::new().render(document).unwrap();
    assert!(pdf.starts_with(b"%PDF-1.7"));
    pdf
}

/// Renders a document and reads back the text of each page, without white space: a reader cannot
/// know whether two pieces of text that lie apart were ever one.
fn pages(document: &PrintDocument) -> Vec<String> {
    let pages = pdf_extract::extract_text_from_mem_by_pages(&render(document)).unwrap();
    pages.iter().map(|page| squeezed(page)).collect()
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

#[track_caller]
fn assert_says(page: &str, words: &str) {
    assert!(page.contains(&squeezed(words)), "{words:?} is not in {page}");
}

/// Visits every piece of text of a document with its distance from the left edge of the page.
fn visit(document: &PrintDocument, mut visit: impl FnMut(Abs, &TextItem)) {
    fn walk(frame: &Frame, x: Abs, visit: &mut dyn FnMut(Abs, &TextItem)) {
        for (at, item) in frame.items() {
            match item {
                FrameItem::Group(group) => walk(&group.frame, x + at.x + group.transform.tx, visit),
                FrameItem::Text(text) => visit(x + at.x, text),
                _ => {}
            }
        }
    }
    for page in lay_out(data::inputs(document, None)).unwrap().pages() {
        walk(&page.frame, Abs::zero(), &mut visit);
    }
}

#[test]
fn an_invoice_of_many_lines_breaks_over_numbered_pages() {
    let pages = pages(&invoice(120));

    let last = pages.len();
    assert!(last >= 5, "{last} pages");
    for (index, page) in pages.iter().enumerate() {
        let number = index + 1;
        assert_says(page, &format!("Page {number} of {last}"));
        assert_says(page, "Powered by Retainer");
        assert_eq!(page.contains("NorthlightStudioTaxInvoiceINV-2026-0042"), number > 1);
    }
    for page in &pages[..last - 1] {
        assert_says(page, "Description Qty Unit price GST Amount");
    }
    let rows: usize = pages.iter().map(|page| page.matches("$120.0010%").count()).sum();
    assert_eq!(rows, 120);
    let totals = "Total $3,762.00 Paid -$1,000.00 Amount due $2,762.00 How to pay";
    assert_says(&pages.concat(), totals);
    assert_says(&pages[last - 1], "Overdue amounts bear interest");
    assert_says(&pages[last - 1], "https://pay.northlight.test/i/8f14e45fceea167a5a36dedd4bea2543");
}

#[test]
fn a_proposal_says_everything_in_its_order() {
    let pages = pages(&proposal());

    assert_says(&pages[0], "Proposal PRO-2026-0007 A shop that answers before it is asked");
    assert_says(&pages[0], "From Northlight Studio Pty Ltd Level 3, 118 Harbour Street");
    assert_says(&pages[0], "Prepared for Fjord & Fern GmbH Ada Lovelace ada@fjordfern.test");
    assert_says(&pages[0], "Valid until 3 March 2026");
    assert_says(&pages[0], "ask first: • What does it cost, delivered to my door? • How long");
    assert_says(&pages[0], "What you get • A design system");
    let all = pages.concat();
    assert_says(&all, "Design Direction, system, all page types 1 €14,500.00 €14,500.00");
    assert_says(&all, "Subtotal €42,260.00 VAT 19% €8,029.40 Total €50,289.40");
    assert_says(&all, "For Fjord & Fern GmbH Signature Name Date");
}

#[test]
fn the_mark_lies_on_the_first_page_alone() {
    let pages = pages(&contract());

    assert_says(&pages[0], "SIGNED 3 February 2026");
    assert!(pages[1..].iter().all(|page| !page.contains("SIGNED")));
}

#[test]
fn signatures_given_and_awaited_stay_on_one_page() {
    // Wherever the page ends before them.
    for lines in [30, 34, 38, 42] {
        let mut document = contract();
        document.blocks.insert(0, text(&"A line.\n".repeat(lines)));

        let pages = pages(&document);

        let page = pages.iter().find(|page| page.contains("KatherineJohnson")).unwrap();
        assert_says(page, "Signatures For Northlight Studio Pty Ltd Katherine Johnson Signature");
        assert_says(page, "Director 3 February 2026, 10:22 UTC Signed from 203.0.113.7");
        assert_says(page, "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
        assert_says(page, "For Acme Manufacturing Pty Ltd Signature Grace Hopper Name");
    }
}

#[test]
fn totals_stay_together() {
    for rows in 6..16 {
        let pages = pages(&invoice(rows));

        let page = pages.iter().find(|page| page.contains("Subtotal")).unwrap();
        assert_says(page, "Paid -$1,000.00 Amount due $2,762.00");
    }
}

#[test]
fn a_page_break_starts_a_page() {
    let mut document = bare("Title");
    document.blocks = vec![text("First"), Block::PageBreak, text("Second"), Block::PageBreak];

    let pages = pages(&document);

    assert_eq!(pages.len(), 2);
    assert_says(&pages[0], "First");
    assert_says(&pages[1], "Second");
}

#[test]
fn names_in_every_script_are_drawn() {
    let mut text = String::new();
    let mut missing = Vec::new();

    visit(&world(), |_, item| {
        text.push_str(&item.text);
        if item.glyphs.iter().any(|glyph| glyph.id == 0) {
            missing.push(item.text.to_string());
        }
    });

    assert_eq!(missing, Vec::<String>::new());
    let text = squeezed(&text);
    for (script, name) in NAMES {
        // Text of the other direction is laid out piece by piece.
        if !["Arabic", "Hebrew"].contains(script) {
            assert_says(&text, name);
        }
    }
}

#[test]
fn scripts_without_shaping_can_be_read_back() {
    let page = pages(&world()).remove(0);

    for (script, name) in NAMES {
        let plain = ["Latin", "Greek", "Cyrillic", "Vietnamese", "Chinese", "Japanese", "Korean"];
        if plain.contains(script) {
            assert_says(&page, name);
        }
    }
}

#[test]
fn text_is_never_read_as_markup() {
    let hostile = [
        r#"#read("/etc/passwd")"#,
        r#"#image("/etc/hostname")"#,
        r#"#import "@preview/cetz:0.3.0""#,
        "*bold* _emph_ `raw`",
        "$x^2$ and $",
        "#{",
        "#panic()",
        r"back\slash \u{41} \",
        "] ) } \"quoted\" \"",
        "= Heading",
        "/* comment */ // more",
        "<label> @reference",
        "--- ... ~ https://example.test",
        "+ one\n/ term: two",
    ];
    for words in hostile {
        let mut document = proposal();
        document.title = words.to_owned();
        document.kind_label = words.to_owned();
        document.number = Some(words.to_owned());
        document.mark = Some(Mark { text: words.to_owned(), tone: Tone::Neutral });
        document.brand.name = words.to_owned();
        document.brand.primary_color = words.to_owned();
        document.from = party(words, words, &[words]);
        document.facts = vec![Fact::new(words, words)];
        document.footer = words.to_owned();
        document.language = words.to_owned();
        let column = Column { title: words.to_owned(), align: Align::Start };
        document.blocks = vec![
            heading(words),
            text(words),
            Block::Bullets { items: vec![words.to_owned()] },
            Block::Table { columns: vec![column], rows: vec![vec![words.to_owned()]] },
        ];

        let text = pages(&document).concat();

        let times = text.matches(&squeezed(words)).count();
        assert!(times >= 12, "{words:?} is there {times} times in {text}");
    }
}

#[test]
fn words_without_end_are_broken_and_stay_on_the_page() {
    let hash = "f00dfeed".repeat(37) + "end.";
    let letters = "Donaudampfschifffahrtsgesellschaftskapitän";
    for word in [hash.as_str(), letters] {
        let mut document = proposal();
        document.mark = None;
        document.title = word.to_owned();
        document.brand.name = word.to_owned();
        document.from = party(word, word, &[word]);
        document.to = party(word, word, &[word]);
        document.facts = vec![Fact::new(word, word); 4];
        for block in &mut document.blocks {
            match block {
                Block::Heading { text } | Block::Text { text } => *text = word.to_owned(),
                Block::Bullets { items } => items.fill(word.to_owned()),
                Block::Table { columns, rows } => {
                    columns.iter_mut().for_each(|column| column.title = word.to_owned());
                    rows.iter_mut().for_each(|row| row.fill(word.to_owned()));
                }
                Block::Totals { lines } => {
                    lines.iter_mut().for_each(|line| line.label = word.to_owned());
                }
                Block::Signatures { blocks } => {
                    for block in blocks {
                        block.role = word.to_owned();
                        block.name = Some(word.to_owned());
                        block.title = word.to_owned();
                        block.evidence = vec![word.to_owned()];
                    }
                }
                Block::Facts { .. } | Block::PageBreak => {}
            }
        }
        let mut found = String::new();

        visit(&document, |x, item| {
            let right = x + item.width();
            assert!(x >= Abs::mm(19.9) && right <= Abs::mm(190.1), "{:?} at {x:?}", item.text);
            found.push_str(item.text.trim());
        });

        assert!(found.matches(word).count() >= 2, "{found}");
    }
}

#[test]
fn every_format_of_logo_is_drawn() {
    let without = render(&proposal());
    let logos: [(&str, &[u8]); 5] = [
        ("image/png", include_bytes!("testdata/logo.png")),
        ("image/jpeg", include_bytes!("testdata/logo.jpg")),
        ("image/gif", include_bytes!("testdata/logo.gif")),
        ("image/webp", include_bytes!("testdata/logo.webp")),
        ("image/svg+xml", SVG.as_bytes()),
    ];
    for (media_type, bytes) in logos {
        let mut document = proposal();
        document.brand.logo = logo(media_type, bytes);

        let page = pages(&document).remove(0);

        assert!(!page.contains("NorthlightStudioProposal"), "{media_type}: {page}");
        assert_ne!(render(&document), without);
    }
}

#[test]
fn a_broken_logo_becomes_the_name() {
    let png: &[u8] = include_bytes!("testdata/logo.png");
    let mut bomb = png.to_vec();
    bomb[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
    let svg = |body: &str| {
        format!(r#"<svg xmlns="http://www.w3.org/2000/svg" width="90" height="30">{body}</svg>"#)
    };
    let broken: [(&str, Vec<u8>); 8] = [
        ("image/png", Vec::new()),
        ("image/png", b"not a picture".to_vec()),
        ("image/png", png[..60].to_vec()),
        ("image/png", bomb),
        ("image/svg+xml", b"<svg xmlns=\"http://www.w3.org/2000/svg\"><g>".to_vec()),
        ("image/svg+xml", svg(r#"<image href="/etc/passwd" width="9" height="9"/>"#).into_bytes()),
        ("image/svg+xml", vec![0x1f, 0x8b, 8, 0]),
        ("application/pdf", b"%PDF-1.4 and so on".to_vec()),
    ];
    for (media_type, bytes) in broken {
        let mut document = proposal();
        document.brand.logo = logo(media_type, &bytes);

        let page = pages(&document).remove(0);

        assert_says(&page, "Northlight Studio Proposal PRO-2026-0007");
    }
}

#[test]
fn the_same_document_gives_the_same_bytes_and_another_does_not() {
    let mut other = invoice(5);
    other.number = Some("INV-2026-0043".to_owned());

    let first = render(&invoice(5));

    render(&world());
    assert!(first == render(&invoice(5)));
    assert!(first != render(&other));
    let spelled = String::from_utf8_lossy(&first).into_owned();
    assert!(!spelled.contains("CreationDate") && !spelled.contains("CreateDate"));
}

#[test]
fn title_author_and_language_are_in_the_metadata() {
    let pdf = String::from_utf8_lossy(&render(&invoice(1))).into_owned();

    assert!(pdf.contains("Tax Invoice \u{b7} INV-2026-0042</rdf:li>"));
    assert!(pdf.contains("<rdf:li>Northlight Studio</rdf:li>"));
    assert!(pdf.contains("<rdf:li>en-AU</rdf:li>"));
    assert!(pdf.contains("<xmp:CreatorTool>Retainer</xmp:CreatorTool>"));
}

#[test]
fn documents_that_read_from_the_right_are_laid_out_from_the_right() {
    let mut document = invoice(2);
    document.language = "ar-SA".to_owned();

    let mut party = Abs::zero();
    let mut amount = Abs::zero();
    visit(&document, |x, item| {
        if item.text.contains("Harbour") {
            party = x;
        }
        if item.text.contains("2,762.00") {
            amount = x;
        }
    });

    assert!(party > Abs::mm(105.0), "{party:?}");
    assert!(amount < Abs::mm(60.0), "{amount:?}");
}

#[test]
fn a_document_with_nothing_in_it_is_still_a_document() {
    let mut document = bare("");
    document.kind_label = String::new();
    document.brand.name = String::new();
    document.language = String::new();

    assert_says(&pages(&document)[0], "Page 1 of 1");
}

#[test]
fn rows_need_not_fit_their_table_or_their_page() {
    let column = |title: &str| Column { title: title.to_owned(), align: Align::Start };
    let mut document = bare("Rows");
    document.blocks = vec![Block::Table {
        columns: vec![column("One"), column("Two")],
        rows: vec![
            vec!["short".to_owned()],
            vec!["a".to_owned(), "b".to_owned(), "too many".to_owned()],
            vec!["long ".repeat(3000), "beside".to_owned()],
            Vec::new(),
        ],
    }];

    let pages = pages(&document);

    assert!(pages.len() >= 3);
    assert_eq!(pages.concat().matches("long").count(), 3000);
    assert!(!pages.concat().contains("toomany"));
}

#[test]
fn many_threads_may_render_at_once() {
    let expected = render(&invoice(3));

    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert!(render(&invoice(3)) == expected));
        }
    });
}

#[test]
fn a_logo_is_judged_by_its_bytes() {
    let logo = Logo {
        media_type: "image/jpeg".to_owned(),
        url: String::new(),
        bytes: include_bytes!("testdata/logo.png").to_vec(),
    };

    let picture = super::Picture::read(&logo).unwrap();

    assert_eq!(picture.format, "png");
    assert!((picture.width / picture.height - 3.0).abs() < 0.01);
}
