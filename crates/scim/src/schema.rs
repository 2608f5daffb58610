//! What users and groups may hold, written once: reading, filtering, patching and `/Schemas` all go by these tables.

/// The schema of users.
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The extension that employers use.
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// The schema of groups.
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The schema of lists.
pub const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Text,
    Boolean,
    Integer,
    DateTime,
    Reference,
    Complex,
}

impl Type {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::DateTime => "dateTime",
            Self::Reference => "reference",
            Self::Complex => "complex",
        }
    }
}

/// Who may write a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutability {
    ReadWrite,
    ReadOnly,
    Immutable,
}

/// An attribute, or a part of one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attribute {
    pub(crate) name: &'static str,
    pub(crate) kind: Type,
    pub(crate) many: bool,
    pub(crate) required: bool,
    pub(crate) case_exact: bool,
    pub(crate) mutability: Mutability,
    pub(crate) always: bool,
    pub(crate) unique: bool,
    pub(crate) words: &'static [&'static str],
    pub(crate) refers_to: &'static [&'static str],
    pub(crate) subs: &'static [Attribute],
    pub(crate) about: &'static str,
}

impl Attribute {
    pub(crate) const fn text(name: &'static str, about: &'static str) -> Self {
        Self {
            name,
            kind: Type::Text,
            many: false,
            required: false,
            case_exact: false,
            mutability: Mutability::ReadWrite,
            always: false,
            unique: false,
            words: &[],
            refers_to: &[],
            subs: &[],
            about,
        }
    }

    const fn of(name: &'static str, kind: Type, about: &'static str) -> Self {
        Self { kind, ..Self::text(name, about) }
    }

    const fn boolean(name: &'static str, about: &'static str) -> Self {
        Self::of(name, Type::Boolean, about)
    }

    const fn complex(name: &'static str, subs: &'static [Self], about: &'static str) -> Self {
        Self { subs, ..Self::of(name, Type::Complex, about) }
    }

    const fn reference(name: &'static str, refers_to: &'static [&'static str], about: &'static str) -> Self {
        Self { refers_to, case_exact: true, ..Self::of(name, Type::Reference, about) }
    }

    const fn many(self) -> Self {
        Self { many: true, ..self }
    }

    const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    const fn exact(self) -> Self {
        Self { case_exact: true, ..self }
    }

    const fn read_only(self) -> Self {
        Self { mutability: Mutability::ReadOnly, ..self }
    }

    const fn immutable(self) -> Self {
        Self { mutability: Mutability::Immutable, ..self }
    }

    const fn unique(self) -> Self {
        Self { unique: true, ..self }
    }

    const fn always(self) -> Self {
        Self { always: true, ..self }
    }

    const fn words(self, words: &'static [&'static str]) -> Self {
        Self { words, ..self }
    }

    /// The attribute of this name, in whatever case.
    pub(crate) fn named(all: &'static [Self], name: &str) -> Option<&'static Self> {
        all.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
    }
}

/// A schema.
#[derive(Debug)]
pub(crate) struct Schema {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) attributes: &'static [Attribute],
}

/// What a resource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A person.
    User,
    /// Several people.
    Group,
}

impl Kind {
    /// The name of the resource type.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    /// Where its resources are, below the root.
    #[must_use]
    pub const fn endpoint(self) -> &'static str {
        match self {
            Self::User => "/Users",
            Self::Group => "/Groups",
        }
    }

    pub(crate) const fn schema(self) -> &'static Schema {
        match self {
            Self::User => &USER_SCHEMA,
            Self::Group => &GROUP_SCHEMA,
        }
    }

    pub(crate) const fn extensions(self) -> &'static [Schema] {
        match self {
            Self::User => &[ENTERPRISE_SCHEMA],
            Self::Group => &[],
        }
    }

    /// The extension that a text names.
    pub(crate) fn extension_named(text: &str) -> Option<&'static str> {
        text.eq_ignore_ascii_case(ENTERPRISE).then_some(ENTERPRISE)
    }
}

const META_PARTS: &[Attribute] = &[
    Attribute::text("resourceType", "The name of the resource type.").exact().read_only(),
    Attribute::of("created", Type::DateTime, "When it was made.").read_only(),
    Attribute::of("lastModified", Type::DateTime, "When it was last changed.").read_only(),
    Attribute::reference("location", &["uri"], "Where it is.").read_only(),
    Attribute::text("version", "Its version, as `ETag` has it.").exact().read_only(),
];

/// What every resource has besides its schema.
pub(crate) const COMMON: &[Attribute] = &[
    Attribute::text("id", "The id that this server gave.").exact().read_only().always(),
    Attribute::text("externalId", "The id that the directory gave.").exact(),
    Attribute::complex("meta", META_PARTS, "What the server keeps about it.").read_only(),
];

const NAME_PARTS: &[Attribute] = &[
    Attribute::text("formatted", "The whole name."),
    Attribute::text("familyName", "The family name."),
    Attribute::text("givenName", "The given name."),
    Attribute::text("middleName", "Middle names."),
    Attribute::text("honorificPrefix", "Titles before the name."),
    Attribute::text("honorificSuffix", "Titles after the name."),
];

