//! What branding takes and answers.

use entity::{agency, file};
use garde::Validate;
use kernel::gradient::check_optional_gradient;
use kernel::http::not_null;
use kernel::text::check_color;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Changes of an agency's colours and gradient.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({"primary_color": "#0F766E", "accent_color": "#F59E0B"}))]
pub struct BrandingPatch {
    /// `#rrggbb`.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(check_color)))]
    pub primary_color: Option<String>,
    /// `#rrggbb`.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(check_color)))]
    pub secondary_color: Option<String>,
    /// `#rrggbb`.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(check_color)))]
    pub accent_color: Option<String>,
    /// `linear-gradient(<angle>deg, #rrggbb, #rrggbb)` with 2 to 5 colours, each with a percentage
    /// after it or without; degrees and percentages are whole, 0 to 360 and 0 to 100. Empty takes
    /// the gradient away. Setting one needs the feature `custom_branding`.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(check_optional_gradient)))]
    #[schema(example = "linear-gradient(135deg, #0f766e, #f59e0b 60%)")]
    pub accent_gradient: Option<String>,
}

/// The look of an agency.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "primary_color": "#0F766E",
    "secondary_color": "#1E40AF",
    "accent_color": "#F59E0B",
    "accent_gradient": "linear-gradient(135deg, #0f766e, #f59e0b 60%)",
    "logo": {"url": "/assets/logos/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "content_type": "image/png"},
}))]
pub struct BrandingView {
    /// `#rrggbb`.
    pub primary_color: String,
    /// `#rrggbb`.
    pub secondary_color: String,
    /// `#rrggbb`.
    pub accent_color: String,
    /// A CSS `linear-gradient()` behind the head of pages and mails; may be empty. It is shown only
    /// while the agency's plan has `custom_branding`, and kept meanwhile.
    pub accent_gradient: String,
    /// The logo, if there is one.
    pub logo: Option<LogoView>,
}

/// A logo.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"url": "/assets/logos/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "content_type": "image/png"}))]
pub struct LogoView {
    /// Its public path on this server; what is found there never changes.
    pub url: String,
    /// Its type.
    pub content_type: String,
}

impl BrandingView {
    /// The look of an agency with the given logo.
    pub fn new(agency: &agency::Model, logo: Option<&file::Model>) -> Self {
        Self {
            primary_color: agency.primary_color.clone(),
            secondary_color: agency.secondary_color.clone(),
            accent_color: agency.accent_color.clone(),
            accent_gradient: agency.accent_gradient.clone(),
            logo: logo.map(|file| LogoView {
                url: format!("/assets/logos/{}", file.sha256),
                content_type: file.content_type.clone(),
            }),
        }
    }
}

/// The bytes of a PNG, JPEG, GIF or WebP image.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "describes a request body in the OpenAPI document")]
pub struct ImageBytes(Vec<u8>);
