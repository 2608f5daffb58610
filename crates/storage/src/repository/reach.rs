//! Which rows with an owner and a visibility a tenant may use and a caller may see: one answer for every such table.

use conductor_domain::{Caller, Scope, SharedKind, UserId};
use sea_orm::{ColumnTrait, Condition};

use super::grants::granted;
use crate::View;

/// The columns that say who sees a row.
pub(super) struct Reach<C> {
    pub(super) id: C,
    pub(super) organization: C,
    pub(super) environment: C,
    pub(super) owner: C,
    pub(super) visibility: C,
}

impl<C: ColumnTrait> Reach<C> {
    /// Rows of one tenant.
    pub(super) fn in_scope(&self, scope: Scope) -> Condition {
        Condition::all()
            .add(self.organization.eq(scope.organization_id.as_uuid()))
            .add(self.environment.eq(scope.environment_id.as_uuid()))
    }

    /// Official rows, public ones, and those that the organisation shares with all its environments.
    pub(super) fn beyond(&self, scope: Scope) -> Condition {
        Condition::any()
            .add(self.organization.eq(Scope::PLATFORM.organization_id.as_uuid()))
            .add(self.visibility.eq("public"))
            .add(
                Condition::all()
                    .add(self.organization.eq(scope.organization_id.as_uuid()))
                    .add(self.visibility.eq("organization")),
            )
    }

    /// Those, and the caller's own, the team's, and those granted to the caller.
    pub(super) fn seen_by(&self, view: &View<'_>, kind: SharedKind) -> Condition {
        let here = || self.in_scope(view.caller.scope);
        let mut seen = self.beyond(view.caller.scope).add(here().add(self.visibility.eq("team")));
        if let Some(user) = view.caller.user_id() {
            seen = seen.add(here().add(self.owner.eq(user.as_uuid())));
        }
        seen.add(here().add(self.id.in_subquery(granted(view, kind))))
    }

    /// Rows of whose grants the caller decides: its own, and those it manages because others see them.
    pub(super) fn decided_by(&self, caller: &Caller, manages: bool) -> Condition {
        let mut whose =
            Condition::any().add(self.owner.eq(caller.user_id().unwrap_or(UserId::NIL).as_uuid()));
        if manages {
            whose = whose.add(self.visibility.ne("private"));
        }
        Condition::all()
            .add(self.organization.eq(caller.scope.organization_id.as_uuid()))
            .add(
                Condition::any()
                    .add(self.environment.eq(caller.scope.environment_id.as_uuid()))
                    .add(self.visibility.is_in(["organization", "public"])),
            )
            .add(whose)
    }
}
