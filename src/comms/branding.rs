//! One resolver of an agency's look, for pages, PDF and mail alike (spec R-31).

use entity::{agency, file, profile};
use kernel::error::{Error, Result};
use kernel::gradient::Gradient;
use kernel::ports::print::{Brand, Logo};
use kernel::tenancy::Feature;
use kernel::{App, TenantContext};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;

/// Colours of the product's own pages and of agencies that chose none.
pub const DEFAULT_COLORS: [&str; 3] = ["#4F46E5", "#1E40AF", "#F59E0B"];

/// An agency as outsiders may see it: nothing here is secret.
#[derive(Clone, Debug)]
pub struct Branding {
    /// Name, colours and logo.
    pub brand: Brand,
    /// The public contact.
    pub email: String,
    /// The public contact.
    pub phone: String,
    /// The public contact.
    pub website: String,
    /// The business details behind the brand.
    pub profile: profile::Model,
}

impl Branding {
    /// Reads the agency's look; the logo without its bytes.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the agency is gone; those of the database.
    pub async fn load(context: &TenantContext) -> Result<Self> {
        let by_id = agency::Column::Id.eq(context.agency_id());
        let agency = context
            .platform("the agency's own row")
            .one(agency::Entity::find().filter(by_id))
            .await?
            .ok_or(Error::NotFound)?;
        let db = context.db();
        let profile = db.one(profile::Entity::find()).await?.ok_or(Error::NotFound)?;
        let logo = match profile.logo_file_id {
            Some(id) => db.find::<file::Entity>(id).await?.map(|file| Logo {
                media_type: file.content_type,
                url: format!("/assets/logos/{}", file.sha256),
                bytes: Vec::new(),
            }),
            None => None,
        };
        // Kept through a smaller plan, and shown again with the next larger one.
        let accent_gradient = if context.plan().has(Feature::CustomBranding) {
            agency.accent_gradient.parse().ok()
        } else {
            None
        };
        let name = if profile.trading_name.is_empty() {
            agency.name
        } else {
            profile.trading_name.clone()
        };
        Ok(Self {
            brand: Brand {
                name,
                primary_color: agency.primary_color,
                secondary_color: agency.secondary_color,
                accent_color: agency.accent_color,
                accent_gradient,
                logo,
                show_powered_by: !context.plan().has(Feature::WhiteLabel),
            },
            email: agency.email,
            phone: agency.phone,
            website: agency.website,
            profile,
        })
    }

    /// The look with the logo's bytes, for engines that cannot fetch.
    ///
    /// # Errors
    /// Those of the file store. A logo whose file is missing is left out.
    pub async fn with_logo_bytes(mut self, context: &TenantContext) -> Result<Self> {
        let Some(id) = self.profile.logo_file_id else { return Ok(self) };
        let bytes = match context.db().find::<file::Entity>(id).await? {
            Some(file) => context.app().blobs().get(&file.file_key).await?,
            None => None,
        };
        match (&mut self.brand.logo, bytes) {
            (Some(logo), Some(bytes)) => logo.bytes = bytes,
            (logo, _) => *logo = None,
        }
        Ok(self)
    }

    /// The name under which the agency does business by law.
    pub fn legal_name(&self) -> &str {
        if self.profile.legal_entity_name.is_empty() {
            &self.brand.name
        } else {
            &self.profile.legal_entity_name
        }
    }

    /// The postal address, line by line, without empty ones.
    pub fn address_lines(&self) -> Vec<String> {
        let profile = &self.profile;
        let town = [&profile.city, &profile.state, &profile.postcode]
            .into_iter()
            .filter(|part| !part.is_empty())
            .cloned()
            .collect::<Vec<_>>()
            .join(" ");
        let mut lines = vec![profile.address_line_1.clone(), profile.address_line_2.clone(), town];
        if lines.iter().any(|line| !line.is_empty()) {
            lines.push(profile.country.clone());
        }
        lines.retain(|line| !line.is_empty());
        lines
    }

    /// How to reach the agency, line by line, without empty ones.
    pub fn contact_lines(&self) -> Vec<String> {
        let mut lines = vec![self.email.clone(), self.phone.clone(), self.website.clone()];
        lines.retain(|line| !line.is_empty());
        lines
    }

    /// Where notices of what clients did go: the agency's address, else its owner's.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn notice_address(&self, context: &TenantContext) -> Result<Option<String>> {
        use entity::membership::{self, Role};
        use entity::user;

        if !self.email.is_empty() {
            return Ok(Some(self.email.clone()));
        }
        let owners = membership::Entity::find().filter(membership::Column::Role.eq(Role::Owner));
        let Some(owner) = context.db().one(owners).await? else { return Ok(None) };
        let by_id = user::Entity::find().filter(user::Column::Id.eq(owner.user_id));
        let user = context.platform("a person may belong to several agencies").one(by_id).await?;
        Ok(user.map(|user| user.email))
    }
}

/// The address of the stylesheet with a brand's colours: the colours and the gradient are in the
/// address, so that it can be cached for good.
pub fn style_href(brand: &Brand) -> String {
    let digits = |color: &str| color.trim_start_matches('#').to_ascii_lowercase();
    let gradient =
        brand.accent_gradient.as_ref().map(|gradient| format!("-{}", gradient.to_address()));
    format!(
        "/assets/brand/{}-{}-{}{}.css",
        digits(&brand.primary_color),
        digits(&brand.secondary_color),
        digits(&brand.accent_color),
        gradient.unwrap_or_default()
    )
}

/// What the stylesheet and the mails are filled with.
#[derive(Debug, Serialize)]
pub struct BrandColors {
    /// `#rrggbb`.
    pub primary_color: String,
    /// `#rrggbb`.
    pub secondary_color: String,
    /// `#rrggbb`.
    pub accent_color: String,
    /// Behind the head; without one it has the primary colour.
    pub accent_gradient: Option<Gradient>,
}

/// The stylesheet of three colours and perhaps a gradient.
///
/// # Errors
/// [`Error::NotFound`] when the name is not that of a stylesheet.
pub fn stylesheet(app: &App, name: &str) -> Result<String> {
    let mut parts = name.splitn(4, '-');
    let mut color = || {
        let color = parts.next().map(|digits| format!("#{digits}"));
        color.filter(|color| kernel::text::check_color(color, &()).is_ok()).ok_or(Error::NotFound)
    };
    let (primary_color, secondary_color, accent_color) = (color()?, color()?, color()?);
    let accent_gradient = match parts.next() {
        Some(rest) => Some(Gradient::from_address(rest).map_err(|_| Error::NotFound)?),
        None => None,
    };
    let on_primary = kernel::pages::text_on(&primary_color);
    let brand = BrandColors { primary_color, secondary_color, accent_color, accent_gradient };
    app.pages()
        .render("brand.css", serde_json::json!({"brand": brand, "brand_on_primary": on_primary}))
}
