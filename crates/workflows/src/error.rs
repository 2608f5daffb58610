//! What a caller can do about a failure of workflows.

use conductor_domain::{ErrorKind, FieldError, Kind, LimitPolicy};
use conductor_workflow_graph::problem::{Invalid, Unsayable};

/// A failure of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller may not see it, or it does not exist.
    #[error("no such {what}")]
    Hidden {
        /// The noun.
        what: &'static str,
    },
    /// Fields that cannot be.
    #[error("{} field(s) are not valid", faults.len())]
    Invalid {
        /// What to change, for each.
        faults: Vec<FieldError>,
    },
    /// A document that is no workflow, or one that cannot run and was not to be kept as a draft.
    #[error(transparent)]
    Graph(#[from] Invalid),
    /// A form that has no words for the workflow.
    #[error(transparent)]
    Unsayable(#[from] Unsayable),
    /// Another one of the scope has this name.
    #[error("another {what} has the name {name:?}; choose another one")]
    NameTaken {
        /// The noun.
        what: &'static str,
        /// What is taken.
        name: String,
    },
    /// It changed since it was read.
    #[error("it changed since it was read; read it again and repeat the change")]
    Stale,
    /// The workflow is switched off.
    #[error("the workflow {name:?} is switched off; switch it on to run it")]
    Off {
        /// Its name.
        name: String,
    },
    /// A run of the workflow is open, and it has one at a time.
    #[error("the workflow {name:?} has one run at a time, and one is open; wait for its end, or stop it")]
    Busy {
        /// Its name.
        name: String,
    },
    /// The runs of the workflow go one after the other, and too many wait already.
    #[error(
        "{most} runs of the workflow {name:?} wait for those before them; try again once some have ended, or stop some"
    )]
    Full {
        /// Its name.
        name: String,
        /// How many may wait.
        most: u64,
    },
    /// Nobody stands behind the workflow any more.
    #[error(
        "the workflow has no owner who may act here; give it one, or clone it, for it to start by itself"
    )]
    Ownerless,
    /// Somebody other than the owner made or published what runs, and would act as the owner.
    #[error(
        "somebody other than the owner made or published version {version}; what starts it by itself runs as the owner, and does so again once the owner saves or publishes a version"
    )]
    Unconfirmed {
        /// The version that runs.
        version: i32,
    },
    /// A delivery is not what a hook's secret signed just now, or there is no such hook.
    #[error(
        "no webhook here takes this delivery: check the address, the secret, the clock, and that the body is signed as it is sent"
    )]
    Unsigned,
    /// A delivery or an event came before under its id, with another body.
    #[error("a message of this id came before with another body; give each message an id of its own")]
    Reused,
    /// An event would start more workflows than one may.
    #[error(
        "more than {most} workflows wait for the event {name:?}, and one event starts no more; nothing was started: tell events of narrower names"
    )]
    TooWide {
        /// Its name.
        name: String,
        /// How many it may start.
        most: u64,
    },
    /// Only the owner may have what stands for the owner.
    #[error(
        "only the owner of the workflow makes its webhook secret: whoever has it starts the workflow as the owner"
    )]
    NotOwner,
    /// The operator has named no folder of documents, or it is not there.
    #[error(
        "documents are taken from no folder here; the operator names one as CONDUCTOR_WORKFLOWS_FOLDER, or import the document itself"
    )]
    FolderOff,
    /// A machine has no opinion.
    #[error("only people rate")]
    NotAPerson,
    /// Who owns a workflow does not rate it.
    #[error("your own workflow is rated by others")]
    OwnRating,
    /// The run is over.
    #[error("the run has already ended")]
    Ended,
    /// The run is not over.
    #[error("the run goes on; stop it, or wait for its end, before another one goes on from it")]
    Running,
    /// Nothing was kept of calls of the run.
    #[error(
        "a policy let nothing be kept of calls of this run, so none can go on from it; run the workflow from its start"
    )]
    Emptied,
    /// The engine refused or failed.
    #[error(transparent)]
    Runs(#[from] conductor_runs::Error),
    /// Conductor's own workflows are changed by an administrator, or cloned.
    #[error("official workflows cannot be changed here; clone it and change the copy")]
    Official,
    /// The decision point refused or failed.
    #[error(transparent)]
    Access(#[from] conductor_access::Error),
    /// Storage failed.
    #[error("storage failed")]
    Storage(#[from] conductor_storage::Error),
}

/// The result of a call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Kind for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Hidden { .. } => ErrorKind::NotFound,
            Self::Stale
            | Self::NameTaken { .. }
            | Self::Off { .. }
            | Self::Busy { .. }
            | Self::Full { .. }
            | Self::Ownerless
            | Self::Unconfirmed { .. }
            | Self::Reused
            | Self::TooWide { .. }
            | Self::Ended
            | Self::Running
            | Self::Emptied => ErrorKind::Conflict,
            Self::Runs(error) => error.kind(),
            Self::Invalid { .. } => ErrorKind::Invalid,
            Self::Unsigned => ErrorKind::Unauthenticated,
            Self::Official | Self::NotOwner | Self::FolderOff | Self::NotAPerson | Self::OwnRating => {
                ErrorKind::Forbidden
            }
            Self::Graph(error) => error.kind(),
            Self::Unsayable(error) => error.kind(),
            Self::Access(error) => error.kind(),
            Self::Storage(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Hidden { .. } => "not_found",
            Self::Stale => "version_conflict",
            Self::NameTaken { .. } => "name_taken",
            Self::Invalid { .. } => "validation_failed",
            Self::Off { .. } => "workflow_off",
            Self::Busy { .. } | Self::Full { .. } => "workflow_busy",
            Self::Ownerless => "owner_missing",
            Self::Unconfirmed { .. } => "version_unconfirmed",
            Self::Unsigned => "webhook_signature_invalid",
            Self::Reused => "webhook_id_reused",
            Self::TooWide { .. } => "event_too_wide",
            Self::NotOwner => "owner_only",
            Self::Ended => "run_ended",
            Self::Running => "run_not_ended",
            Self::Emptied => "run_emptied",
            Self::Runs(error) => error.code(),
            Self::Official => "official_workflow",
            Self::FolderOff => "workflow_folder_off",
            Self::NotAPerson => "not_a_person",
            Self::OwnRating => "own_rating",
            Self::Graph(error) => error.code(),
            Self::Unsayable(error) => error.code(),
            Self::Access(error) => error.code(),
            Self::Storage(error) => error.code(),
        }
    }

    fn limit(&self) -> Option<LimitPolicy> {
        match self {
            Self::Access(error) => error.limit(),
            Self::Runs(error) => error.limit(),
            _ => None,
        }
    }

    fn rule_id(&self) -> Option<String> {
        match self {
            Self::Access(error) => error.rule_id(),
            Self::Runs(error) => error.rule_id(),
            _ => None,
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Invalid { faults } => faults.clone(),
            Self::Graph(error) => error.fields(),
            Self::Unsayable(error) => error.fields(),
            Self::Runs(error) => error.fields(),
            Self::NameTaken { .. } => vec![FieldError::new("/name", "name_taken", self.to_string())],
            _ => Vec::new(),
        }
    }
}