const EMAIL_PARTS: &[Attribute] = &[
    Attribute::text("value", "The address.").required(),
    Attribute::text("display", "How to show it."),
    Attribute::text("type", "What it is for.").words(&["work", "home", "other"]),
    Attribute::boolean("primary", "Whether it is the main one: the one that the person signs in with."),
];

const PHONE_PARTS: &[Attribute] = &[
    Attribute::text("value", "The number."),
    Attribute::text("display", "How to show it."),
    Attribute::text("type", "What it is for.").words(&["work", "home", "mobile", "fax", "pager", "other"]),
    Attribute::boolean("primary", "Whether it is the main one."),
];

const ADDRESS_PARTS: &[Attribute] = &[
    Attribute::text("formatted", "The whole address."),
    Attribute::text("streetAddress", "Street and number."),
    Attribute::text("locality", "The city."),
    Attribute::text("region", "The state or region."),
    Attribute::text("postalCode", "The postal code."),
    Attribute::text("country", "The country."),
    Attribute::text("type", "What it is for.").words(&["work", "home", "other"]),
    Attribute::boolean("primary", "Whether it is the main one."),
];

const USER_GROUP_PARTS: &[Attribute] = &[
    Attribute::text("value", "The group's id.").exact().read_only(),
    Attribute::reference("$ref", &["Group"], "Where the group is.").read_only(),
    Attribute::text("display", "The group's name.").read_only(),
    Attribute::text("type", "How the person belongs to it.").words(&["direct"]).read_only(),
];

const USER_ATTRIBUTES: &[Attribute] = &[
    Attribute::text("userName", "What the person is called in the directory; unique in the organisation.")
        .required()
        .unique(),
    Attribute::complex("name", NAME_PARTS, "The parts of the person's name."),
    Attribute::text("displayName", "The name to show."),
    Attribute::text("nickName", "What others call the person."),
    Attribute::reference("profileUrl", &["external"], "A page about the person."),
    Attribute::text("title", "The position."),
    Attribute::text("userType", "How the person relates to the organisation."),
    Attribute::text("preferredLanguage", "The language to write in."),
    Attribute::text("locale", "How to write numbers and dates."),
    Attribute::text("timezone", "The time zone."),
    Attribute::boolean("active", "Whether the person may come in. False ends every session at once."),
    Attribute::complex("emails", EMAIL_PARTS, "Addresses. May be left out where `userName` is one.")
        .many()
        .required(),
    Attribute::complex("phoneNumbers", PHONE_PARTS, "Telephone numbers.").many(),
    Attribute::complex("addresses", ADDRESS_PARTS, "Where the person works or lives.").many(),
    Attribute::complex("groups", USER_GROUP_PARTS, "The groups that the person belongs to.")
        .many()
        .read_only(),
];

const MANAGER_PARTS: &[Attribute] = &[
    Attribute::text("value", "The manager's id.").exact(),
    Attribute::reference("$ref", &["User"], "Where the manager is."),
    Attribute::text("displayName", "The manager's name.").read_only(),
];

const ENTERPRISE_ATTRIBUTES: &[Attribute] = &[
    Attribute::text("employeeNumber", "The number that the employer gave."),
    Attribute::text("costCenter", "The cost centre."),
    Attribute::text("organization", "The employer's name."),
    Attribute::text("division", "The division."),
    Attribute::text("department", "The department."),
    Attribute::complex("manager", MANAGER_PARTS, "The person's manager."),
];

const MEMBER_PARTS: &[Attribute] = &[
    Attribute::text("value", "The person's id.").exact().immutable(),
    Attribute::reference("$ref", &["User"], "Where the person is.").immutable(),
    Attribute::text("type", "What the member is.").words(&["User"]).immutable(),
];

const GROUP_ATTRIBUTES: &[Attribute] = &[
    Attribute::text("displayName", "The name; unique in the organisation.").required().unique(),
    Attribute::complex("members", MEMBER_PARTS, "The people who belong to it.").many(),
];

/// The schema of users.
pub(crate) const USER_SCHEMA: Schema =
    Schema { id: USER, name: "User", about: "A person", attributes: USER_ATTRIBUTES };
/// The extension that employers use.
pub(crate) const ENTERPRISE_SCHEMA: Schema = Schema {
    id: ENTERPRISE,
    name: "EnterpriseUser",
    about: "What employers keep of a person",
    attributes: ENTERPRISE_ATTRIBUTES,
};
/// The schema of groups.
pub(crate) const GROUP_SCHEMA: Schema =
    Schema { id: GROUP, name: "Group", about: "Several people", attributes: GROUP_ATTRIBUTES };

const SUPPORTED: &[Attribute] =
    &[Attribute::boolean("supported", "Whether it is supported.").required().read_only()];
