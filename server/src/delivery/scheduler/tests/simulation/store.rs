//! The store: it writes in its own time, and when the process dies it has what it wrote.

use super::*;

/// What waits for the store, in order.
pub(super) enum Write {
    Result(DeliveryId, Next, bool),
    Question(Wanted),
}

impl World {
    pub(super) fn unsettled(&self) -> usize {
        self.writes.iter().filter(|write| matches!(write, Write::Result(..))).count()
    }

    /// The store writes some of what it was given.
    pub(super) fn commit(&mut self) {
        for _ in 0..self.draw(20) {
            match self.writes.pop_front() {
                None => return,
                Some(Write::Result(id, next, attempted)) => self.store(id, next, attempted),
                Some(Write::Question(wanted)) => {
                    let page = (self.draw(8) > 0).then(|| self.page(&wanted));
                    self.news.push_back(News::Answer(wanted, page));
                }
            }
        }
    }

    fn store(&mut self, id: DeliveryId, next: Next, attempted: bool) {
        let (due, attempts, tries, state) = &mut self.rows.get_mut(&id).unwrap().stored;
        *attempts += u32::from(attempted);
        if *state == DeliveryState::Pending {
            match next {
                Next::Retry { due: later, tries: used } => (*due, *tries) = (later, used),
                Next::End(end) => *state = end,
            }
        }
    }

    fn page(&self, wanted: &Wanted) -> Page {
        let of_webhook = self
            .rows
            .values()
            .filter(|row| row.work.webhook == wanted.webhook && row.stored.3 == DeliveryState::Pending);
        let mut works: Vec<Work> = of_webhook
            .map(|row| {
                let (due, attempts_made, tries, _) = row.stored;
                Work { due, attempts_made, tries, ..row.work.clone() }
            })
            .filter(|work| work.turn() >= wanted.from)
            .collect();
        works.sort_by_key(Work::turn);
        works.truncate(wanted.limit as usize);
        let next = works.last().map(|work| work.turn().next());
        Page { next: next.filter(|_| works.len() == wanted.limit as usize), works }
    }

    /// Some of what waits for one webhook is cancelled, in the store at once.
    pub(super) fn withdraw(&mut self) {
        let webhook = self.any_webhook();
        // Results that were given before are written before.
        while !self.writes.is_empty() {
            self.commit();
        }
        // The store cancels what it has as pending, and says which.
        let pending = self.rows.values_mut().filter(|row| {
            let row: &Row = row;
            row.work.webhook == webhook && row.stored.3 == DeliveryState::Pending
        });
        let mut withdrawn = HashSet::new();
        for row in pending.take(5) {
            row.stored.3 = DeliveryState::Cancelled;
            if row.state == DeliveryState::Pending {
                row.state = DeliveryState::Cancelled;
            }
            withdrawn.insert(row.work.delivery);
        }
        // What was made before is told before.
        while let Some(news) = self.news.pop_front() {
            self.take_in(news);
        }
        self.scheduler.withdraw(webhook, &withdrawn);
    }

    /// The process dies and starts anew from what the store has.
    pub(super) fn crash(&mut self) {
        self.writes.clear();
        self.news.clear();
        self.flying.clear();
        self.windows.clear();
        self.untold.clear();
        self.scheduler = Scheduler::new(self.bounds);
        let mut repeated = 0;
        for row in self.rows.values_mut() {
            let (due, attempts, tries, state) = row.stored;
            let known = row.started - row.forgotten;
            repeated += (known - attempts) as usize;
            row.forgotten += known - attempts;
            (row.work.due, row.work.attempts_made, row.work.tries) = (due, attempts, tries);
            (row.state, row.in_flight) = (state, false);
        }
        if self.draw(3) == 0 {
            let hour = jiff::SignedDuration::from_secs(self.draw(7_200).into());
            self.now = self.now.checked_sub(hour).unwrap();
        }
        self.began = self.now;
        assert!(
            repeated <= self.most_at_risk,
            "{repeated} attempts are made again, of {} at most",
            self.most_at_risk
        );
        let pending = self.rows.values().filter(|row| row.state == DeliveryState::Pending);
        let webhooks: BTreeSet<_> = pending.map(|row| row.work.webhook).collect();
        for webhook in webhooks {
            let standing = self.standing_of(webhook);
            self.scheduler.take_up(webhook, tenant_of(webhook), standing, self.now);
        }
    }
}
