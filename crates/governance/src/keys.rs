//! The keys that secrets are sealed under, for administrators of the platform: how they stand, and their rotation.

use std::sync::Arc;

use conductor_access::{Access, Action, Facts, RotationState};
use conductor_domain::{Caller, Scope};

use crate::Result;

/// Keys of secrets, as doors see them.
#[derive(Clone, Debug)]
pub struct Keys {
    access: Arc<Access>,
}

impl Keys {
    /// Over this decision point's vault.
    #[must_use]
    pub const fn new(access: Arc<Access>) -> Self {
        Self { access }
    }

    /// What there is, and how far the last rotation came.
    ///
    /// # Errors
    /// `Denied` for whoever is no administrator of the platform.
    pub async fn state(&self, caller: &Caller) -> Result<RotationState> {
        self.access.require(caller, Action::SecretKeyRead, &facts()).await?;
        Ok(self.access.vault().rotation().await?)
    }

    /// Begins a rotation, or tells how the one that runs stands.
    ///
    /// # Errors
    /// As `state`.
    pub async fn rotate(&self, caller: &Caller) -> Result<RotationState> {
        self.access.require(caller, Action::SecretKeyRotate, &facts()).await?;
        self.access.vault().begin_rotation(Some(caller)).await?;
        Ok(self.access.vault().rotation().await?)
    }
}

fn facts() -> Facts {
    Facts::new("secret_key:all", Scope::PLATFORM)
}
