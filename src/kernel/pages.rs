//! Templates of the server-rendered pages and of mails, compiled once at start.
//!
//! Every value is escaped by the suffix of the template's name (`.html`); an undefined variable is
//! an error, so that a template and its context cannot drift apart unseen.

use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

use crate::error::{Context, Result};

/// The compiled templates. Cheap to clone.
#[derive(Clone)]
pub struct Pages {
    environment: std::sync::Arc<Environment<'static>>,
}

impl Pages {
    /// Compiles the given templates: name and source.
    ///
    /// # Errors
    /// [`crate::error::Error::Internal`] naming the template that does not compile.
    pub fn compile(
        templates: impl IntoIterator<Item = &'static (&'static str, &'static str)>,
    ) -> Result<Self> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        for (name, source) in templates {
            environment.add_template(name, source).context("compiling a template")?;
        }
        Ok(Self { environment: std::sync::Arc::new(environment) })
    }

    /// Fills a template.
    ///
    /// # Errors
    /// [`crate::error::Error::Internal`] when there is no such template or the context lacks
    /// something.
    pub fn render(&self, name: &str, context: impl Serialize) -> Result<String> {
        self.environment
            .get_template(name)
            .and_then(|template| template.render(minijinja::value::Serde(&context)))
            .context("rendering a template")
    }
}

/// The colour of text on a background, black or white, whichever contrasts more (WCAG 2.2).
pub fn text_on(background: &str) -> &'static str {
    let channel = |range: std::ops::Range<usize>| {
        let value = background
            .get(range)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok())
            .map_or(0.0, |byte| f64::from(byte) / 255.0);
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    let luminance = 0.2126 * channel(1..3) + 0.7152 * channel(3..5) + 0.0722 * channel(5..7);
    if 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 { "#ffffff" } else { "#000000" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped_and_missing_ones_are_errors() {
        let pages =
            Pages::compile(&[("a.html", "<p>{{ name }}</p>"), ("b.html", "{{ nobody.name }}")])
                .unwrap();

        let page = pages.render("a.html", serde_json::json!({"name": "<script>"})).unwrap();

        assert_eq!(page, "<p>&lt;script&gt;</p>");
        assert!(pages.render("b.html", serde_json::json!({})).is_err());
    }

    #[test]
    fn text_is_readable_on_any_colour() {
        assert_eq!(text_on("#ffffff"), "#000000");
        assert_eq!(text_on("#4F46E5"), "#ffffff");
        assert_eq!(text_on("#F59E0B"), "#000000");
    }
}
