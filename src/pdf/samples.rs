//! Documents as the sales area lays them out.

use kernel::ports::print::*;

/// A small SVG logo.
pub(super) const SVG: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 60" width="240" height="60">
<circle cx="30" cy="30" r="26" fill="#0f4c5c"/><path d="M18 40 30 16l12 24z" fill="#f2a541"/>
<rect x="72" y="16" width="150" height="10" rx="5" fill="#0f4c5c"/><rect x="72" y="34" width="96" height="10" rx="5" fill="#9db4b9"/></svg>"##;

pub(super) fn logo(media_type: &str, bytes: &[u8]) -> Option<Logo> {
    Some(Logo {
        media_type: media_type.to_owned(),
        url: "https://cdn.example.test/logo".to_owned(),
        bytes: bytes.to_vec(),
    })
}

fn strings(items: &[&str]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}

pub(super) fn party(label: &str, name: &str, lines: &[&str]) -> Party {
    Party { label: label.to_owned(), name: name.to_owned(), lines: strings(lines) }
}

pub(super) fn heading(text: &str) -> Block {
    Block::Heading { text: text.to_owned() }
}

pub(super) fn text(text: &str) -> Block {
    Block::Text { text: text.to_owned() }
}

fn column(title: &str, align: Align) -> Column {
    Column { title: title.to_owned(), align }
}

fn total(label: &str, amount: &str, strong: bool) -> TotalLine {
    TotalLine { label: label.to_owned(), amount: amount.to_owned(), strong }
}

/// A document with nothing in it that could be left out.
pub(super) fn bare(title: &str) -> PrintDocument {
    PrintDocument {
        language: "en-AU".to_owned(),
        kind_label: "Proposal".to_owned(),
        title: title.to_owned(),
        number: None,
        mark: None,
        brand: Brand {
            name: "Northlight Studio".to_owned(),
            primary_color: "#0f4c5c".to_owned(),
            secondary_color: "#17343d".to_owned(),
            accent_color: "#f2a541".to_owned(),
            accent_gradient: None,
            logo: None,
            show_powered_by: false,
        },
        from: Party::default(),
        to: Party::default(),
        facts: Vec::new(),
        blocks: Vec::new(),
        footer: String::new(),
    }
}

fn studio() -> Party {
    party(
        "From",
        "Northlight Studio Pty Ltd",
        &[
            "Level 3, 118 Harbour Street",
            "Sydney NSW 2000",
            "hello@northlight.test",
            "ABN 51 824 753 556",
        ],
    )
}

pub(super) fn invoice(lines: usize) -> PrintDocument {
    let services = [
        "Website maintenance\nSecurity updates, backups and uptime monitoring",
        "Content editing",
        "Search engine optimisation\nKeyword research and monthly report",
        "Design support, 4 hours",
        "Hosting, business plan",
    ];
    let rows = services.iter().cycle().take(lines).enumerate().map(|(index, service)| {
        let quantity = index % 4 + 1;
        vec![
            format!("{service}"),
            quantity.to_string(),
            "$120.00".to_owned(),
            "10%".to_owned(),
            format!("${}.00", quantity * 120),
        ]
    });
    PrintDocument {
        kind_label: "Tax Invoice".to_owned(),
        number: Some("INV-2026-0042".to_owned()),
        brand: Brand {
            logo: logo("image/svg+xml", SVG.as_bytes()),
            show_powered_by: true,
            ..bare("").brand
        },
        from: studio(),
        to: party("Bill to", "Acme Manufacturing Pty Ltd", &["Attn: Grace Hopper", "27 Collins Street", "Melbourne VIC 3000", "accounts@acme.test"]),
        facts: vec![
            Fact::new("Issue date", "3 February 2026"),
            Fact::new("Due date", "17 February 2026"),
            Fact::new("Terms", "Net 14 days"),
            Fact::new("Reference", "PO 7781"),
        ],
        blocks: vec![
            Block::Table {
                columns: vec![
                    column("Description", Align::Start),
                    column("Qty", Align::End),
                    column("Unit price", Align::End),
                    column("GST", Align::End),
                    column("Amount", Align::End),
                ],
                rows: rows.collect(),
            },
            Block::Totals {
                lines: vec![
                    total("Subtotal", "$3,600.00", false),
                    total("Discount (5%)", "-$180.00", false),
                    total("GST 10%", "$342.00", false),
                    total("Total", "$3,762.00", true),
                    total("Paid", "-$1,000.00", false),
                    total("Amount due", "$2,762.00", true),
                ],
            },
            heading("How to pay"),
            Block::Facts {
                items: vec![
                    Fact::new("Account name", "Northlight Studio Pty Ltd"),
                    Fact::new("BSB", "062-000"),
                    Fact::new("Account number", "1234 5678"),
                    Fact::new("Pay online", "https://pay.northlight.test/i/8f14e45fceea167a5a36dedd4bea2543"),
                ],
            },
            text("Thank you for your business. Please use the invoice number as the payment reference."),
        ],
        footer: "Northlight Studio Pty Ltd, ABN 51 824 753 556. Overdue amounts bear interest at 8% a year.".to_owned(),
        ..bare("Tax Invoice")
    }
}

