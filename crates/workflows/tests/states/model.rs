//! What a run should be, worked out without a database, a journal or a clock of its own.

use chrono::{DateTime, TimeDelta, Utc};
use conductor_domain::{RunId, RunStatus};

/// How long the runs wait in their middle.
pub(crate) const WAIT: TimeDelta = TimeDelta::minutes(60);

/// What becomes of a deed when it is done for the first time; after that it is well done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Well,
    /// The target says no.
    Fails,
    /// The target takes its time, until somebody stops the run or the server dies.
    Hangs,
    /// It is done, and its answer is lost.
    Lost,
}

impl Mood {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Fails => "fails",
            Self::Hangs => "hangs",
            Self::Lost => "lost",
        }
    }
}

/// What a person says of a deed of which nobody knows whether it was done.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Said {
    Done,
    Again,
    Not,
}

impl Said {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Done => "took_effect",
            Self::Again => "repeat",
            Self::Not => "fail",
        }
    }
}

/// The two deeds of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    First,
    Last,
}

/// The nodes of a run, in their order: a deed, a question, a wait, something to be told, the other deed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Deed(Deed),
    Ask,
    Pause(DateTime<Utc>),
    Told,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stand {
    /// It waits there; a deed that hangs keeps the run at work.
    At(Stage),
    /// A person is asked whether the deed was done.
    Doubt(Deed),
    Failed(Stage),
    Stopped(Stage),
    Done,
}

/// A run as it should be.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    pub(crate) id: RunId,
    pub(crate) stand: Stand,
    /// How often each deed was done.
    pub(crate) deeds: [usize; 2],
    /// Whether it was told what it waits for before it did.
    told: bool,
    moods: [Mood; 2],
}

impl Expected {
    pub(crate) fn begin(id: RunId, moods: [Mood; 2]) -> Self {
        let stand = Stand::At(Stage::Deed(Deed::First));
        let mut run = Self { id, stand, deeds: [0, 0], told: false, moods };
        run.act(Deed::First);
        run
    }

    /// A run that goes on from where this one ended. What had not ended begins anew, waits too; what is done again is well
    /// done.
    pub(crate) fn taken_up(&self, id: RunId, stage: Stage, now: DateTime<Utc>) -> Self {
        let (stand, told) = (Stand::At(stage), self.told);
        let mut run = Self { id, stand, deeds: [0, 0], told, moods: [Mood::Well; 2] };
        match stage {
            Stage::Deed(deed) => run.act(deed),
            Stage::Told => run.listen(),
            Stage::Pause(_) => run.answered(true, now),
            Stage::Ask => {}
        }
        run
    }

    fn act(&mut self, deed: Deed) {
        let count = &mut self.deeds[deed as usize];
        *count += 1;
        match if *count == 1 { self.moods[deed as usize] } else { Mood::Well } {
            Mood::Well => self.acted(deed),
            Mood::Fails => self.stand = Stand::Failed(Stage::Deed(deed)),
            Mood::Hangs => self.stand = Stand::At(Stage::Deed(deed)),
            Mood::Lost => self.stand = Stand::Doubt(deed),
        }
    }

    fn acted(&mut self, deed: Deed) {
        self.stand = match deed {
            Deed::First => Stand::At(Stage::Ask),
            Deed::Last => Stand::Done,
        };
    }

    pub(crate) fn answered(&mut self, yes: bool, now: DateTime<Utc>) {
        self.stand = if yes { Stand::At(Stage::Pause(now + WAIT)) } else { Stand::Failed(Stage::Ask) };
    }

    pub(crate) fn settled(&mut self, deed: Deed, said: Said) {
        match said {
            Said::Done => self.acted(deed),
            Said::Again => self.act(deed),
            Said::Not => self.stand = Stand::Failed(Stage::Deed(deed)),
        }
    }

    pub(crate) fn hear(&mut self) {
        self.told = true;
        if self.stand == Stand::At(Stage::Told) {
            self.listen();
        }
    }

    fn listen(&mut self) {
        self.stand = Stand::At(Stage::Told);
        if std::mem::take(&mut self.told) {
            self.act(Deed::Last);
        }
    }

    pub(crate) fn time_is(&mut self, now: DateTime<Utc>) {
        if matches!(self.stand, Stand::At(Stage::Pause(until)) if until <= now) {
            self.listen();
        }
    }

    pub(crate) fn stop(&mut self) {
        self.stand = match self.stand {
            Stand::At(stage) => Stand::Stopped(stage),
            Stand::Doubt(deed) => Stand::Stopped(Stage::Deed(deed)),
            ended => ended,
        };
    }

    pub(crate) fn server_died(&mut self) {
        if let Stand::At(Stage::Deed(deed)) = self.stand {
            self.stand = Stand::Doubt(deed);
        }
    }

    /// The node that waits for a moment, or for what it is told.
    pub(crate) fn waits_at(&self) -> Option<&'static str> {
        match self.stand {
            Stand::At(Stage::Pause(_)) => Some("pause"),
            Stand::At(Stage::Told) => Some("told"),
            _ => None,
        }
    }

    /// The kind of the question that is open.
    pub(crate) fn asks(&self) -> Option<&'static str> {
        match self.stand {
            Stand::At(Stage::Ask) => Some("human_step"),
            Stand::Doubt(_) => Some("ambiguous_effect"),
            _ => None,
        }
    }

    pub(crate) fn status(&self) -> RunStatus {
        match self.stand {
            Stand::At(Stage::Deed(_)) => RunStatus::Running,
            Stand::At(_) | Stand::Doubt(_) => RunStatus::Waiting,
            Stand::Failed(_) => RunStatus::Failed,
            Stand::Stopped(_) => RunStatus::Cancelled,
            Stand::Done => RunStatus::Succeeded,
        }
    }
}
