//! GitHub, and GitHub Enterprise Server: OAuth, and the person from the REST API.

use serde::Deserialize;

use super::oauth::{Client, agree, client, exchange};
use super::{Failure, Identified, Party, Proof};

/// Lets this server read the addresses, and nothing else.
const SCOPE: &str = "user:email";

#[derive(Deserialize)]
struct Person {
    /// Never given away again, other than the name.
    id: u64,
}

#[derive(Deserialize)]
struct Address {
    email: String,
    primary: bool,
    verified: bool,
}

fn github(party: &Party<'_>, url: &str) -> Result<Client, Failure> {
    let (auth, token) =
        (format!("{url}/login/oauth/authorize"), format!("{url}/login/oauth/access_token"));
    client(party, auth, token)
}

pub(super) fn authorization_url(
    party: &Party<'_>,
    url: &str,
    proof: &Proof,
    state: &str,
) -> Result<String, Failure> {
    Ok(agree(&github(party, url)?, SCOPE, proof, state))
}

/// The account by its number, with the primary address if that is verified. The address on the
/// profile is whatever the person wrote there, and is not looked at.
pub(super) async fn identify(
    party: &Party<'_>,
    url: &str,
    api: &str,
    code: &str,
    proof: Proof,
) -> Result<Identified, Failure> {
    let token = exchange(party, &github(party, url)?, code, proof).await?;
    let person: Person = party.read(&format!("{api}/user"), &token).await?;
    let addresses: Vec<Address> =
        party.read(&format!("{api}/user/emails?per_page=100"), &token).await?;
    let primary = addresses.iter().find(|address| address.primary);
    let verified = primary.is_some_and(|address| address.verified);
    let email = primary.map(|address| address.email.as_str());
    Ok(Identified::new(url.to_owned(), person.id.to_string(), email, verified))
}
