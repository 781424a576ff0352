//! The reckoning: what was acknowledged against what arrived, by id.

use core::fmt;
use core::ops::Range;

use super::publisher::Published;
use super::taker::Arrival;

/// What came of the reckoning. A delivery is an event at an endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Deliveries that were acknowledged.
    pub acknowledged: u64,
    /// Deliveries that arrived, each counted once.
    pub received: u64,
    /// Arrivals of what had arrived before.
    pub duplicates: u64,
    /// Deliveries that were acknowledged and did not arrive: event and endpoint.
    pub missing: Vec<(u64, usize)>,
    /// Deliveries that arrived although they were not acknowledged: their answer was lost.
    pub unasked: u64,
}

impl Balance {
    /// Reckons. `wants` says at which endpoints an event is to arrive.
    #[must_use]
    pub fn of(published: &Published, arrivals: &[Arrival], wants: impl Fn(u64) -> Range<usize>) -> Self {
        let mut arrived: Vec<_> = arrivals.iter().map(|arrival| (arrival.number, arrival.endpoint)).collect();
        arrived.sort_unstable();
        let all = arrived.len() as u64;
        arrived.dedup();
        let received = arrived.len() as u64;
        let mut balance = Self { received, duplicates: all - received, ..Self::default() };
        let mut found = 0;
        for (number, acknowledged) in (published.first..).zip(&published.acknowledged) {
            for endpoint in wants(number) {
                let has_arrived = arrived.binary_search(&(number, endpoint)).is_ok();
                found += u64::from(has_arrived && *acknowledged);
                balance.acknowledged += u64::from(*acknowledged);
                if *acknowledged && !has_arrived {
                    balance.missing.push((number, endpoint));
                }
            }
        }
        balance.unasked = received - found;
        balance
    }

    /// Adds the reckoning of others' events.
    pub fn add(&mut self, other: &Self) {
        self.acknowledged += other.acknowledged;
        self.received += other.received;
        self.duplicates += other.duplicates;
        self.missing.extend(&other.missing);
        self.unasked += other.unasked;
    }
}

impl fmt::Display for Balance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { acknowledged, received, duplicates, missing, unasked } = self;
        let some = &missing[..missing.len().min(5)];
        write!(
            formatter,
            "{acknowledged} acknowledged, {received} received, {duplicates} twice, {unasked} unasked, {} missing",
            missing.len()
        )?;
        if some.is_empty() { Ok(()) } else { write!(formatter, " such as {some:?}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival(number: u64, endpoint: usize) -> Arrival {
        Arrival { number, endpoint, at: 0, wait: 0 }
    }

    #[test]
    fn what_was_acknowledged_is_looked_for_at_every_endpoint_that_wants_it() {
        let published =
            Published { first: 10, acknowledged: vec![true, false, true], ..Published::default() };
        let arrivals =
            [arrival(10, 0), arrival(11, 1), arrival(10, 1), arrival(12, 1), arrival(10, 1), arrival(10, 1)];
        let balance = Balance::of(&published, &arrivals, |_| 0..2);
        let expected =
            Balance { acknowledged: 4, received: 4, duplicates: 2, missing: vec![(12, 0)], unasked: 1 };
        assert_eq!(balance, expected);
        assert!(balance.to_string().ends_with("1 missing such as [(12, 0)]"), "{balance}");
    }
}
