//! Roles and permissions: the matrix of spec §3.1 as one table.

use entity::UserId;
use entity::membership::Role;

/// Who of owner, admin, member has a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grant {
    Everyone,
    OwnerAndAdmin,
    OwnerOnly,
}

/// A type that stands for one permission, for [`crate::http::Authorized`].
pub trait RequiredPermission: 'static {
    /// Which.
    const PERMISSION: Permission;
}

macro_rules! matrix {
    ($($variant:ident = $key:literal, $grant:ident;)+) => {
        /// Something a role may do, `resource:action`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Permission {
            $(#[doc = concat!("`", $key, "`")] $variant,)+
        }

        impl Permission {
            /// Every permission, in the order of the specification.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The permission that clients know by a key.
            pub fn from_key(key: &str) -> Option<Self> {
                match key { $($key => Some(Self::$variant),)+ _ => None }
            }

            /// The permission as clients see it.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$variant => $key,)+ }
            }

            const fn grant(self) -> Grant {
                match self { $(Self::$variant => Grant::$grant,)+ }
            }
        }

        /// The permissions as types.
        pub mod perm {
            $(
                #[doc = concat!("`", $key, "`")]
                #[derive(Clone, Copy, Debug)]
                pub struct $variant;

                impl super::RequiredPermission for $variant {
                    const PERMISSION: super::Permission = super::Permission::$variant;
                }
            )+
        }
    };
}

