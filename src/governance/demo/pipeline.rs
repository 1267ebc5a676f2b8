//! Builds the pipeline: a draft, an open offer, a contract to sign, an invoice to pay, one that is
//! overdue, and one that is paid.

use std::net::{IpAddr, Ipv4Addr};

use chrono::Days;
use clientwork::{addons, clients, packages};
use entity::document::DocumentKind;
use entity::{ClientId, PackageId, addon, client, package};
use identity::{agencies, branding, people, profile};
use kernel::error::{Error, Result};
use kernel::http::{IfMatch, RequestInfo};
use kernel::store::Origin;
use kernel::tenancy::{acting_as, visiting};
use kernel::{App, TenantContext};
use money::payments;
use sales::contracts::model::{Contract, SendContract};
use sales::contracts::{send as contract_sending, service as contracts, sign};
use sales::invoices::model::{FromContract, Invoice, SendInvoice};
use sales::invoices::{create as invoices, send as invoice_sending};
use sales::proposals::model::{Proposal, SendProposal};
use sales::proposals::respond::{self, AcceptProposal};
use sales::proposals::{send as proposal_sending, service as proposals};
use serde_json::{Value, json};

use super::{OWNER, REASON, SLUG, body, story};

/// The address from which demo clients answer (documentation range, RFC 5737).
const VISITOR: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));

/// Makes the agency and its pipeline.
pub(super) async fn build(app: &App) -> Result<()> {
    let owner = people::service::ensure(app, OWNER).await?;
    let origin = Origin { user_id: Some(owner.id), source: "system", ..Origin::default() };
    // The demo shows everything, also where new agencies begin on a smaller plan.
    let granted_by = Some("system:demo");
    let founder =
        agencies::service::Founder { user_id: owner.id, origin, invite: None, granted_by };
    agencies::service::create(app, founder, body(story::agency())?).await?;
    let studio = Studio { context: acting_as(app, owner, SLUG, REASON).await? };
    studio.set_up().await?;
    studio.sell().await
}

/// The demo agency at work.
struct Studio {
    context: TenantContext,
}

impl Studio {
    async fn set_up(&self) -> Result<()> {
        let any = IfMatch::any;
        profile::service::update(&self.context, any(), body(story::profile())?).await?;
        branding::service::update(&self.context, any(), body(story::branding())?).await?;
        Ok(())
    }

    async fn sell(&self) -> Result<()> {
        let [launch, care] = self.packages().await?;
        let [copywriting, booking] = self.addons().await?;
        let [riverbend, cafe, kitakaze, greenfield, lindqvist, books] = self.clients().await?;
        let extras = json!([
            {"addon_id": copywriting.id, "quantity": "6"},
            {"addon_id": booking.id}
        ]);

        // Being written.
        self.propose(riverbend.id, "New website", launch.id, json!([]), Value::Null).await?;
        // With the client: to be accepted.
        let discount = json!({"discount_bps": 1000, "discount_note": "Launch offer"});
        let offer = self
            .propose(cafe.id, "Website with online booking", launch.id, extras.clone(), discount)
            .await?;
        self.send_proposal(&offer).await?;
        // Accepted: the contract is to be signed.
        let deal =
            self.propose(kitakaze.id, "Studio website", launch.id, extras, Value::Null).await?;
        self.contract_from(&deal).await?;
        // Signed: the invoice is to be paid.
        let deal = self
            .propose(greenfield.id, "Practice website", launch.id, json!([]), Value::Null)
            .await?;
        let invoice = self.invoice_from(&deal).await?;
        self.send_invoice(&invoice).await?;
        // Overdue.
        self.overdue(books.id).await?;
        // Paid.
        let deal = self
            .propose(
                lindqvist.id,
                "Care plan and workshop",
                care.id,
                json!([]),
                json!({"one_time_price": 120_000}),
            )
            .await?;
        let invoice = self.invoice_from(&deal).await?;
        self.send_invoice(&invoice).await?;
        let payment = json!({"method": "bank_transfer", "reference": "Demo transfer"});
        payments::service::record(
            &self.context,
            invoice.document.id.into(),
            &IfMatch::any(),
            body(payment)?,
        )
        .await?;
        Ok(())
    }

    async fn packages(&self) -> Result<[package::Model; 2]> {
        let [launch, care] = story::packages();
        Ok([
            packages::service::create(&self.context, body(launch)?).await?,
            packages::service::create(&self.context, body(care)?).await?,
        ])
    }

