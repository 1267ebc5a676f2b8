//! The use cases of the profile.

use entity::profile::{self, Column};
use kernel::TenantContext;
use kernel::error::Result;
use kernel::http::{ETag, IfMatch};
use kernel::store::{Activity, AgencyDb, Event};
use serde_json::json;

use super::model::{BankAccount, ProfilePatch, ProfileView};
use super::repo::ProfileRepo;
use crate::changes::Changes;

/// The agency's profile, with what is secret still encrypted.
///
/// # Errors
/// Those of the database.
pub async fn require(db: &AgencyDb) -> Result<profile::Model> {
    ProfileRepo::new(db).require().await
}

/// The agency's bank account, decrypted: for an invoice that is to be paid to it.
///
/// # Errors
/// [`kernel::Error::Internal`] when it was encrypted with another key.
pub fn bank_account(ctx: &TenantContext, row: &profile::Model) -> Result<BankAccount> {
    let vault = ctx.app().vault();
    Ok(BankAccount {
        bsb: vault.open(&place(ctx, Column::BankBsb), &row.bank_bsb)?,
        account_number: vault
            .open(&place(ctx, Column::BankAccountNumber), &row.bank_account_number)?,
    })
}

/// The business details; `reveal` shows the account in full, which is logged first.
///
/// # Errors
/// Those of the database and of decryption.
pub async fn read(ctx: &TenantContext, reveal: bool) -> Result<(ETag, ProfileView)> {
    let row = require(&ctx.db()).await?;
    let account = bank_account(ctx, &row)?;
    if !reveal {
        let etag = ETag::version(row.version);
        return Ok((etag, ProfileView::new(row, account.masked())));
    }
    ctx.refuse_impersonator("the bank account in full")?;
    let tx = ctx.begin().await?;
    tx.record(Activity::new("profile.sensitive_viewed", "profile", row.id));
    tx.commit().await?;
    let etag = ETag::variant(row.version, "revealed");
    Ok((etag, ProfileView::new(row, account)))
}

/// Changes business details. What is given as it stands already is no change.
///
/// # Errors
/// [`kernel::Error::PreconditionFailed`] when the profile has been changed since it was read.
pub async fn update(
    ctx: &TenantContext,
    if_match: IfMatch,
    patch: ProfilePatch,
) -> Result<(ETag, ProfileView)> {
    // Where clients send their money is decided by people of the agency alone.
    if patch.names_bank_account() {
        ctx.refuse_impersonator("the bank account")?;
    }
    let tx = ctx.begin().await?;
    let profiles = ProfileRepo::new(&tx);
    let row = profiles.require().await?;
    if_match.check(row.version)?;
    let changes = changes(ctx, &row, patch)?;
    if changes.is_empty() {
        return masked(ctx, row);
    }
    let (old, new) = changes.values();
    let update =
        changes.into_update((Column::Version, row.version), (Column::UpdatedAt, ctx.now()));
    let row = profiles.update(update).await?;
    tx.record(Activity::new("profile.updated", "profile", row.id).changed(old, new));
    tx.publish(Event::new("profile.updated", json!({"id": row.id}))?);
    tx.commit().await?;
    masked(ctx, row)
}

fn masked(ctx: &TenantContext, row: profile::Model) -> Result<(ETag, ProfileView)> {
    let account = bank_account(ctx, &row)?.masked();
    Ok((ETag::version(row.version), ProfileView::new(row, account)))
}

fn changes(
    ctx: &TenantContext,
    row: &profile::Model,
    patch: ProfilePatch,
) -> Result<Changes<profile::Entity>> {
    let ProfilePatch {
        legal_entity_name,
        trading_name,
        business_number,
        address_line_1,
        address_line_2,
        city,
        state,
        postcode,
        country,
        bank_name,
        bank_bsb,
        bank_account_number,
        bank_account_name,
        currency,
        tax_registered,
        tax_label,
        tax_rate_bps,
        default_payment_terms,
        default_proposal_validity_days,
        default_contract_validity_days,
        invoice_footer,
        contract_footer,
        timezone,
    } = patch;
    let bank_bsb = reseal(ctx, Column::BankBsb, &row.bank_bsb, bank_bsb)?;
    let bank_account_number =
        reseal(ctx, Column::BankAccountNumber, &row.bank_account_number, bank_account_number)?;
    Changes::new()
        .set_secret(Column::BankBsb, bank_bsb)
        .set_secret(Column::BankAccountNumber, bank_account_number)
        .set_text(Column::LegalEntityName, &row.legal_entity_name, legal_entity_name)?
        .set_text(Column::TradingName, &row.trading_name, trading_name)?
        .set_text(Column::BusinessNumber, &row.business_number, business_number)?
        .set_text(Column::AddressLine1, &row.address_line_1, address_line_1)?
        .set_text(Column::AddressLine2, &row.address_line_2, address_line_2)?
        .set_text(Column::City, &row.city, city)?
        .set_text(Column::State, &row.state, state)?
        .set_text(Column::Postcode, &row.postcode, postcode)?
        .set_text(Column::Country, &row.country, country)?
        .set_text(Column::BankName, &row.bank_name, bank_name)?
        .set_text(Column::BankAccountName, &row.bank_account_name, bank_account_name)?
        .set_text(Column::Currency, &row.currency, currency)?
        .set(Column::TaxRegistered, &row.tax_registered, tax_registered)?
        .set_text(Column::TaxLabel, &row.tax_label, tax_label)?
        .set(Column::TaxRateBps, &row.tax_rate_bps, tax_rate_bps)?
        .set(Column::DefaultPaymentTerms, &row.default_payment_terms, default_payment_terms)?
        .set(
            Column::DefaultProposalValidityDays,
            &row.default_proposal_validity_days,
            default_proposal_validity_days,
        )?
        .set(
            Column::DefaultContractValidityDays,
            &row.default_contract_validity_days,
            default_contract_validity_days,
        )?
        .set_text(Column::InvoiceFooter, &row.invoice_footer, invoice_footer)?
        .set_text(Column::ContractFooter, &row.contract_footer, contract_footer)?
        .set_text(Column::Timezone, &row.timezone, timezone)
}

/// Encrypts a secret that was given and differs from the stored one, or replaces one that can no
/// longer be read.
fn reseal(
    ctx: &TenantContext,
    column: Column,
    sealed: &str,
    given: Option<String>,
) -> Result<Option<String>> {
    let Some(given) = given.map(|text| text.trim().to_owned()) else { return Ok(None) };
    let (vault, place) = (ctx.app().vault(), place(ctx, column));
    match vault.open(&place, sealed) {
        Ok(stored) if stored == given => Ok(None),
        _ => vault.seal(&place, &given).map(Some),
    }
}

/// Where a secret belongs: moved elsewhere, it will not decrypt.
fn place(ctx: &TenantContext, column: Column) -> String {
    format!("{}/{}", ctx.agency_id(), sea_orm::IdenStatic::as_str(&column))
}
