//! What a run should be, worked out without a database, a journal or a clock of its own.

use chrono::{DateTime, TimeDelta, Utc};
use conductor_domain::{RunId, RunStatus};

/// How long the runs wait in their middle.
pub(crate) const WAIT: TimeDelta = TimeDelta::minutes(60);

/// What becomes of a deed at one try. After those that a run is given it is well done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
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

impl Deed {
    /// How often a deed that failed is tried again.
    pub(crate) fn retries(self) -> usize {
        match self {
            Self::First => 2,
            Self::Last => 1,
        }
    }

    /// How long after it failed for the first time; the first deed takes twice as long after each further time.
    pub(crate) fn delay(self) -> TimeDelta {
        match self {
            Self::First => TimeDelta::minutes(30),
            Self::Last => TimeDelta::zero(),
        }
    }

    /// When it is tried again that has failed after so many tries, if it is.
    fn again(self, tries: usize, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let times = if tries > 1 { 2 } else { 1 };
        (tries <= self.retries()).then(|| now + self.delay() * times)
    }
}

/// The nodes of a run, in their order: a deed, a question, a wait, something to be told, the other deed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Deed(Deed),
    /// The deed has failed, and is tried again at a moment.
    Again(Deed, DateTime<Utc>),
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
    /// How many attempts at each deed its journal tells of: those that it was taken up with, too.
    pub(crate) attempts: [usize; 2],
    /// Whether it was told what it waits for before it did.
    told: bool,
    moods: [Vec<Mood>; 2],
}

impl Expected {
    pub(crate) fn begin(id: RunId, moods: [Vec<Mood>; 2], now: DateTime<Utc>) -> Self {
        let stand = Stand::At(Stage::Deed(Deed::First));
        let mut run = Self { id, stand, deeds: [0, 0], attempts: [0, 0], told: false, moods };
        run.act(Deed::First, now);
        run
    }

    /// A run that goes on from where this one ended. What had not ended begins anew, waits too; what is done again is well
    /// done.
    pub(crate) fn taken_up(&self, id: RunId, stage: Stage, now: DateTime<Utc>) -> Self {
        let (stand, told) = (Stand::At(stage), self.told);
        let attempts = match stage {
            Stage::Deed(Deed::First) | Stage::Again(Deed::First, _) => [0, 0],
            _ => [self.attempts[Deed::First as usize], 0],
        };
        let mut run = Self { id, stand, deeds: [0, 0], attempts, told, moods: [Vec::new(), Vec::new()] };
        match stage {
            Stage::Deed(deed) | Stage::Again(deed, _) => run.act(deed, now),
            Stage::Told => run.listen(now),
            Stage::Pause(_) => run.answered(true, now),
            Stage::Ask => {}
        }
        run
    }

    fn act(&mut self, deed: Deed, now: DateTime<Utc>) {
        let tries = self.deeds[deed as usize] + 1;
        self.deeds[deed as usize] = tries;
        self.attempts[deed as usize] += 1;
        match self.moods[deed as usize].get(tries - 1) {
            None => self.acted(deed),
            Some(Mood::Fails) => match deed.again(tries, now) {
                None => self.stand = Stand::Failed(Stage::Deed(deed)),
                Some(at) => {
                    self.stand = Stand::At(Stage::Again(deed, at));
                    self.time_is(now);
                }
            },
            Some(Mood::Hangs) => self.stand = Stand::At(Stage::Deed(deed)),
            Some(Mood::Lost) => self.stand = Stand::Doubt(deed),
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

    pub(crate) fn settled(&mut self, deed: Deed, said: Said, now: DateTime<Utc>) {
        match said {
            Said::Done => self.acted(deed),
            Said::Again => self.act(deed, now),
            Said::Not => self.stand = Stand::Failed(Stage::Deed(deed)),
        }
    }

    pub(crate) fn hear(&mut self, now: DateTime<Utc>) {
        self.told = true;
        if self.stand == Stand::At(Stage::Told) {
            self.listen(now);
        }
    }

    fn listen(&mut self, now: DateTime<Utc>) {
        self.stand = Stand::At(Stage::Told);
        if std::mem::take(&mut self.told) {
            self.act(Deed::Last, now);
        }
    }

    pub(crate) fn time_is(&mut self, now: DateTime<Utc>) {
        match self.stand {
            Stand::At(Stage::Pause(until)) if until <= now => self.listen(now),
            Stand::At(Stage::Again(deed, at)) if at <= now => self.act(deed, now),
            _ => {}
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
