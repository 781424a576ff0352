//! Everything that is promised at any moment.

use super::*;

impl World {
    pub(super) fn check(&self) {
        let scheduler = &self.scheduler;
        assert_eq!(scheduler.in_flight(), self.flying.len());
        assert!(self.flying.len() <= self.bounds.slots);
        let told: HashSet<DeliveryId> = self
            .news
            .iter()
            .filter_map(|news| match news {
                News::Made(work) => Some(work.delivery),
                News::Answer(..) => None,
            })
            .collect();
        let mut held = 0;
        for (webhook, queue) in &scheduler.queues {
            held += queue.held();
            let flying = self.flying.keys().filter(|id| self.rows[id].work.webhook == *webhook).count();
            assert_eq!(queue.in_flight, flying);
            assert_eq!(queue.gate.in_flight(), self.flying_now(*webhook));
            assert!(queue.gate.in_flight() <= 64);
            assert!(queue.held() <= self.bounds.window, "more in memory than there is room for");
            for job in queue.later() {
                let latest = latest(job.work(), &self.ladder, self.now);
                assert!(
                    job.work().due <= latest,
                    "waits longer than any wait there can be, until {latest}: {job:?}"
                );
            }
        }
        assert_eq!(held, scheduler.held);
        let most = self.bounds.held + self.bounds.window + WEBHOOKS as usize * self.bounds.small_window;
        assert!(held <= most, "{held} in memory");
        let counted: usize = scheduler.queues.values().map(|queue| queue.counted).sum();
        assert_eq!(counted, total(scheduler));
        assert!(scheduler.bodies.held() <= self.bounds.body_bytes);
        let ending: HashSet<DeliveryId> = scheduler
            .actions
            .iter()
            .filter_map(|action| if let Action::End(id, ..) = action { Some(*id) } else { None })
            .collect();
        for row in self.rows.values().filter(|row| row.state == DeliveryState::Pending && !row.in_flight) {
            let turn = row.work.turn();
            let queue = scheduler.queues.get(&row.work.webhook);
            let seen = told.contains(&turn.delivery)
                || ending.contains(&turn.delivery)
                || queue.is_some_and(|queue| {
                    queue.holds(turn.delivery) || queue.horizon().is_some_and(|horizon| turn >= horizon)
                });
            assert!(seen, "{turn:?} is lost: {queue:?}");
        }
    }
    /// Attempts in flight of a webhook as it is now.
    fn flying_now(&self, webhook: WebhookId) -> usize {
        let of_now = |flight: &Flight| {
            self.windows.get(&webhook).is_none_or(|window| !window.is_of_an_older_version(*flight))
        };
        let flying = self.flying.iter().filter(|(id, _)| self.rows[id].work.webhook == webhook);
        flying.filter(|(_, flight)| of_now(flight)).count()
    }

    /// Where nothing bad is known of a webhook as it is now, it gets what a new one gets, if its tenant has slots.
    pub(super) fn check_that_none_is_held_up(&self) {
        let free = self.bounds.slots - self.flying.len();
        for (webhook, queue) in &self.scheduler.queues {
            let of_tenant = |id: &&DeliveryId| self.rows[*id].work.tenant == queue.tenant;
            let has_slots = self.flying.keys().filter(of_tenant).count() < free;
            let fresh = self.windows.get(webhook).is_none_or(Window::is_fresh);
            if queue.ready() > 0 && queue.standing() == Standing::Enabled && has_slots && fresh {
                assert!(self.flying_now(*webhook) >= 4, "{webhook:?} waits for nothing");
            }
        }
    }
}
