//! Gradients between colours, as agencies write them in their branding.
//!
//! A gradient ends up in a style sheet and in the styles of mails. So what is read is a small part
//! of `linear-gradient()` (CSS Images Module Level 3, §3.1), and what is written is made of the
//! parsed values alone: no text of the agency's reaches a style.

use std::fmt::{self, Display, Formatter};
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// How many colours a gradient has.
const STOPS: RangeInclusive<usize> = 2..=5;

/// A whole turn.
const ANGLE_MAX: u16 = 360;

/// A linear gradient: an angle of 0 to 360 whole degrees and two to five colours, each at a whole
/// percentage or where CSS puts it.
///
/// It is read from `linear-gradient(135deg, #4F46E5, #F59E0B 60%, #1E40AF)`, blanks around the
/// parts allowed, and nothing else. It is written in one form: lower-case, one blank after a comma.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gradient {
    angle: u16,
    stops: Vec<Stop>,
}

/// A colour and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stop {
    color: [u8; 3],
    percent: Option<u16>,
}

/// A text that is no [`Gradient`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAGradient;

impl Display for NotAGradient {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("not a linear gradient of two to five colours")
    }
}

impl std::error::Error for NotAGradient {}

impl Gradient {
    /// The gradient as a part of an address, `135-4f46e5-f59e0b_60-1e40af`: for what may be kept
    /// for good because its address says what it is.
    pub fn to_address(&self) -> String {
        let stops = self.stops.iter().map(|stop| {
            let color = hex::encode(stop.color);
            match stop.percent {
                Some(percent) => format!("-{color}_{percent}"),
                None => format!("-{color}"),
            }
        });
        format!("{}{}", self.angle, stops.collect::<String>())
    }

    /// Reads what [`Gradient::to_address`] writes.
    ///
    /// # Errors
    /// [`NotAGradient`] for anything else.
    pub fn from_address(text: &str) -> Result<Self, NotAGradient> {
        let mut parts = text.split('-');
        let angle = parts.next().and_then(|digits| number(digits, ANGLE_MAX));
        Self::new(
            angle,
            parts.map(|part| match part.split_once('_') {
                Some((color, percent)) => Stop::new(color, Some(percent)),
                None => Stop::new(part, None),
            }),
        )
    }

    fn new(
        angle: Option<u16>,
        stops: impl Iterator<Item = Option<Stop>>,
    ) -> Result<Self, NotAGradient> {
        // One more than are allowed is enough to see that they are too many.
        let stops: Option<Vec<Stop>> = stops.take(STOPS.end() + 1).collect();
        match (angle, stops) {
            (Some(angle), Some(stops)) if STOPS.contains(&stops.len()) => Ok(Self { angle, stops }),
            _ => Err(NotAGradient),
        }
    }
}

impl Stop {
    /// Six hexadecimal digits, and the digits of a percentage.
    fn new(color: &str, percent: Option<&str>) -> Option<Self> {
        let mut bytes = [0; 3];
        hex::decode_to_slice(color, &mut bytes).ok()?;
        let percent = match percent {
            Some(digits) => Some(number(digits, 100)?),
            None => None,
        };
        Some(Self { color: bytes, percent })
    }

    /// `#rrggbb` or `#rrggbb n%`.
    fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('#')?;
        match text.split_once(' ') {
            Some((color, percent)) => {
                Self::new(color, Some(percent.trim_start_matches(' ').strip_suffix('%')?))
            }
            None => Self::new(text, None),
        }
    }
}

/// One to three digits, at most `max`.
fn number(digits: &str, max: u16) -> Option<u16> {
    let plain = (1..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten().filter(|number| *number <= max)
}

impl FromStr for Gradient {
    type Err = NotAGradient;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let inner = text
            .trim_matches(' ')
            .strip_prefix("linear-gradient(")
            .and_then(|rest| rest.strip_suffix(')'))
            .ok_or(NotAGradient)?;
        let mut parts = inner.split(',').map(|part| part.trim_matches(' '));
        let angle = parts.next().and_then(|part| number(part.strip_suffix("deg")?, ANGLE_MAX));
        Self::new(angle, parts.map(Stop::parse))
    }
}

impl Display for Gradient {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "linear-gradient({}deg", self.angle)?;
        for Stop { color, percent } in &self.stops {
            write!(f, ", #{}", hex::encode(color))?;
            if let Some(percent) = percent {
                write!(f, " {percent}%")?;
            }
        }
        f.write_str(")")
    }
}

