//! Which image some bytes are. What the sender says they are is not believed.

use imagesize::ImageType;
use kernel::error::{Error, Result};

/// An image with more pixels is not taken: decoded, it would fill the memory of whoever shows it.
const MAX_PIXELS: usize = 16 * 1024 * 1024;

/// The media type of an image that is taken: PNG, JPEG, GIF or WebP.
///
/// # Errors
/// [`Error::UnsupportedMediaType`] for anything else; [`Error::Validation`] for an image that is
/// broken or too large.
pub(super) fn media_type(bytes: &[u8]) -> Result<&'static str> {
    let media_type = match imagesize::image_type(bytes) {
        Ok(ImageType::Png) => "image/png",
        Ok(ImageType::Jpeg) => "image/jpeg",
        Ok(ImageType::Gif) => "image/gif",
        Ok(ImageType::Webp) => "image/webp",
        _ => {
            let expected = "image/png, image/jpeg, image/gif or image/webp";
            return Err(Error::UnsupportedMediaType { expected });
        }
    };
    let size = imagesize::blob_size(bytes)
        .map_err(|_| Error::invalid("", "invalid", "the image is broken; export it anew"))?;
    let pixels = size.width.saturating_mul(size.height);
    if pixels == 0 || pixels > MAX_PIXELS {
        return Err(Error::invalid("", "out_of_range", "must have at most 16 million pixels"));
    }
    Ok(media_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The head of a PNG of the given size.
    fn png(width: u32, height: u32) -> Vec<u8> {
        let head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        [&head[..], &width.to_be_bytes(), &height.to_be_bytes(), b"\x08\x06\0\0\0"].concat()
    }

    #[test]
    fn images_are_known_by_their_bytes() {
        assert_eq!(media_type(&png(320, 80)).unwrap(), "image/png");
        assert_eq!(media_type(b"GIF89a\x10\0\x10\0\x80\0\0").unwrap(), "image/gif");
    }

    #[test]
    fn what_is_no_image_is_refused() {
        for bytes in [&b""[..], b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", b"BM"] {
            assert_eq!(media_type(bytes).unwrap_err().status(), 415);
        }
    }

    #[test]
    fn an_image_without_end_is_refused() {
        assert_eq!(media_type(&png(100_000, 100_000)).unwrap_err().status(), 422);
        assert_eq!(media_type(&png(0, 10)).unwrap_err().status(), 422);
        assert_eq!(media_type(&png(320, 80)[..18]).unwrap_err().status(), 422);
    }
}
