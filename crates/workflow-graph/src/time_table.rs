//! When a schedule is due: the five fields of cron, read in a time zone. The one place that knows cron and zones.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};

/// The longest cron that is read, in characters.
const LONGEST: usize = 200;

/// The moments of a schedule.
///
/// A time of day that a change of clocks leaves out comes at the first moment after it, and one that it repeats comes
/// once. Where minute or hour stand for several (`*`, steps, ranges, lists), what is left out stays out, and what is
/// repeated comes again: every hour is every hour.
#[derive(Clone, Debug)]
pub struct TimeTable {
    cron: Cron,
    zone: Tz,
}

/// Why a schedule has no moments.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsound {
    /// Its cron cannot be read, or never comes.
    #[error("{0}")]
    Cron(String),
    /// There is no such time zone.
    #[error("{0}")]
    Zone(String),
}

impl TimeTable {
    /// Reads the five fields of a cron (minute, hour, day of month, month, day of week), meant in a time zone of the
    /// IANA database; in UTC where there is none.
    ///
    /// # Errors
    /// What is wrong with the cron or, where that is sound, with the zone.
    pub fn read(cron: &str, time_zone: Option<&str>) -> Result<Self, Unsound> {
        let cron = fields(cron)?;
        let zone = match time_zone {
            None => Tz::UTC,
            Some(name) => name.parse().map_err(|_| {
                let near = near(name);
                Unsound::Zone(format!("{name:?} is no time zone, such as Europe/Berlin or UTC{near}"))
            })?,
        };
        Ok(Self { cron, zone })
    }

    /// The first moment after this one.
    #[must_use]
    pub fn next(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let after = after.with_timezone(&self.zone);
        self.cron.find_next_occurrence(&after, false).ok().map(|next| next.with_timezone(&Utc))
    }
}

fn fields(text: &str) -> Result<Cron, Unsound> {
    let wrong = |why: &str| {
        let what = "write minute, hour, day of month, month and day of week, such as \"0 9 * * MON-FRI\"";
        Unsound::Cron(format!("{why}; {what}"))
    };
    if text.chars().count() > LONGEST {
        return Err(wrong(&format!("a cron has at most {LONGEST} characters")));
    }
    let found = text.split_whitespace().count();
    if found != 5 {
        return Err(wrong(&format!("there are {found} fields and not five")));
    }
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    let cron = parser.parse(text).map_err(|error| wrong(error.to_string().trim_end_matches('.')))?;
    if !comes(text) {
        return Err(wrong("no day is one of these, so it never comes"));
    }
    Ok(cron)
}

/// Whether there is such a day at all. The search for one goes on for three thousand years where it is not told when to
/// stop; days of the month and of the week meet anew within 28 years.
fn comes(text: &str) -> bool {
    let parser = CronParser::builder().seconds(Seconds::Required).year(Year::Required).build();
    let found = parser.parse(&format!("0 {text} 2000-2039"));
    let start = DateTime::from_timestamp(946_684_799, 0).unwrap_or_default();
    found.is_ok_and(|cron| cron.find_next_occurrence(&start, false).is_ok())
}

/// The zone that is called so but for its letters' case.
fn near(name: &str) -> String {
    let same = chrono_tz::TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(name.trim()));
    same.map(|zone| format!(", did you mean {}?", zone.name())).unwrap_or_default()
}