impl Serialize for Gradient {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A rule for garde: a [`Gradient`], or nothing but blanks.
///
/// # Errors
/// A message for people.
pub fn check_optional_gradient(text: &str, _: &()) -> garde::Result {
    if text.trim_matches(' ').is_empty() || text.parse::<Gradient>().is_ok() {
        return Ok(());
    }
    Err(garde::Error::new(
        "is not a gradient of 2 to 5 colours like linear-gradient(135deg, #4F46E5, #F59E0B 60%)",
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Every character that a style may be given.
    const ALLOWED: &str = "abcdefghijklmnopqrstuvwxyz0123456789#(),%- ";

    /// What a style sheet is given for a text, if it is given anything; checked to be the one form.
    fn printed(text: &str) -> Option<String> {
        let gradient = text.parse::<Gradient>().ok()?;
        let css = gradient.to_string();
        assert!(css.chars().all(|c| ALLOWED.contains(c)), "{css}");
        assert!(css.starts_with("linear-gradient(") && css.ends_with(')'), "{css}");
        assert_eq!(css.matches(['(', ')']).count(), 2, "{css}");
        assert!(css.len() <= 100, "{css}");
        assert_eq!(css.parse().as_ref(), Ok(&gradient));
        let address = gradient.to_address();
        assert!(address.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
        assert_eq!(Gradient::from_address(&address).as_ref(), Ok(&gradient));
        Some(css)
    }

    fn good() -> impl Strategy<Value = String> {
        let stop = "#[0-9a-fA-F]{6}( {1,2}(0{0,2}[0-9]|0?[1-9][0-9]|100)%)?";
        let stops = proptest::collection::vec(stop, 2..=5);
        (0_u16..=360, stops, " {0,2}", " {0,2}").prop_map(|(angle, stops, before, after)| {
            let stops = stops.join(&format!("{before},{after}"));
            format!(
                "{before}linear-gradient({after}{angle}deg{before},{after}{stops}{before}){after}"
            )
        })
    }

    proptest! {
        #[test]
        fn whatever_is_read_nothing_else_is_written(text in ".{0,200}") {
            let _ = printed(&text);
            let _ = Gradient::from_address(&text);
        }

        #[test]
        fn what_looks_like_one_is_read_exactly(
            angle in 0_u16..=999,
            stops in proptest::collection::vec(("[0-9a-f]{6}", proptest::option::of(0_u16..=120)), 0..8),
        ) {
            let parts: String = stops
                .iter()
                .map(|(color, percent)| match percent {
                    Some(percent) => format!(", #{color} {percent}%"),
                    None => format!(", #{color}"),
                })
                .collect();
            let text = format!("linear-gradient({angle}deg{parts})");
            let right = angle <= 360
                && STOPS.contains(&stops.len())
                && stops.iter().all(|(_, percent)| percent.is_none_or(|percent| percent <= 100));

            prop_assert_eq!(printed(&text), right.then_some(text));
        }

        #[test]
        fn blanks_and_capitals_are_the_agency_s_business(text in good()) {
            prop_assert!(printed(&text).is_some());
        }

        #[test]
        fn a_good_one_with_something_in_it_is_never_more_than_one(
            text in good(),
            place in any::<prop::sample::Index>(),
            inserted in prop_oneof![".", "[;{}<>\"'/\\\\*:@()&!]", Just("url(//x)".to_owned())],
        ) {
            let mut places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            places.push(text.len());
            let (before, after) = text.split_at(places[place.index(places.len())]);

            let _ = printed(&format!("{before}{inserted}{after}"));
        }
    }

    #[test]
    fn a_gradient_is_written_in_one_form() {
        let written = " linear-gradient( 045deg ,#4F46E5,  #F59E0B   060% , #1E40AF ) ";

        let css = printed(written);

        assert_eq!(css.as_deref(), Some("linear-gradient(45deg, #4f46e5, #f59e0b 60%, #1e40af)"));
        let gradient = written.parse::<Gradient>().unwrap();
        assert_eq!(gradient.to_address(), "45-4f46e5-f59e0b_60-1e40af");
        assert_eq!(serde_json::to_value(&gradient).unwrap(), css.unwrap());
    }

    #[test]
    fn the_rest_of_css_is_refused() {
        for text in [
            "",
            "#4f46e5",
            "linear-gradient(#000000, #ffffff)",
            "linear-gradient(to right, #000000, #ffffff)",
            "linear-gradient(90deg, #000000)",
            "linear-gradient(90deg, #000000, 50%, #ffffff)",
            "linear-gradient(90deg, #000000, #ffffff,)",
            "linear-gradient(90deg, #000, #fff)",
            "linear-gradient(90deg, #000000 0% 10%, #ffffff)",
            "linear-gradient(90deg, #000000 10px, #ffffff)",
            "linear-gradient(90deg, #00000080, #ffffff)",
            "linear-gradient(90deg, red, #ffffff)",
            "linear-gradient(90, #000000, #ffffff)",
            "linear-gradient(-90deg, #000000, #ffffff)",
            "linear-gradient(+90deg, #000000, #ffffff)",
            "linear-gradient(0.5turn, #000000, #ffffff)",
            "linear-gradient(361deg, #000000, #ffffff)",
            "linear-gradient(90deg, #000000 101%, #ffffff)",
            "linear-gradient(90deg, #000000\n, #ffffff)",
            "linear-gradient(９０deg, #000000, #ffffff)",
            "repeating-linear-gradient(90deg, #000000, #ffffff)",
            "linear-gradient(90deg, #000000, #ffffff), url(https://example.com)",
            "linear-gradient(90deg, #000000, #ffffff); color: red",
            "linear-gradient(90deg, #000000, #ffffff) /* ) */",
        ] {
            assert_eq!(printed(text), None, "{text}");
        }
    }

    #[test]
    fn nothing_is_no_gradient_and_no_mistake() {
        assert!(check_optional_gradient("  ", &()).is_ok());
        assert!(check_optional_gradient("linear-gradient(0deg, #000000, #ffffff)", &()).is_ok());
        assert!(check_optional_gradient("none", &()).is_err());
    }
}
