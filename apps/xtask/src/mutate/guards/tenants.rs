//! Guards between tenants, where rows are read and written.

use super::Guard;

pub(super) const TENANTS: &[Guard] = &[
    Guard {
        name: "tenant-of-agents",
        says: "a tenant changes its own agents alone",
        file: "crates/storage/src/repository/reach.rs",
        piece: ".add(self.organization.eq(scope.organization_id.as_uuid()))\n            .add(self.environment.eq(scope.environment_id.as_uuid()))\n    }",
        without: ".add(self.environment.is_not_null())\n    }",
        package: "conductor-storage",
        tests: &["a_tenant_writes_its_own_only"],
    },
    Guard {
        name: "tenant-of-conversations",
        says: "a tenant changes its own conversations alone",
        file: "crates/storage/src/repository/conversations.rs",
        piece: ".add(conversation::Column::OrganizationId.eq(self.scope.organization_id.as_uuid()))\n            .add(conversation::Column::EnvironmentId.eq(self.scope.environment_id.as_uuid()))",
        without: "",
        package: "conductor-storage",
        tests: &["another_tenant_reaches_nothing"],
    },
    Guard {
        name: "owner-of-conversations",
        says: "a conversation is its owner's and those to whom it was granted",
        file: "crates/storage/src/repository/conversations.rs",
        piece: ".add(conversation::Column::UserId.eq(user.as_uuid()))\n",
        without: ".add(conversation::Column::UserId.eq(user.as_uuid()))\n                .add(conversation::Column::Id.is_not_null())\n",
        package: "conductor-storage",
        tests: &["a_conversation_is_its_owners"],
    },
    Guard {
        name: "tenant-of-audit",
        says: "a tenant reads its own audit log alone",
        file: "crates/storage/src/repository/audit.rs",
        piece: "audit_event::Entity::find().filter(audit_event::Column::OrganizationId.eq(organization.as_uuid()))",
        without: "{\n        let _ = organization;\n        audit_event::Entity::find()\n    }",
        package: "conductor-storage",
        tests: &["entries_are_listed_for_their_tenant_alone"],
    },
    Guard {
        name: "tenant-of-budgets",
        says: "a budget counts for its own organisation alone",
        file: "crates/storage/src/repository/budgets.rs",
        piece: ".filter(budget::Column::OrganizationId.eq(organization.as_uuid()))",
        without: ".filter(budget::Column::OrganizationId.is_not_null())",
        package: "conductor-storage",
        tests: &["budgets_are_the_organisations_own"],
    },
    Guard {
        name: "tenant-of-directory-people",
        says: "a directory sees the people of its own organisation alone",
        file: "crates/storage/src/repository/directory_users.rs",
        piece: "directory_user::Entity::find()\n        .filter(directory_user::Column::OrganizationId.eq(scope.organization_id.as_uuid()))\n}",
        without: "let _ = scope;\n    directory_user::Entity::find()\n}",
        package: "conductor-http",
        tests: &["a_directory_sees_and_touches_its_own_organisation_only"],
    },
    Guard {
        name: "tenant-of-directory-groups",
        says: "a directory sees the groups of its own organisation alone",
        file: "crates/storage/src/repository/directory_groups.rs",
        piece: ".filter(directory_group::Column::OrganizationId.eq(scope.organization_id.as_uuid()))\n        .filter(directory_group::Column::DeletedAt.is_null())\n}",
        without: ".filter(directory_group::Column::OrganizationId.is_not_null())\n        .filter(directory_group::Column::DeletedAt.is_null())\n}",
        package: "conductor-http",
        tests: &["a_directory_sees_and_touches_its_own_organisation_only"],
    },
];