const BULK_PARTS: &[Attribute] = &[
    Attribute::boolean("supported", "Whether it is supported.").required().read_only(),
    Attribute::of("maxOperations", Type::Integer, "Operations at once at most.").required().read_only(),
    Attribute::of("maxPayloadSize", Type::Integer, "Bytes at once at most.").required().read_only(),
];
const FILTER_PARTS: &[Attribute] = &[
    Attribute::boolean("supported", "Whether it is supported.").required().read_only(),
    Attribute::of("maxResults", Type::Integer, "Resources of one answer at most.").required().read_only(),
];
const SCHEME_PARTS: &[Attribute] = &[
    Attribute::text("type", "What it is.").words(&["oauthbearertoken"]).required().read_only(),
    Attribute::text("name", "The name to show.").required().read_only(),
    Attribute::text("description", "How it is used.").required().read_only(),
    Attribute::reference("specUri", &["external"], "Where it is specified.").read_only(),
    Attribute::reference("documentationUri", &["external"], "Where it is described.").read_only(),
    Attribute::boolean("primary", "Whether it is the main one.").read_only(),
];
const CONFIG_ATTRIBUTES: &[Attribute] = &[
    Attribute::reference("documentationUri", &["external"], "Where this server is described.").read_only(),
    Attribute::complex("patch", SUPPORTED, "PATCH.").required().read_only(),
    Attribute::complex("bulk", BULK_PARTS, "Many operations at once.").required().read_only(),
    Attribute::complex("filter", FILTER_PARTS, "Filters.").required().read_only(),
    Attribute::complex("changePassword", SUPPORTED, "Changing passwords.").required().read_only(),
    Attribute::complex("sort", SUPPORTED, "Sorting.").required().read_only(),
    Attribute::complex("etag", SUPPORTED, "Versions.").required().read_only(),
    Attribute::complex("authenticationSchemes", SCHEME_PARTS, "How to authenticate.")
        .many()
        .required()
        .read_only(),
];

const EXTENSION_PARTS: &[Attribute] = &[
    Attribute::reference("schema", &["uri"], "The extension's schema.").required().read_only(),
    Attribute::boolean("required", "Whether resources must have it.").required().read_only(),
];
const TYPE_ATTRIBUTES: &[Attribute] = &[
    Attribute::text("name", "The name.").required().read_only(),
    Attribute::text("description", "What it is.").read_only(),
    Attribute::reference("endpoint", &["uri"], "Where its resources are.").required().read_only(),
    Attribute::reference("schema", &["uri"], "Its schema.").required().read_only(),
    Attribute::complex("schemaExtensions", EXTENSION_PARTS, "Its extensions.").many().read_only(),
];

const DESCRIPTION: &[Attribute] = &[
    Attribute::text("name", "The name.").required().exact().read_only(),
    Attribute::text("type", "The type of its values.").required().read_only(),
    Attribute::boolean("multiValued", "Whether it has several values.").required().read_only(),
    Attribute::text("description", "What it is.").read_only(),
    Attribute::boolean("required", "Whether it must be there.").required().read_only(),
    Attribute::text("canonicalValues", "Values that are usual.").many().exact().read_only(),
    Attribute::boolean("caseExact", "Whether case counts.").read_only(),
    Attribute::text("mutability", "Who writes it.").required().exact().read_only(),
    Attribute::text("returned", "When it is shown.").required().exact().read_only(),
    Attribute::text("uniqueness", "How unique it is.").exact().read_only(),
    Attribute::text("referenceTypes", "What it may refer to.").many().exact().read_only(),
];
const DESCRIPTIONS: &[Attribute] = &[
    DESCRIPTION[0],
    DESCRIPTION[1],
    DESCRIPTION[2],
    DESCRIPTION[3],
    DESCRIPTION[4],
    DESCRIPTION[5],
    DESCRIPTION[6],
    DESCRIPTION[7],
    DESCRIPTION[8],
    DESCRIPTION[9],
    DESCRIPTION[10],
    Attribute::complex("subAttributes", DESCRIPTION, "Its parts.").many().read_only(),
];
const SCHEMA_ATTRIBUTES: &[Attribute] = &[
    Attribute::text("name", "The name.").required().read_only(),
    Attribute::text("description", "What it is.").read_only(),
    Attribute::complex("attributes", DESCRIPTIONS, "Its attributes.").many().required().read_only(),
];

/// Every schema that the server shows.
pub(crate) const ALL: &[Schema] = &[
    USER_SCHEMA,
    ENTERPRISE_SCHEMA,
    GROUP_SCHEMA,
    Schema {
        id: "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig",
        name: "ServiceProviderConfig",
        about: "What this server can do",
        attributes: CONFIG_ATTRIBUTES,
    },
    Schema {
        id: "urn:ietf:params:scim:schemas:core:2.0:ResourceType",
        name: "ResourceType",
        about: "A kind of resource",
        attributes: TYPE_ATTRIBUTES,
    },
    Schema {
        id: "urn:ietf:params:scim:schemas:core:2.0:Schema",
        name: "Schema",
        about: "A schema",
        attributes: SCHEMA_ATTRIBUTES,
    },
];
