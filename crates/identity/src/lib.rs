#![doc = include_str!("../README.md")]

mod accounts;
mod api_keys;
mod authenticate;
mod cache;
mod check;
mod context;
mod email;
mod environments;
mod erase;
mod error;
mod export;
mod group_roles;
mod idempotency;
mod identity;
mod inbound;
mod invite;
mod key;
mod limiter;
mod members;
mod mfa;
mod oidc;
mod options;
mod organizations;
mod password;
mod profile;
mod roles;
mod scim;
mod service_accounts;
mod session;
mod setup;
mod sign_in;
mod slug;
mod token;
mod tokens;
mod totp;
mod users;
mod watch;

pub use api_keys::{NewProviderKey, PROVIDERS};
pub use authenticate::{Authenticated, Carrier, PathScope};
pub use erase::{EraseRequest, Proof};
pub use error::{Error, Result};
pub use idempotency::{Answer, Claimed};
pub use identity::Identity;
pub use inbound::{ClientCertificate, Origin};
pub use invite::AcceptInvite;
pub use members::{Invited, NewMember};
pub use mfa::{Enrolment, MfaState};
pub use oidc::{Begun, CallbackAnswer, ProviderDraft, PublicProvider, Returned};
pub use options::{Options, SignInLimits};
pub use organizations::{MyOrganization, OrganizationDraft};
pub use profile::{Me, ProfileChange};
pub use scim::{
    BULK_BYTES, BULK_OPERATIONS, DirectoryChange, DirectoryState, Found, MappedGroup, Provisioner, ScimKind,
    ScimQuery,
};
pub use service_accounts::{ServiceAccountChange, ServiceAccountDraft};
pub use session::{Client, SignedIn};
pub use setup::SetUp;
pub use sign_in::{Credentials, Registration};
pub use tokens::{Issued, TokenRequest};
pub use users::{AccountChange, NewAccount};