    async fn addons(&self) -> Result<[addon::Model; 2]> {
        let [copywriting, booking] = story::addons();
        Ok([
            addons::service::create(&self.context, body(copywriting)?).await?,
            addons::service::create(&self.context, body(booking)?).await?,
        ])
    }

    async fn clients(&self) -> Result<[client::Model; 6]> {
        let mut made = Vec::new();
        for client in story::clients() {
            made.push(clients::service::create(&self.context, body(client)?).await?);
        }
        made.try_into().map_err(|_| Error::internal("the demo has six clients"))
    }

    async fn propose(
        &self,
        client_id: ClientId,
        title: &str,
        package_id: PackageId,
        addons: Value,
        custom_pricing: Value,
    ) -> Result<Proposal> {
        let mut new = story::proposal_texts();
        if let Value::Object(members) = &mut new {
            members.insert("client_id".to_owned(), json!(client_id));
            members.insert("title".to_owned(), json!(title));
            members.insert("package_id".to_owned(), json!(package_id));
            members.insert("addons".to_owned(), addons);
            members.insert("custom_pricing".to_owned(), custom_pricing);
        }
        proposals::create(&self.context, body(new)?).await
    }

    async fn send_proposal(&self, proposal: &Proposal) -> Result<Proposal> {
        let (id, how) = (proposal.document.id.into(), SendProposal::default());
        proposal_sending::send(&self.context, id, &IfMatch::any(), how).await
    }

    async fn send_invoice(&self, invoice: &Invoice) -> Result<Invoice> {
        let (id, how) = (invoice.document.id.into(), SendInvoice::default());
        invoice_sending::send(&self.context, id, &IfMatch::any(), how).await
    }

    /// The client, who has opened the link of a document.
    async fn visitor(&self, kind: DocumentKind, token: Option<&str>) -> Result<TenantContext> {
        let request = RequestInfo::of_visitor(VISITOR, "Mozilla/5.0 (demo)");
        visiting(self.context.app(), kind, token.unwrap_or_default(), request).await
    }

    /// Sends a proposal, has it accepted, and sends the contract that follows.
    async fn contract_from(&self, proposal: &Proposal) -> Result<Contract> {
        let sent = self.send_proposal(proposal).await?;
        let token = sent.document.public_token.as_deref();
        let visitor = self.visitor(DocumentKind::Proposal, token).await?;
        let answer = AcceptProposal { comments: "Looks great, let's do it.".to_owned() };
        let accepted = respond::accept(&visitor, sent.document.id, answer).await?;
        let id =
            accepted.contract_id.ok_or_else(|| Error::internal("accepted without contract"))?;
        let change = json!({
            "terms": story::TERMS,
            "agency_signatory_name": "Grace Harbour",
            "agency_signatory_title": "Director"
        });
        contracts::change(&self.context, id, &IfMatch::any(), body(change)?).await?;
        contract_sending::send(&self.context, id, &IfMatch::any(), SendContract::default()).await
    }

    /// Has the contract of a proposal signed, and makes the invoice that follows.
    async fn invoice_from(&self, proposal: &Proposal) -> Result<Invoice> {
        let contract = self.contract_from(proposal).await?;
        let document = &contract.document;
        let visitor =
            self.visitor(DocumentKind::Contract, document.public_token.as_deref()).await?;
        let signature = json!({
            "signatory_name": document.client_contact_name,
            "signatory_title": "Owner",
            "agreed": true,
            "version": document.revision
        });
        sign::sign(&visitor, document.id, body(signature)?).await?;
        let from = FromContract { contract_id: document.id.into(), force: false };
        invoices::from_contract(&self.context, from).await
    }

    /// An invoice whose due day is long over.
    async fn overdue(&self, client_id: ClientId) -> Result<()> {
        let today = self.context.today();
        let issued = today.checked_sub_days(Days::new(30)).unwrap_or(today);
        let new = json!({
            "client_id": client_id,
            "issue_date": issued,
            "payment_terms": "NET_14",
            "lines": [
                {"description": "Workshop: online shop", "quantity": "2.5", "unit_price": 18_000},
                {"description": "Train fare", "unit_price": 4_650, "is_taxable": false}
            ]
        });
        let invoice = invoices::create(&self.context, body(new)?).await?;
        self.send_invoice(&invoice).await?;
        Ok(())
    }
}
