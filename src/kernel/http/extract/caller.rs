//! Who calls, as the pipeline has found out.

use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use chrono::{DateTime, Utc};
use entity::{AgencyId, UserId};
use futures_util::future::{Ready, ready};

use crate::error::{Error, Result};
use crate::http::RequestInfo;
use crate::http::operation::Access;
use crate::state::App;
use crate::tenancy::{self, RequiredPermission, SignedInUser, TenantContext};

/// The context of a member who has the permission `P`.
///
/// The pipeline has checked it by the operation's row; that the row and the handler name the same
/// permission is checked here.
pub struct Authorized<P> {
    context: TenantContext,
    permission: PhantomData<P>,
}

impl<P> std::ops::Deref for Authorized<P> {
    type Target = TenantContext;

    fn deref(&self) -> &TenantContext {
        &self.context
    }
}

impl<P: RequiredPermission> FromRequest for Authorized<P> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let extensions = request.extensions();
        let named = extensions.get::<Access>() == Some(&Access::Member(P::PERMISSION));
        ready(match extensions.get::<TenantContext>() {
            Some(context) if named => {
                Ok(Self { context: context.clone(), permission: PhantomData })
            }
            _ => Err(Error::internal(
                "the operation table names another permission than the handler",
            )),
        })
    }
}

/// The context of whoever holds a public link.
pub struct Link {
    context: TenantContext,
    /// The document the link opens.
    pub document_id: entity::DocumentId,
}

impl std::ops::Deref for Link {
    type Target = TenantContext;

    fn deref(&self) -> &TenantContext {
        &self.context
    }
}

impl FromRequest for Link {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let extensions = request.extensions();
        let context = extensions.get::<TenantContext>().cloned();
        let document_id = extensions.get::<entity::DocumentId>().copied();
        ready(match context.zip(document_id) {
            Some((context, document_id)) => Ok(Self { context, document_id }),
            None => Err(Error::internal("the operation table does not call this a public link")),
        })
    }
}

/// A signed-in person, in no agency in particular.
pub struct SignedIn {
    /// Who, and on which sign-in.
    pub user: SignedInUser,
    /// The server's shared parts.
    pub app: App,
    /// What is known of the request.
    pub request: RequestInfo,
}

impl FromRequest for SignedIn {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let extensions = request.extensions();
        let user = extensions.get::<SignedInUser>().cloned();
        let info = extensions.get::<RequestInfo>().cloned();
        let app = request.app_data::<web::Data<App>>();
        ready(match (user, info, app) {
            (Some(user), Some(info), Some(app)) => {
                Ok(Self { user, app: app.get_ref().clone(), request: info })
            }
            _ => Err(Error::internal("the operation table does not ask for a signed-in person")),
        })
    }
}

/// An operator of the platform (super-admin).
pub struct Operator {
    /// Who, and on which sign-in.
    pub user: SignedInUser,
    /// The server's shared parts.
    pub app: App,
    /// What is known of the request.
    pub request: RequestInfo,
}

impl Operator {
    /// Who.
    pub fn user_id(&self) -> UserId {
        self.user.user.id
    }

    /// The current instant.
    pub fn now(&self) -> DateTime<Utc> {
        self.app.clock().now()
    }

    /// An agency, to act on from outside.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none with this id.
    pub async fn on(&self, agency_id: AgencyId) -> Result<TenantContext> {
        tenancy::operator_context(&self.app, agency_id, &self.user, self.request.clone()).await
    }
}

impl FromRequest for Operator {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let named = request.extensions().get::<Access>() == Some(&Access::Operator);
        let caller = SignedIn::from_request(request, payload).into_inner();
        ready(match caller {
            Ok(SignedIn { user, app, request }) if named && user.user.is_super_admin => {
                Ok(Self { user, app, request })
            }
            _ => Err(Error::internal("the operation table does not ask for an operator")),
        })
    }
}

impl FromRequest for RequestInfo {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let info = request.extensions().get::<Self>().cloned();
        ready(info.ok_or_else(|| Error::internal("a request outside the pipeline")))
    }
}
