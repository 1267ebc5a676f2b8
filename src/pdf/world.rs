//! What the template can see: itself, the fonts, and the document. Nothing else exists.

use std::path::PathBuf;
use std::sync::OnceLock;

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Dict, Duration};
use typst::syntax::{FileId, Source};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};

/// The layout of every document.
const TEMPLATE: &str = include_str!("template.typ");

macro_rules! fonts {
    ($($file:literal),* $(,)?) => {
        &[$(include_bytes!(concat!("fonts/", $file))),*]
    };
}

/// The font files; `fonts/LICENSES.md` says whose they are.
///
/// They stay in the executable's read-only pages: only the parts that a document uses are ever
/// brought into memory.
static FONT_FILES: &[&[u8]] = fonts![
    "Inter-Regular.ttf",
    "Inter-Medium.ttf",
    "Inter-SemiBold.ttf",
    "NotoSansArabic-Regular.ttf",
    "NotoSansArabic-Bold.ttf",
    "NotoSansHebrew-Regular.ttf",
    "NotoSansHebrew-Bold.ttf",
    "NotoSansDevanagari-Regular.ttf",
    "NotoSansDevanagari-Bold.ttf",
    "NotoSansThai-Regular.ttf",
    "NotoSansThai-Bold.ttf",
    "NotoSansArmenian-Regular.ttf",
    "NotoSansGeorgian-Regular.ttf",
    "NotoSansBengali-Regular.ttf",
    "NotoSansTamil-Regular.ttf",
    "NotoSansGujarati-Regular.ttf",
    "NotoSansGurmukhi-Regular.ttf",
    "NotoSansTelugu-Regular.ttf",
    "NotoSansKannada-Regular.ttf",
    "NotoSansMalayalam-Regular.ttf",
    "NotoSansSinhala-Regular.ttf",
    "NotoSansKhmer-Regular.ttf",
    "NotoSansLao-Regular.ttf",
    "NotoSansMyanmar-Regular.ttf",
    "NotoSansCJKkr-Hangul.otf",
    "DroidSansFallbackFull.ttf",
    "NotoEmoji-Regular.ttf",
];

/// What all documents share.
pub(crate) struct Assets {
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    template: Source,
}

/// The shared assets, loaded by whoever asks first.
pub(crate) fn assets() -> &'static Assets {
    static ASSETS: OnceLock<Assets> = OnceLock::new();
    ASSETS.get_or_init(|| {
        let fonts: Vec<Font> =
            FONT_FILES.iter().flat_map(|file| Font::iter(Bytes::new(*file))).collect();
        Assets {
            book: LazyHash::new(FontBook::from_fonts(&fonts)),
            fonts,
            template: Source::detached(TEMPLATE),
        }
    })
}

/// One document's world: the shared assets, and the document as `sys.inputs`.
pub(crate) struct Paper {
    assets: &'static Assets,
    library: LazyHash<Library>,
}

impl Paper {
    /// Puts the document where the template can read it.
    pub(crate) fn new(inputs: Dict) -> Self {
        let library = Library::builder().with_inputs(inputs).build();
        Self { assets: assets(), library: LazyHash::new(library) }
    }
}

impl World for Paper {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.assets.book
    }

    fn main(&self) -> FileId {
        self.assets.template.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.assets.template.id() { Ok(self.assets.template.clone()) } else { no_file() }
    }

    fn file(&self, _id: FileId) -> FileResult<Bytes> {
        no_file()
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.assets.fonts.get(index).cloned()
    }

    /// There is no today: the same document must give the same bytes tomorrow.
    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}

fn no_file<T>() -> FileResult<T> {
    Err(FileError::NotFound(PathBuf::new()))
}
