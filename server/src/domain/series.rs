//! A stretch of time in steps of equal length: what counts are shown by.

use core::time::Duration;

use super::{Stats, Timestamp};

/// How long a step is. Every one is a multiple of [`super::STATS_STEP`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Five minutes.
    FiveMinutes,
    /// A quarter of an hour.
    QuarterHour,
    /// An hour.
    Hour,
    /// A quarter of a day.
    SixHours,
    /// A day, in UTC.
    Day,
}

impl Step {
    /// All there are.
    pub const ALL: [Self; 5] = [Self::FiveMinutes, Self::QuarterHour, Self::Hour, Self::SixHours, Self::Day];

    /// The name it is asked for by.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FiveMinutes => "5m",
            Self::QuarterHour => "15m",
            Self::Hour => "1h",
            Self::SixHours => "6h",
            Self::Day => "1d",
        }
    }

    /// The step of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.as_str() == name)
    }

    const fn seconds(self) -> i64 {
        match self {
            Self::FiveMinutes => 300,
            Self::QuarterHour => 900,
            Self::Hour => 3_600,
            Self::SixHours => 21_600,
            Self::Day => 86_400,
        }
    }
}

/// The most steps of one series: a week of five minutes.
pub const MAX_STEPS: i64 = 2_016;

/// The length of a series whose beginning nobody names.
const DEFAULT_LENGTH: Duration = Duration::from_secs(24 * 60 * 60);

/// A stretch of time in steps. It begins and ends where steps do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Series {
    first: i64,
    count: i64,
    step: Step,
}

/// Why there is no such series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSeries {
    /// It ends before it begins.
    #[error("since must be before until")]
    Order,
    /// It has too many steps.
    #[error("between since and until there must be at most {MAX_STEPS} steps; ask for a longer step")]
    TooLong,
}

impl Series {
    /// The steps that a stretch of time touches; the day before `until` if no beginning is named.
    ///
    /// # Errors
    /// [`BadSeries`].
    pub fn new(since: Option<Timestamp>, until: Timestamp, step: Step) -> Result<Self, BadSeries> {
        let since = since.unwrap_or_else(|| until.saturating_sub(DEFAULT_LENGTH).unwrap_or(Timestamp::MIN));
        if since >= until {
            return Err(BadSeries::Order);
        }
        // Before 1970 the parts of a second count backwards.
        let begin = since.as_second() - i64::from(since.subsec_nanosecond() < 0);
        let end = until.as_second() + i64::from(until.subsec_nanosecond() > 0);
        let length = step.seconds();
        let first = begin - begin.rem_euclid(length);
        let count = (end - first + length - 1).div_euclid(length);
        if count > MAX_STEPS {
            return Err(BadSeries::TooLong);
        }
        Ok(Self { first, count, step })
    }

    /// Where it begins.
    #[must_use]
    pub fn since(&self) -> Timestamp {
        self.start_of(0)
    }

    /// Where it ends.
    #[must_use]
    pub fn until(&self) -> Timestamp {
        self.start_of(self.count)
    }

    /// How long its steps are.
    #[must_use]
    pub const fn step(&self) -> Step {
        self.step
    }

    fn start_of(&self, index: i64) -> Timestamp {
        let second = self.first.saturating_add(index.saturating_mul(self.step.seconds()));
        Timestamp::from_second(second).unwrap_or(if second < 0 { Timestamp::MIN } else { Timestamp::MAX })
    }

    /// Every step with what was counted in it; those in which nothing happened are there too.
    #[must_use]
    pub fn fill(&self, counted: &[(Timestamp, Stats)]) -> Vec<(Timestamp, Stats)> {
        let mut steps: Vec<_> =
            (0..self.count).map(|index| (self.start_of(index), Stats::default())).collect();
        for (at, stats) in counted {
            let index = (at.as_second() - self.first).div_euclid(self.step.seconds());
            let step = usize::try_from(index).ok().and_then(|index| steps.get_mut(index));
            if let Some((_, sum)) = step {
                sum.add(stats);
            }
        }
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn stats(succeeded: u64) -> Stats {
        Stats { succeeded, ..Stats::default() }
    }

    #[test]
    fn a_series_covers_what_it_is_asked_for_in_whole_steps() {
        let until = at("2026-11-21T09:30:00Z");
        let day = Series::new(None, until, Step::Hour).unwrap();
        assert_eq!(day.since(), at("2026-11-20T09:00:00Z"));
        assert_eq!(day.until(), at("2026-11-21T10:00:00Z"));
        assert_eq!(day.fill(&[]).len(), 25);
        let exact = Series::new(Some(at("2026-11-20T00:00:00Z")), at("2026-11-21T00:00:00Z"), Step::Day);
        assert_eq!(exact.unwrap().fill(&[]), [(at("2026-11-20T00:00:00Z"), Stats::default())]);
        let moment = Series::new(Some(at("2026-11-20T23:59:59.9Z")), at("2026-11-21T00:00:00.1Z"), Step::Day);
        assert_eq!(moment.unwrap().fill(&[]).len(), 2);
        let old = Series::new(Some(at("1969-12-31T23:59:59.9Z")), at("1970-01-01T00:00:00.1Z"), Step::Hour);
        assert_eq!((old.unwrap().since(), old.unwrap().fill(&[]).len()), (at("1969-12-31T23:00:00Z"), 2));
    }

    #[test]
    fn counts_are_summed_by_step_and_those_outside_left_out() {
        let series =
            Series::new(Some(at("2026-11-21T09:00:00Z")), at("2026-11-21T11:00:00Z"), Step::Hour).unwrap();
        let counted = [
            (at("2026-11-21T08:55:00Z"), stats(100)),
            (at("2026-11-21T09:00:00Z"), stats(1)),
            (at("2026-11-21T09:55:00Z"), stats(2)),
            (at("2026-11-21T10:00:00Z"), stats(4)),
            (at("2026-11-21T11:00:00Z"), stats(100)),
        ];
        let filled: Vec<_> = series.fill(&counted).iter().map(|(_, stats)| stats.succeeded).collect();
        assert_eq!(filled, [3, 4]);
    }

    #[test]
    fn a_series_of_too_many_steps_or_none_is_refused() {
        let (since, until) = (at("2026-11-14T00:00:00Z"), at("2026-11-21T00:00:00Z"));
        assert_eq!(Series::new(Some(since), until, Step::FiveMinutes).unwrap().fill(&[]).len(), 2_016);
        let longer = at("2026-11-21T00:00:00.000001Z");
        assert_eq!(Series::new(Some(since), longer, Step::FiveMinutes), Err(BadSeries::TooLong));
        assert_eq!(Series::new(Some(until), since, Step::Day), Err(BadSeries::Order));
        assert_eq!(Series::new(Some(since), since, Step::Day), Err(BadSeries::Order));
        assert_eq!(Series::new(Some(Timestamp::MIN), Timestamp::MAX, Step::Day), Err(BadSeries::TooLong));
        let edge = Series::new(None, Timestamp::MAX, Step::Day).unwrap();
        assert!(edge.until() == Timestamp::MAX && Series::new(None, Timestamp::MIN, Step::Day).is_err());
    }

    #[test]
    fn every_step_has_a_name_and_is_made_of_whole_ones_that_are_kept() {
        let kept = i64::try_from(crate::domain::STATS_STEP.as_secs()).unwrap();
        for step in Step::ALL {
            assert_eq!(Step::parse(step.as_str()), Some(step));
            assert_eq!((step.seconds() % kept, 86_400 % step.seconds()), (0, 0));
        }
        assert_eq!(Step::parse("2h"), None);
    }
}
