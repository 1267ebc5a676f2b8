//! Logos, checked before the template sees them.

use kernel::ports::print::Logo;
use typst::foundations::Bytes;
use typst::visualize::{
    ExchangeFormat, ImageFormat, RasterFormat, RasterImage, SvgImage, VectorFormat,
};

/// A picture with more pixels than this is not decoded: four bytes each would be 64 MiB.
const MAX_PIXELS: usize = 16 * 1024 * 1024;

/// A file longer than this is not read.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// The largest picture of the letterhead, in points: 62 mm by 17 mm.
const MAX_WIDTH: f64 = 175.7;
const MAX_HEIGHT: f64 = 48.2;

/// A logo that can be drawn.
pub(crate) struct Picture {
    /// The file as it came.
    pub(crate) bytes: Bytes,
    /// Its format by the template's name for it.
    pub(crate) format: &'static str,
    /// Width on paper, in points.
    pub(crate) width: f64,
    /// Height on paper, in points.
    pub(crate) height: f64,
}

impl Picture {
    /// Reads a logo; `None` if it is broken, too large or of a format that is not printed.
    ///
    /// The format is the one the bytes say, not the media type: a PNG sent as JPEG still prints.
    pub(crate) fn read(logo: &Logo) -> Option<Self> {
        if logo.bytes.len() > MAX_BYTES {
            return None;
        }
        let bytes = Bytes::new(logo.bytes.clone());
        let (format, width, height) = match ImageFormat::detect(&bytes)? {
            ImageFormat::Raster(RasterFormat::Exchange(format)) => {
                let size = imagesize::blob_size(&bytes).ok()?;
                if size.width.checked_mul(size.height)? > MAX_PIXELS {
                    return None;
                }
                let image = RasterImage::plain(bytes.clone(), format).ok()?;
                let name = match format {
                    ExchangeFormat::Png => "png",
                    ExchangeFormat::Jpg => "jpg",
                    ExchangeFormat::Gif => "gif",
                    ExchangeFormat::Webp => "webp",
                };
                (name, f64::from(image.width()), f64::from(image.height()))
            }
            // A compressed SVG may unfold without end; only plain text is read.
            ImageFormat::Vector(VectorFormat::Svg) if std::str::from_utf8(&bytes).is_ok() => {
                let image = SvgImage::new(bytes.clone()).ok()?;
                ("svg", image.width(), image.height())
            }
            _ => return None,
        };
        let scale = (MAX_WIDTH / width).min(MAX_HEIGHT / height);
        let (width, height) = (width * scale, height * scale);
        // A sliver or a speck is no logo. The comparison is false for what is no number.
        (width >= 4.0 && height >= 4.0).then_some(Self { bytes, format, width, height })
    }
}
