//! People and agencies, made as everybody makes them: through the API.

use entity::{AgencyId, agency, user};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;

use super::app::TestApp;
use super::client::Client;

/// An agency with one person of each role.
pub struct Agency {
    slug: String,
    id: AgencyId,
    owner: Client,
    admin: Client,
    member: Client,
}

impl Agency {
    /// Part of its paths.
    pub fn slug(&self) -> &str {
        &self.slug
    }

    /// Its id.
    pub fn id(&self) -> AgencyId {
        self.id
    }

    /// Its owner; paths are relative to the agency.
    pub fn owner(&self) -> Client {
        self.owner.clone()
    }

    /// An admin of it; paths are relative to the agency.
    pub fn admin(&self) -> Client {
        self.admin.clone()
    }

    /// An ordinary member of it; paths are relative to the agency.
    pub fn member(&self) -> Client {
        self.member.clone()
    }
}

impl TestApp {
    /// Makes an agency with this slug, and its people `owner@`, `admin@` and `member@<slug>.test`.
    ///
    /// Runs the jobs that are due: the mails with the sign-in links are among them.
    pub async fn agency(&self, slug: &str) -> Agency {
        let owner = self.sign_in(&format!("owner@{slug}.test")).await;
        let agency =
            owner.post("/api/v1/agencies", json!({"name": slug, "slug": slug})).await.created();
        let id = agency["id"].as_str().and_then(|id| id.parse().ok()).expect("the agency's id");
        let owner = owner.in_agency(slug);
        let mut people = Vec::new();
        for role in ["admin", "member"] {
            let email = format!("{role}@{slug}.test");
            let invitation = json!({"email": email, "role": role, "display_name": role});
            owner.post("/members", invitation).await.created();
            people.push(self.sign_in(&email).await.in_agency(slug));
        }
        let [admin, member] = <[Client; 2]>::try_from(people).ok().expect("two people");
        Agency { slug: slug.to_owned(), id, owner, admin, member }
    }

    /// Somebody who is signed in and belongs to no agency; paths are whole.
    pub async fn stranger(&self) -> Client {
        self.sign_in("stranger@nowhere.test").await
    }

    /// An operator of the platform; paths are whole.
    pub async fn operator(&self) -> Client {
        const EMAIL: &str = "operator@retainer.test";
        let known = user::Entity::find().filter(user::Column::Email.eq(EMAIL));
        let known = self.on_server(|app| async move {
            app.store().platform("the operator of a test").one(known).await.unwrap()
        });
        if let Some(operator) = known.await {
            return self.anonymous().signed_in(EMAIL, operator.id, None);
        }
        let operator = self.sign_in(EMAIL).await;
        let grant = user::Entity::update_many()
            .col_expr(user::Column::IsSuperAdmin, true.into())
            .filter(user::Column::Email.eq(EMAIL));
        self.on_server(|app| async move {
            let tx = app.store().begin_platform("the operator of a test").await.unwrap();
            tx.db().update_many(grant).await.unwrap();
            tx.commit().await.unwrap();
        })
        .await;
        operator
    }

    /// The token of the newest invitation that was mailed to an address.
    pub async fn invite_token(&self, email: &str) -> String {
        let inbox = self.inbox().await;
        let mail = inbox.iter().find(|mail| mail.to == email && mail.kind == "beta_invite");
        let text = &mail.unwrap_or_else(|| panic!("no invitation for {email}")).text;
        let (_, rest) = text.split_once("/invite/").expect("the link");
        rest.split(char::is_whitespace).next().expect("the token").to_owned()
    }

    /// Signs a person in with a link from their mail, running the jobs that are due.
    pub async fn sign_in(&self, email: &str) -> Client {
        let anonymous = self.anonymous();
        anonymous.post("/api/v1/auth/magic-link", json!({"email": email})).await.expect(202);
        self.run_jobs().await;
        let token = self.magic_link_token(email).await;
        let body = json!({"token": token});
        let tokens = anonymous.post("/api/v1/auth/magic-link/verify", body).await.ok();
        let access_token = tokens["access_token"].as_str().expect("an access token");
        let me = anonymous.with_token(access_token).get("/api/v1/me").await.ok();
        let user_id = me["id"].as_str().and_then(|id| id.parse().ok()).expect("the person's id");
        anonymous.signed_in(email, user_id, Some(access_token))
    }

    /// An agency that [`Self::agency`] made in the template, or on another replica.
    pub async fn existing_agency(&self, slug: &str) -> Agency {
        let find = agency::Entity::find().filter(agency::Column::Slug.eq(slug));
        let rows = self.on_server(|app| async move {
            let platform = app.store().platform("the people of the template");
            (platform.one(find).await.unwrap(), platform.all(user::Entity::find()).await.unwrap())
        });
        let (agency, people) = rows.await;
        let person = |role: &str| {
            let email = format!("{role}@{slug}.test");
            let user = people.iter().find(|user| user.email == email).expect("a person");
            self.anonymous().signed_in(&email, user.id, None).in_agency(slug)
        };
        let [owner, admin, member] = ["owner", "admin", "member"].map(person);
        let id = agency.expect("the agency").id;
        Agency { slug: slug.to_owned(), id, owner, admin, member }
    }

    /// The token of the newest sign-in link that was mailed to a person.
    pub async fn magic_link_token(&self, email: &str) -> String {
        let inbox = self.inbox().await;
        let mail = inbox.iter().find(|mail| mail.to == email && mail.kind == "sign_in_link");
        let text = &mail.unwrap_or_else(|| panic!("no sign-in link for {email}")).text;
        let (_, rest) = text.split_once("/auth/magic-link?token=").expect("the link");
        rest.split(char::is_whitespace).next().expect("the token").to_owned()
    }
}