pub(super) fn proposal() -> PrintDocument {
    PrintDocument {
        number: Some("PRO-2026-0007".to_owned()),
        mark: Some(Mark { text: "DRAFT".to_owned(), tone: Tone::Neutral }),
        brand: Brand { show_powered_by: true, ..bare("").brand },
        from: studio(),
        to: party("Prepared for", "Fjord & Fern GmbH", &["Ada Lovelace", "ada@fjordfern.test"]),
        facts: vec![
            Fact::new("Date", "3 February 2026"),
            Fact::new("Valid until", "3 March 2026"),
            Fact::new("Project", "Website redesign"),
        ],
        blocks: vec![
            heading("Summary"),
            text(
                "Fjord & Fern sells outdoor furniture made in Tromsø. Visitors like the products, but seven of ten leave before they have seen a price.\n\nWe propose to rebuild the shop around three questions that buyers ask first:\n- What does it cost, delivered to my door?\n- How long will it last outside, and who mends it if it does not, for how many years, and at whose expense when the piece has to travel?\n- When is it here?\n\nThe rest of this document says what we will do, by when, and for how much.",
            ),
            heading("What you get"),
            Block::Bullets {
                items: strings(&[
                    "A design system with 24 components, in light and dark",
                    "A shop of about 40 pages, in three languages",
                    "Training for your editors, two half days",
                ]),
            },
            heading("Timeline"),
            Block::Table {
                columns: vec![
                    column("Phase", Align::Start),
                    column("What happens", Align::Start),
                    column("Weeks", Align::End),
                ],
                rows: vec![
                    vec![
                        "Discover".to_owned(),
                        "Interviews with five customers, review of analytics, content inventory"
                            .to_owned(),
                        "2".to_owned(),
                    ],
                    vec![
                        "Design".to_owned(),
                        "Two directions, one chosen and worked out for all page types".to_owned(),
                        "4".to_owned(),
                    ],
                    vec![
                        "Build".to_owned(),
                        "Implementation, migration of 380 products, accessibility audit".to_owned(),
                        "6".to_owned(),
                    ],
                    vec![
                        "Launch".to_owned(),
                        "Switch-over, monitoring, two weeks of support".to_owned(),
                        "2".to_owned(),
                    ],
                ],
            },
            heading("Investment"),
            Block::Table {
                columns: vec![
                    column("Item", Align::Start),
                    column("Quantity", Align::End),
                    column("Price", Align::End),
                    column("Amount", Align::End),
                ],
                rows: vec![
                    vec![
                        "Design\nDirection, system, all page types".to_owned(),
                        "1".to_owned(),
                        "€14,500.00".to_owned(),
                        "€14,500.00".to_owned(),
                    ],
                    vec![
                        "Development\nShop, search, checkout, migration".to_owned(),
                        "1".to_owned(),
                        "€22,000.00".to_owned(),
                        "€22,000.00".to_owned(),
                    ],
                    vec![
                        "Care plan, per month".to_owned(),
                        "12".to_owned(),
                        "€480.00".to_owned(),
                        "€5,760.00".to_owned(),
                    ],
                ],
            },
            Block::Totals {
                lines: vec![
                    total("Subtotal", "€42,260.00", false),
                    total("VAT 19%", "€8,029.40", false),
                    total("Total", "€50,289.40", true),
                ],
            },
            heading("Terms"),
            text(
                "One third is due on acceptance, one third when the design is approved, the rest at launch.",
            ),
            heading("Acceptance"),
            text("By signing you accept this proposal and the terms above."),
            Block::Signatures {
                blocks: vec![SignatureBlock {
                    role: "For Fjord & Fern GmbH".to_owned(),
                    name: None,
                    title: String::new(),
                    signed_at: None,
                    evidence: Vec::new(),
                }],
            },
        ],
        ..bare("A shop that answers before it is asked")
    }
}