matrix! {
    ConsultationCreate = "consultation:create", Everyone;
    ConsultationViewOwn = "consultation:view_own", Everyone;
    ConsultationEditOwn = "consultation:edit_own", Everyone;
    ConsultationDeleteOwn = "consultation:delete_own", Everyone;
    ConsultationViewAll = "consultation:view_all", OwnerAndAdmin;
    ConsultationEditAll = "consultation:edit_all", OwnerAndAdmin;
    ConsultationDeleteAll = "consultation:delete_all", OwnerAndAdmin;
    ProposalCreate = "proposal:create", Everyone;
    ProposalViewOwn = "proposal:view_own", Everyone;
    ProposalEditOwn = "proposal:edit_own", Everyone;
    ProposalSend = "proposal:send", Everyone;
    ProposalDeleteOwn = "proposal:delete_own", Everyone;
    ProposalViewAll = "proposal:view_all", OwnerAndAdmin;
    ProposalEditAll = "proposal:edit_all", OwnerAndAdmin;
    ProposalDeleteAll = "proposal:delete_all", OwnerAndAdmin;
    ContractCreate = "contract:create", Everyone;
    ContractViewOwn = "contract:view_own", Everyone;
    ContractEditOwn = "contract:edit_own", Everyone;
    ContractSend = "contract:send", Everyone;
    ContractDeleteOwn = "contract:delete_own", Everyone;
    ContractViewAll = "contract:view_all", OwnerAndAdmin;
    ContractEditAll = "contract:edit_all", OwnerAndAdmin;
    ContractDeleteAll = "contract:delete_all", OwnerAndAdmin;
    InvoiceCreate = "invoice:create", Everyone;
    InvoiceViewOwn = "invoice:view_own", Everyone;
    InvoiceEditOwn = "invoice:edit_own", Everyone;
    InvoiceSend = "invoice:send", Everyone;
    InvoiceDeleteOwn = "invoice:delete_own", Everyone;
    InvoiceCreatePaymentLink = "invoice:create_payment_link", Everyone;
    InvoiceViewAll = "invoice:view_all", OwnerAndAdmin;
    InvoiceEditAll = "invoice:edit_all", OwnerAndAdmin;
    InvoiceDeleteAll = "invoice:delete_all", OwnerAndAdmin;
    InvoiceRecordPayment = "invoice:record_payment", OwnerAndAdmin;
    InvoiceCancel = "invoice:cancel", OwnerAndAdmin;
    InvoiceRefund = "invoice:refund", OwnerOnly;
    QuotationCreate = "quotation:create", Everyone;
    QuotationViewOwn = "quotation:view_own", Everyone;
    QuotationEditOwn = "quotation:edit_own", Everyone;
    QuotationSend = "quotation:send", Everyone;
    QuotationDeleteOwn = "quotation:delete_own", Everyone;
    QuotationViewAll = "quotation:view_all", OwnerAndAdmin;
    QuotationEditAll = "quotation:edit_all", OwnerAndAdmin;
    QuotationDeleteAll = "quotation:delete_all", OwnerAndAdmin;
    MemberView = "member:view", Everyone;
    MemberInvite = "member:invite", OwnerAndAdmin;
    MemberRemove = "member:remove", OwnerAndAdmin;
    MemberChangeRole = "member:change_role", OwnerOnly;
    MemberTransferOwnership = "member:transfer_ownership", OwnerOnly;
    SettingsView = "settings:view", OwnerAndAdmin;
    SettingsEdit = "settings:edit", OwnerAndAdmin;
    ProfileView = "profile:view", OwnerAndAdmin;
    ProfileEdit = "profile:edit", OwnerAndAdmin;
    BrandingView = "branding:view", Everyone;
    BrandingEdit = "branding:edit", OwnerAndAdmin;
    FormOptionsView = "form_options:view", Everyone;
    FormOptionsEdit = "form_options:edit", OwnerAndAdmin;
    BillingView = "billing:view", OwnerOnly;
    BillingManage = "billing:manage", OwnerOnly;
    SubscriptionView = "subscription:view", OwnerAndAdmin;
    SubscriptionManage = "subscription:manage", OwnerOnly;
    TemplateView = "template:view", Everyone;
    TemplateCreate = "template:create", OwnerAndAdmin;
    TemplateEdit = "template:edit", OwnerAndAdmin;
    TemplateDelete = "template:delete", OwnerOnly;
    PackagesView = "packages:view", Everyone;
    PackagesCreate = "packages:create", OwnerAndAdmin;
    PackagesEdit = "packages:edit", OwnerAndAdmin;
    PackagesDelete = "packages:delete", OwnerOnly;
    AddonsView = "addons:view", Everyone;
    AddonsCreate = "addons:create", OwnerAndAdmin;
    AddonsEdit = "addons:edit", OwnerAndAdmin;
    AddonsDelete = "addons:delete", OwnerOnly;
    ContractTemplateView = "contract_template:view", OwnerAndAdmin;
    ContractTemplateCreate = "contract_template:create", OwnerAndAdmin;
    ContractTemplateEdit = "contract_template:edit", OwnerAndAdmin;
    ContractTemplateDelete = "contract_template:delete", OwnerOnly;
    QuotationTemplateView = "quotation_template:view", OwnerAndAdmin;
    QuotationTemplateCreate = "quotation_template:create", OwnerAndAdmin;
    QuotationTemplateEdit = "quotation_template:edit", OwnerAndAdmin;
    QuotationTemplateDelete = "quotation_template:delete", OwnerOnly;
    EmailSend = "email:send", Everyone;
    EmailViewLogs = "email:view_logs", OwnerAndAdmin;
    EmailResend = "email:resend", OwnerAndAdmin;
    StripeConnect = "stripe:connect", OwnerOnly;
    StripeDisconnect = "stripe:disconnect", OwnerOnly;
    StripeViewStatus = "stripe:view_status", OwnerAndAdmin;
    AnalyticsView = "analytics:view", OwnerAndAdmin;
    AnalyticsExport = "analytics:export", OwnerAndAdmin;
    DataExport = "data:export", OwnerOnly;
    AgencyDelete = "agency:delete", OwnerOnly;
    ClientView = "client:view", Everyone;
    ClientCreate = "client:create", Everyone;
    ClientEdit = "client:edit", Everyone;
    ClientArchive = "client:archive", OwnerAndAdmin;
    ClientRestore = "client:restore", OwnerAndAdmin;
    ClientDelete = "client:delete", OwnerOnly;
    FormView = "form:view", Everyone;
    FormSubmissionCreate = "form:submission_create", Everyone;
    FormSubmissionUpdate = "form:submission_update", Everyone;
    FormCreate = "form:create", OwnerAndAdmin;
    FormEdit = "form:edit", OwnerAndAdmin;
    FormSubmissionDelete = "form:submission_delete", OwnerAndAdmin;
    FormDelete = "form:delete", OwnerOnly;
    ActivityView = "activity:view", Everyone;
    DemoLoad = "demo:load", OwnerAndAdmin;
    DemoClear = "demo:clear", OwnerAndAdmin;
    ApiKeyManage = "api_key:manage", OwnerOnly;
    SsoManage = "sso:manage", OwnerOnly;
    AgencyView = "agency:view", Everyone;
}

