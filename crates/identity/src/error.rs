//! What a caller of identity can do about a failure.

use std::time::Duration;

use conductor_domain::{ErrorKind, FieldError, Kind};

/// A failure of identity.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request has fields that must be mended.
    #[error("some fields of the request are not acceptable")]
    Invalid {
        /// Which, and how.
        fields: Vec<FieldError>,
    },
    /// No such account, no such password, or an account that may not sign in; which of them is not said.
    #[error("the email address or the password is wrong")]
    SignInRefused,
    /// The password is right, and the account has a second factor.
    #[error("enter the code of your authenticator app, or one of your recovery codes")]
    OtpRequired,
    /// The code is not the present one, or was used before.
    #[error("the code is wrong or was used before; wait for the next one")]
    OtpInvalid,
    /// The organisation asks its members for a second factor.
    #[error("this organisation asks for a second factor; set one up under Settings, Security")]
    MfaRequired,
    /// A second factor is set up already.
    #[error("a second factor is set up already; remove it first to set up another")]
    MfaEnabled,
    /// No second factor is set up, or its setting up was not begun.
    #[error("no second factor is set up; begin with setting one up")]
    MfaMissing,
    /// Machines do not come this way.
    #[error("this is for people; a machine's token cannot do it")]
    PeopleOnly,
    /// A token that still works cannot be deleted.
    #[error("the token still works; revoke it before you delete it")]
    TokenActive,
    /// The service account is switched off.
    #[error("the service account is switched off; switch it on to issue tokens")]
    AccountDisabled,
    /// The request carries no credential.
    #[error("sign in first: the request carries no credential")]
    TokenMissing,
    /// The credential is not one of ours.
    #[error("the access token is not valid; sign in again")]
    TokenInvalid,
    /// The credential's time is over.
    #[error("the access token has expired; refresh it or sign in again")]
    TokenExpired,
    /// The credential was ended before its time.
    #[error("the credential was ended; sign in again, or use another token")]
    TokenRevoked,
    /// The request carries more than one credential.
    #[error("send one credential: either `Authorization: Bearer` or the session cookie, once")]
    TwoCredentials,
    /// Too many tries.
    #[error("too many sign-in attempts; wait before trying again")]
    Limited {
        /// How long.
        retry_after: Duration,
    },
    /// Accounts are made by administrators only.
    #[error("registration is closed; ask an administrator for an invitation")]
    RegistrationClosed,
    /// A link that was never given, was used, or is too old.
    #[error("the link is not valid: it was used before, has expired, or was replaced by a newer one")]
    LinkInvalid,
    /// The installation has an account already.
    #[error("this installation is set up already; sign in instead")]
    AlreadySetUp,
    /// Nothing of this name that the caller may know of.
    #[error("no such {what}")]
    NotFound {
        /// The noun.
        what: &'static str,
    },
    /// The caller belongs to no organisation.
    #[error("the account belongs to no organisation; ask an administrator to add it to one")]
    NoOrganization,
    /// Something unique is in use.
    #[error("this {what} is taken; choose another")]
    Taken {
        /// The noun.
        what: &'static str,
    },
    /// A personal organisation has one member.
    #[error("a personal organisation has no other members; switch to a team or found one")]
    Personal,
    /// The last owner cannot leave.
    #[error("an organisation keeps at least one owner; name another one first")]
    LastOwner,
    /// Only owners name owners.
    #[error("only an owner may make, change or remove an owner")]
    OwnersOnly,
    /// Something that must stay.
    #[error("{what} cannot be deleted")]
    Permanent {
        /// What it is, as a noun phrase.
        what: &'static str,
    },
    /// The platform keeps at least one administrator.
    #[error("the platform keeps at least one administrator; name another one first")]
    LastAdministrator,
    /// A sign-in with a provider that did not begin in this browser, came back before, or took too long.
    #[error("this sign-in did not begin in this browser, was used before, or took too long; begin again")]
    FlowInvalid,
    /// The provider did not let the person in.
    #[error("the identity provider did not confirm who you are")]
    ProviderRefused,
    /// The provider does not answer, or not as it must.
    #[error("the identity provider cannot be used: {why}")]
    ProviderUnusable {
        /// What is wrong, in words that hold no secret.
        why: String,
    },
    /// Nobody gets an account by signing in with this provider, or not somebody of this address.
    #[error("this identity provider lets no new people in; ask an administrator for an invitation")]
    SignUpClosed,
    /// There is an account of this address, and it is not taken over.
    #[error("there is an account with this address already; sign in with its password")]
    AccountExists,
    /// The provider does not say that it verified the address.
    #[error("the identity provider has not verified your email address")]
    AddressUnverified,
    /// The organisation has no directory, or the credential is not the directory's.
    #[error(
        "provisioning is switched off here, or this is not one of its tokens; see Settings, Provisioning"
    )]
    NotDirectory,
    /// The row was changed since it was read.
    #[error("somebody changed this in the meantime; read it again and repeat the change")]
    Stale,
    /// A machine without a proof came to an environment that is not for development.
    #[error(
        "a service account without authentication signs in to development environments only, never to staging or production"
    )]
    DevelopmentOnly,
    /// A request of a directory that cannot be taken as it stands.
    #[error(transparent)]
    Scim(#[from] conductor_scim::Error),
    /// The decision point refused or failed.
    #[error(transparent)]
    Access(#[from] conductor_access::Error),
    /// Storage failed.
    #[error(transparent)]
    Storage(#[from] conductor_storage::Error),
    /// Passwords or tokens could not be computed.
    #[error("{what} failed")]
    Crypto {
        /// What was tried.
        what: &'static str,
        /// The reason.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The key that signs tokens is guessable.
    #[error("the key that signs access tokens is too weak: use 32 random bytes")]
    WeakKey,
}

/// The result of a call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// One field that must be mended.
    pub(crate) fn field(pointer: &str, code: &'static str, detail: impl Into<String>) -> Self {
        Self::Invalid { fields: vec![FieldError::new(pointer, code, detail)] }
    }

    /// Names what a computation was for.
    pub(crate) fn crypto<E>(what: &'static str) -> impl FnOnce(E) -> Self
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        move |source| Self::Crypto { what, source: source.into() }
    }
}

/// Says which noun a uniqueness violation or a missing row was about.
pub(crate) fn about(what: &'static str) -> impl FnOnce(conductor_storage::Error) -> Error {
    move |error| match error {
        conductor_storage::Error::NameTaken { .. } => Error::Taken { what },
        conductor_storage::Error::NotFound => Error::NotFound { what },
        error => Error::Storage(error),
    }
}

impl Error {
    /// `scimType`: what a directory is told of it, where the standard has a word (RFC 7644, section 3.12).
    #[must_use]
    pub fn scim_type(&self) -> Option<&'static str> {
        match self {
            Self::Scim(error) => Some(error.reason.as_str()),
            Self::Taken { .. } => Some(conductor_scim::Reason::Uniqueness.as_str()),
            Self::Invalid { .. } => Some(conductor_scim::Reason::InvalidValue.as_str()),
            _ => None,
        }
    }
}

impl Kind for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid { .. }
            | Self::TwoCredentials
            | Self::LinkInvalid
            | Self::FlowInvalid
            | Self::Scim(_) => ErrorKind::Invalid,
            Self::ProviderUnusable { .. } => ErrorKind::Upstream,
            Self::SignInRefused
            | Self::OtpRequired
            | Self::OtpInvalid
            | Self::ProviderRefused
            | Self::TokenMissing
            | Self::TokenInvalid
            | Self::TokenExpired
            | Self::TokenRevoked => ErrorKind::Unauthenticated,
            Self::Limited { retry_after } => ErrorKind::Limited { retry_after: Some(*retry_after) },
            Self::RegistrationClosed
            | Self::SignUpClosed
            | Self::AddressUnverified
            | Self::OwnersOnly
            | Self::NoOrganization
            | Self::MfaRequired
            | Self::NotDirectory
            | Self::DevelopmentOnly
            | Self::PeopleOnly => ErrorKind::Forbidden,
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::AlreadySetUp
            | Self::AccountExists
            | Self::Taken { .. }
            | Self::MfaEnabled
            | Self::MfaMissing
            | Self::TokenActive
            | Self::AccountDisabled
            | Self::LastOwner
            | Self::Personal
            | Self::LastAdministrator
            | Self::Stale
            | Self::Permanent { .. } => ErrorKind::Conflict,
            Self::Access(error) => error.kind(),
            Self::Storage(error) => error.kind(),
            Self::Crypto { .. } | Self::WeakKey => ErrorKind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Invalid { .. } | Self::Scim(_) => "validation_failed",
            Self::NotDirectory => "directory_off",
            Self::DevelopmentOnly => "development_only",
            Self::Stale => "version_conflict",
            Self::SignInRefused => "sign_in_refused",
            Self::OtpRequired => "otp_required",
            Self::OtpInvalid => "otp_invalid",
            Self::MfaRequired => "mfa_required",
            Self::MfaEnabled => "mfa_enabled",
            Self::MfaMissing => "mfa_missing",
            Self::PeopleOnly => "not_a_person",
            Self::TokenActive => "token_active",
            Self::AccountDisabled => "service_account_disabled",
            Self::TokenMissing => "token_missing",
            Self::TokenInvalid => "token_invalid",
            Self::TokenExpired => "token_expired",
            Self::TokenRevoked => "token_revoked",
            Self::TwoCredentials => "two_credentials",
            Self::Limited { .. } => "rate_limited",
            Self::RegistrationClosed => "registration_closed",
            Self::LinkInvalid => "link_invalid",
            Self::FlowInvalid => "sign_in_flow_invalid",
            Self::ProviderRefused => "identity_provider_refused",
            Self::ProviderUnusable { .. } => "identity_provider_unusable",
            Self::SignUpClosed => "sign_up_closed",
            Self::AccountExists => "account_exists",
            Self::AddressUnverified => "address_unverified",
            Self::AlreadySetUp => "already_set_up",
            Self::NotFound { .. } => "not_found",
            Self::NoOrganization | Self::OwnersOnly => "role_missing",
            Self::Taken { .. } => "name_taken",
            Self::LastOwner => "last_owner",
            Self::Personal => "personal_organization",
            Self::LastAdministrator => "last_administrator",
            Self::Permanent { .. } => "permanent",
            Self::Access(error) => error.code(),
            Self::Storage(error) => error.code(),
            Self::Crypto { .. } | Self::WeakKey => "internal",
        }
    }

    fn rule_id(&self) -> Option<String> {
        match self {
            Self::Access(error) => error.rule_id(),
            _ => None,
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Invalid { fields } => fields.clone(),
            _ => Vec::new(),
        }
    }
}
