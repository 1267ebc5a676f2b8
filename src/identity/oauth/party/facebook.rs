//! Facebook: OAuth, and the person from the Graph API.

use serde::Deserialize;

use super::oauth::{Client, agree, client, exchange};
use super::{Failure, Identified, Party, Proof};

/// The version of the Graph API that is asked.
const VERSION: &str = "v23.0";

/// Lets this server read the address. The id needs no permission.
const SCOPE: &str = "email";

#[derive(Deserialize)]
struct Person {
    id: String,
    #[serde(default)]
    email: Option<String>,
}

fn facebook(party: &Party<'_>, url: &str) -> Result<Client, Failure> {
    let (auth, token) =
        (format!("{url}/{VERSION}/dialog/oauth"), format!("{url}/{VERSION}/oauth/access_token"));
    client(party, auth, token)
}

pub(super) fn authorization_url(
    party: &Party<'_>,
    url: &str,
    proof: &Proof,
    state: &str,
) -> Result<String, Failure> {
    Ok(agree(&facebook(party, url)?, SCOPE, proof, state))
}

/// The account by its id for this application. Facebook gives an address or not, and never says
/// whether it is verified: it counts as unverified.
pub(super) async fn identify(
    party: &Party<'_>,
    graph: &str,
    code: &str,
    proof: Proof,
) -> Result<Identified, Failure> {
    let token = exchange(party, &facebook(party, graph)?, code, proof).await?;
    let person: Person =
        party.read(&format!("{graph}/{VERSION}/me?fields=id,email"), &token).await?;
    Ok(Identified::new(graph.to_owned(), person.id, person.email.as_deref(), false))
}
