//! Proving domains.

use kernel::TenantContext;
use kernel::error::{Error, Result};
use kernel::store::Activity;
use serde_json::json;

use crate::sso::domain;
use crate::sso::model::Sso;
use crate::sso::repo::SsoRepo;

/// Looks for the record of each domain and notes what it finds. Where nobody could tell, what was
/// known stays.
///
/// # Errors
/// [`Error::NotFound`] when the agency has named no issuer; [`Error::Upstream`] when the domain name
/// system did not answer for any of the domains.
pub async fn verify_domains(ctx: &TenantContext) -> Result<Sso> {
    let sso = super::read(ctx).await?;
    let mut found = Vec::new();
    let mut silent = None;
    for row in &sso.domains {
        match domain::is_proven(ctx.app(), row).await {
            Ok(is_proven) => found.push((row, is_proven)),
            Err(cause) => silent = Some(cause),
        }
    }
    if let (true, Some(cause)) = (found.is_empty(), silent) {
        let upstream = "the domain name system";
        return Err(Error::Upstream { upstream, cause: Box::new(cause) });
    }
    let now = ctx.now();
    let tx = ctx.begin().await?;
    let repo = SsoRepo::new(&tx);
    for (row, is_proven) in &found {
        repo.set_verified(row, is_proven.then_some(now)).await?;
    }
    repo.touch(sso.connection.id, now).await?;
    let after = repo.find().await?.ok_or(Error::NotFound)?;
    let proven: Vec<&str> =
        found.iter().filter(|(_, proven)| *proven).map(|(row, _)| row.domain.as_str()).collect();
    let verified = Activity::new("agency.sso.domains_verified", "sso", sso.connection.id);
    tx.record(verified.with(json!({"domains": proven})));
    tx.commit().await?;
    Ok(after)
}