pub(super) fn contract() -> PrintDocument {
    let clause = "The Agency will perform the Services with the care and skill that may be expected of an experienced provider. The Client will give the Agency the information, access and decisions that it needs in good time; a delay of the Client moves the dates of the Agency by as much.\n\nEither party may end this agreement by giving thirty days' notice in writing. Work done until then is paid at the agreed rates.";
    let mut blocks = Vec::new();
    for (index, title) in [
        "Services",
        "Fees and payment",
        "Intellectual property",
        "Confidentiality",
        "Liability",
        "Term and termination",
        "General",
    ]
    .iter()
    .enumerate()
    {
        blocks.push(heading(&format!("{}. {title}", index + 1)));
        blocks.push(text(clause));
    }
    blocks.push(heading("Signatures"));
    blocks.push(Block::Signatures {
        blocks: vec![
            SignatureBlock {
                role: "For Northlight Studio Pty Ltd".to_owned(),
                name: Some("Katherine Johnson".to_owned()),
                title: "Director".to_owned(),
                signed_at: Some("3 February 2026, 10:22 UTC".to_owned()),
                evidence: strings(&[
                    "Signed from 203.0.113.7",
                    "SHA-256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                ]),
            },
            SignatureBlock {
                role: "For Acme Manufacturing Pty Ltd".to_owned(),
                name: Some("Grace Hopper".to_owned()),
                title: "Head of Operations".to_owned(),
                signed_at: None,
                evidence: Vec::new(),
            },
        ],
    });
    PrintDocument {
        kind_label: "Contract".to_owned(),
        number: Some("CON-2026-0003".to_owned()),
        mark: Some(Mark { text: "SIGNED 3 February 2026".to_owned(), tone: Tone::Positive }),
        from: studio(),
        to: party(
            "Client",
            "Acme Manufacturing Pty Ltd",
            &["Attn: Grace Hopper", "27 Collins Street", "Melbourne VIC 3000"],
        ),
        facts: vec![
            Fact::new("Effective", "3 February 2026"),
            Fact::new("Initial term", "12 months"),
        ],
        blocks,
        footer:
            "This document was signed electronically. The evidence above identifies each signature."
                .to_owned(),
        ..bare("Master services agreement")
    }
}

/// A name in each of the scripts that documents may be written in.
pub(super) const NAMES: &[(&str, &str)] = &[
    ("Latin", "Žofie Łukasiewicz-Ångström"),
    ("Greek", "Ελένη Παπαδοπούλου"),
    ("Cyrillic", "Наталія Ґонґадзе"),
    ("Vietnamese", "Nguyễn Thị Phượng"),
    ("Arabic", "شركة النور للتصميم"),
    ("Hebrew", "סטודיו אור הצפון"),
    ("Devanagari", "श्रीमती प्रियंका शर्मा"),
    ("Thai", "บริษัท แสงเหนือ จำกัด"),
    ("Chinese", "北光设计有限公司 繁體中文"),
    ("Japanese", "株式会社ノースライト・あかり"),
    ("Korean", "노스라이트 스튜디오 주식회사"),
    ("Armenian", "Հայկ Հակոբյան"),
    ("Georgian", "ნინო ბერიძე"),
    ("Bengali", "রবীন্দ্রনাথ ঠাকুর"),
    ("Tamil", "தமிழ்ச்செல்வி முருகன்"),
    ("Emoji", "Launch 🚀 done ✅ ★"),
];

pub(super) fn world() -> PrintDocument {
    let rows =
        NAMES.iter().map(|(script, name)| strings(&[script, name, "₹1,23,456.00"])).collect();
    PrintDocument {
        kind_label: "Contract".to_owned(),
        number: Some("№ 2026-Ω".to_owned()),
        mark: Some(Mark { text: "ΠΛΗΡΩΜΈΝΟ".to_owned(), tone: Tone::Negative }),
        brand: Brand {
            name: "株式会社ノースライト".to_owned(),
            primary_color: "#ffe600".to_owned(),
            secondary_color: "#fff3b0".to_owned(),
            accent_color: "hotpink".to_owned(),
            accent_gradient: None,
            logo: None,
            show_powered_by: true,
        },
        from: party("From", "শিউলি ডিজাইন", &["ঢাকা ১২০৫"]),
        to: party("Prepared for", "شركة النور للتصميم", &["شارع الملك فهد 12", "الرياض"]),
        blocks: vec![
            Block::Table {
                columns: vec![
                    column("Script", Align::Start),
                    column("Name", Align::Start),
                    column("Amount", Align::End),
                ],
                rows,
            },
            heading("テスト・Пример"),
            text(
                "هذا عقد بين الطرفين (Acme Pty Ltd) بمبلغ 1,234.50 ريال.\n- البند الأول\n- البند الثاني\n\nשלום עולם, זהו מסמך לדוגמה.\n\n我们将为您重新设计网站，包括三种语言的商店、编辑培训以及两周的支持服务。付款分三期进行，第一期在接受报价时支付，第二期在设计批准时支付，其余在上线时支付。",
            ),
            Block::Signatures {
                blocks: vec![SignatureBlock {
                    role: "代表".to_owned(),
                    name: Some("山田 太郎".to_owned()),
                    title: "代表取締役".to_owned(),
                    signed_at: Some("2026年2月3日".to_owned()),
                    evidence: vec![],
                }],
            },
        ],
        ..bare("Διεθνής Договор 契約書 계약서")
    }
}
