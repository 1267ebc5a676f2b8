//! Brand colours made fit for paper.
//!
//! An agency may choose any colour, also white or a light yellow. What is read must contrast
//! with what it is printed on by the measure of WCAG 2.2 (SC 1.4.3).

use typst::visualize::Color;

/// The least contrast of text against its background.
const READABLE: f64 = 4.5;

/// The least contrast of an ornament against paper.
const VISIBLE: f64 = 1.5;

/// An opaque sRGB colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rgb(pub(crate) u8, pub(crate) u8, pub(crate) u8);

impl Rgb {
    /// Paper.
    pub(crate) const WHITE: Self = Self(255, 255, 255);
    /// Text.
    pub(crate) const INK: Self = Self(0x1d, 0x23, 0x30);

    /// Reads `#rrggbb` or `#rgb`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.trim().strip_prefix('#')?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let number = u32::from_str_radix(digits, 16).ok()?;
        match digits.len() {
            6 => {
                let [_, r, g, b] = number.to_be_bytes();
                Some(Self(r, g, b))
            }
            3 => {
                let nibble =
                    |shift: u32| u8::try_from((number >> shift) & 0xf).ok().map(|n| n * 17);
                Some(Self(nibble(8)?, nibble(4)?, nibble(0)?))
            }
            _ => None,
        }
    }

    /// The contrast ratio of two colours, from 1 to 21.
    fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    /// This colour, darkened as far as it must be to be read on paper.
    pub(crate) fn readable(self) -> Self {
        self.darkened_to(READABLE)
    }

    /// This colour, darkened as far as it must be to be seen on paper.
    pub(crate) fn visible(self) -> Self {
        self.darkened_to(VISIBLE)
    }

    fn darkened_to(self, contrast: f64) -> Self {
        let darker = |channel: u8| u8::try_from(u16::from(channel) * 15 / 16).unwrap_or(u8::MIN);
        let mut color = self;
        while color.contrast(Self::WHITE) < contrast {
            color = Self(darker(color.0), darker(color.1), darker(color.2));
        }
        color
    }

    /// The colour of text on a field of this colour: white if that can be read, else dark.
    pub(crate) fn text_on(self) -> Self {
        if self.contrast(Self::WHITE) >= READABLE { Self::WHITE } else { Self::INK }
    }
}

impl From<Rgb> for Color {
    fn from(Rgb(r, g, b): Rgb) -> Self {
        Color::from_u8(r, g, b, 255)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_in_both_lengths_and_nothing_else_is() {
        assert_eq!(Rgb::parse("#1A2b3c"), Some(Rgb(0x1a, 0x2b, 0x3c)));
        assert_eq!(Rgb::parse(" #f0a "), Some(Rgb(0xff, 0x00, 0xaa)));
        for wrong in ["", "#", "1a2b3c", "#1a2b3", "#1a2b3c4d", "#+12345", "#ggg", "red", "#äää"]
        {
            assert_eq!(Rgb::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn light_colours_are_darkened_until_they_can_be_read() {
        let navy = Rgb(0x12, 0x2a, 0x5c);

        assert_eq!(navy.readable(), navy);
        for light in [Rgb::WHITE, Rgb(255, 240, 0), Rgb(0xaa, 0xff, 0xee)] {
            assert!(light.readable().contrast(Rgb::WHITE) >= READABLE, "{light:?}");
            assert!(light.visible().contrast(Rgb::WHITE) >= VISIBLE, "{light:?}");
        }
    }

    #[test]
    fn text_on_a_field_is_white_or_dark() {
        assert_eq!(Rgb(0x12, 0x2a, 0x5c).text_on(), Rgb::WHITE);
        assert_eq!(Rgb(255, 240, 0).text_on(), Rgb::INK);
    }
}