impl Permission {
    /// Whether a role has it.
    pub const fn granted_to(self, role: Role) -> bool {
        match self.grant() {
            Grant::Everyone => true,
            Grant::OwnerAndAdmin => matches!(role, Role::Owner | Role::Admin),
            Grant::OwnerOnly => matches!(role, Role::Owner),
        }
    }
}

impl Permission {
    /// Every permission of a role.
    pub fn of_role(role: Role) -> Vec<Self> {
        Self::ALL.iter().copied().filter(|permission| permission.granted_to(role)).collect()
    }

    /// Whether an API key can have it. What decides over the agency itself, over who owns it, over
    /// keys and over how its people sign in needs a person.
    pub const fn is_open_to_keys(self) -> bool {
        !matches!(
            self,
            Self::ApiKeyManage
                | Self::SsoManage
                | Self::MemberTransferOwnership
                | Self::AgencyDelete
        )
    }
}

impl Permission {
    /// Whether an operator may use it in the owner's place. What an agency owns — itself, its keys,
    /// its money and its subscription — and the whole of its data are not the operator's to give
    /// away; repairing its work is.
    pub const fn is_open_to_impersonators(self) -> bool {
        !matches!(
            self,
            Self::AgencyDelete
                | Self::ApiKeyManage
                | Self::SsoManage
                | Self::BillingManage
                | Self::DataExport
                | Self::InvoiceRefund
                | Self::MemberTransferOwnership
                | Self::StripeConnect
                | Self::StripeDisconnect
                | Self::SubscriptionManage
        )
    }
}

/// Which rows of a kind the caller sees (spec §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowFilter {
    /// All of the agency's.
    All,
    /// Those the person created; rows without creator are hidden.
    CreatedBy(UserId),
}

impl RowFilter {
    /// Whether a row with this creator is visible.
    pub fn allows(self, created_by: Option<UserId>) -> bool {
        match self {
            Self::All => true,
            Self::CreatedBy(user_id) => created_by == Some(user_id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_appears_twice_and_each_names_resource_and_action() {
        let mut keys: Vec<&str> = Permission::ALL.iter().map(|p| p.key()).collect();
        keys.sort_unstable();
        let count = keys.len();
        keys.dedup();

        assert_eq!(keys.len(), count);
        assert!(keys.iter().all(|key| key.split(':').count() == 2));
    }

    #[test]
    fn a_higher_role_has_every_permission_of_a_lower_one() {
        for permission in Permission::ALL {
            let [owner, admin, member] =
                [Role::Owner, Role::Admin, Role::Member].map(|role| permission.granted_to(role));

            assert!(owner && (admin || !member), "{permission:?}");
        }
    }

    #[test]
    fn what_only_owners_may_do_is_refused_to_admins() {
        for permission in [
            Permission::InvoiceRefund,
            Permission::BillingManage,
            Permission::AgencyDelete,
            Permission::MemberChangeRole,
            Permission::PackagesDelete,
        ] {
            assert!(!permission.granted_to(Role::Admin), "{permission:?}");
        }
    }
}
