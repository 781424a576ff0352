//! What waits for the writer.
//!
//! Commands are bounded by an admission of units: a unit stands for one operation of up to 4 KiB, so the bound is
//! one of memory too. Results of attempts come without waiting and are not bounded here: whoever makes attempts
//! stops while too many are unsettled ([`Store::unsettled`](crate::storage::Store::unsettled)).

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::command::Command;
use crate::domain::Settlement;
use crate::storage::StoreError;

/// Units that may wait or be written at once: 64 MiB of events.
const UNITS: u32 = 16_384;
/// Callers that may wait for a unit. More than this and the next is told to come back later.
const WAITERS: usize = 4_096;
/// A transaction ends at so many operations or units: nobody waits for more than that.
const BATCH_COMMANDS: usize = 512;
const BATCH_UNITS: u32 = 2_048;
const BATCH_RESULTS: usize = 1_024;

/// So many results force a commit.
const RESULTS_FORCE: usize = 256;

pub(super) struct Queue {
    inner: Mutex<Inner>,
    wake: Condvar,
    unsettled: AtomicUsize,
    /// Whether results wait for space.
    full: AtomicBool,
    admission: Arc<Semaphore>,
    waiting: AtomicUsize,
}

struct Inner {
    commands: VecDeque<Queued>,
    /// What has time: written with the next commit, before all that comes.
    patient: VecDeque<Command>,
    results: VecDeque<Settlement>,
    /// How many results were ever given.
    given: u64,
    mode: Mode,
    /// What the writer sleeps for; whoever wakes it clears this, so that it is woken once.
    sleeps_for: Option<Wakes>,
}

struct Queued {
    command: Command,
    units: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Open,
    /// What is there is still written, nothing new is taken.
    Closing,
    /// Nothing is written any more.
    Stopped,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wakes {
    /// Anything.
    Anything,
    /// A command, or many results.
    CommandOrManyResults,
}

/// What the writer takes at once.
pub(super) struct Batch {
    pub(super) results: Vec<Settlement>,
    pub(super) commands: Vec<Command>,
}

/// Room in the queue, given back when the operation has been answered.
pub(super) struct Admitted {
    permit: OwnedSemaphorePermit,
    units: u32,
}

impl Queue {
    pub(super) fn new() -> Self {
        // 16,384 units fit any usize this program runs on.
        let units = usize::try_from(UNITS).expect("a small constant");
        Self {
            inner: Mutex::new(Inner {
                commands: VecDeque::new(),
                patient: VecDeque::new(),
                results: VecDeque::new(),
                given: 0,
                mode: Mode::Open,
                sleeps_for: None,
            }),
            wake: Condvar::new(),
            unsettled: AtomicUsize::new(0),
            full: AtomicBool::new(false),
            admission: Arc::new(Semaphore::new(units)),
            waiting: AtomicUsize::new(0),
        }
    }

    /// Waits for room for an operation of so many bytes.
    pub(super) async fn admit(&self, bytes: usize) -> Result<Admitted, StoreError> {
        let units = u32::try_from(1 + bytes / 4_096).unwrap_or(UNITS).min(UNITS);
        let semaphore = Arc::clone(&self.admission);
        let semaphore = match semaphore.try_acquire_many_owned(units) {
            Ok(permit) => return Ok(Admitted { permit, units }),
            Err(_) => Arc::clone(&self.admission),
        };
        let _waiter = Waiter::enter(&self.waiting)?;
        // The semaphore is closed when the store stops.
        let permit = semaphore.acquire_many_owned(units).await.map_err(|_| StoreError::Stopped)?;
        Ok(Admitted { permit, units })
    }

    /// Gives the writer a command, built with the permit it holds until it is answered.
    pub(super) fn push(
        &self,
        admitted: Admitted,
        command: impl FnOnce(Option<OwnedSemaphorePermit>) -> Command,
    ) -> Result<(), StoreError> {
        let Admitted { permit, units } = admitted;
        self.push_units(command(Some(permit)), units)
    }

    /// Gives the writer a command that needs no room and is the next to be written: one that must get through when the
    /// queue is full.
    pub(super) fn push_first(&self, command: Command) -> Result<(), StoreError> {
        Self::push_locked(self.lock(), &self.wake, VecDeque::push_front, command, 1)
    }

    /// Gives the writer a command that needs no room and has time: it waits, as results do, for a commit to ride on.
    pub(super) fn push_patient(&self, command: Command) -> Result<(), StoreError> {
        let mut inner = self.lock();
        if inner.mode != Mode::Open {
            return Err(StoreError::Stopped);
        }
        inner.patient.push_back(command);
        if inner.sleeps_for.take_if(|wakes| *wakes == Wakes::Anything).is_some() {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Gives the writer a command that needs no room and must know how many results were given before it.
    pub(super) fn push_behind_results(&self, command: impl FnOnce(u64) -> Command) -> Result<(), StoreError> {
        let inner = self.lock();
        let command = command(inner.given);
        Self::push_locked(inner, &self.wake, VecDeque::push_back, command, 1)
    }

    fn push_units(&self, command: Command, units: u32) -> Result<(), StoreError> {
        Self::push_locked(self.lock(), &self.wake, VecDeque::push_back, command, units)
    }

    fn push_locked(
        mut inner: MutexGuard<'_, Inner>,
        wake: &Condvar,
        push: impl FnOnce(&mut VecDeque<Queued>, Queued),
        command: Command,
        units: u32,
    ) -> Result<(), StoreError> {
        if inner.mode != Mode::Open {
            return Err(StoreError::Stopped);
        }
        push(&mut inner.commands, Queued { command, units });
        if inner.sleeps_for.take().is_some() {
            wake.notify_one();
        }
        Ok(())
    }

    /// Gives the writer a result. After the store has stopped it is dropped: the delivery stays pending.
    pub(super) fn push_result(&self, settlement: Settlement) {
        let mut inner = self.lock();
        if inner.mode != Mode::Open {
            return;
        }
        self.unsettled.fetch_add(1, Ordering::AcqRel);
        inner.results.push_back(settlement);
        inner.given += 1;
        let wakes = match inner.sleeps_for {
            Some(Wakes::Anything) => true,
            Some(Wakes::CommandOrManyResults) => inner.results.len() >= RESULTS_FORCE,
            None => false,
        };
        if wakes {
            inner.sleeps_for = None;
            self.wake.notify_one();
        }
    }

    /// After the store has stopped nothing will ever be settled, so no attempt may start: without end.
    pub(super) fn unsettled(&self) -> usize {
        self.unsettled.load(Ordering::Acquire)
    }

    /// Whether results wait for space. Whoever makes attempts makes none then: nothing tells when there will be any, and
    /// a crash would repeat them all.
    pub(super) fn is_full(&self) -> bool {
        self.full.load(Ordering::Acquire)
    }

    /// So many results have become durable, or were given up.
    pub(super) fn settled(&self, count: usize) {
        self.unsettled.fetch_sub(count, Ordering::AcqRel);
    }

    /// Has results wait until it is known whether those that were taken can be written.
    pub(super) fn hold(&self) {
        self.full.store(true, Ordering::Release);
    }

    /// All results that were taken were written.
    pub(super) fn all_written(&self) {
        self.full.store(false, Ordering::Release);
    }

    /// Puts results back that could not be written for want of space. A closing store does not wait for space: then
    /// they are dropped, and their deliveries stay pending.
    pub(super) fn put_back(&self, results: Vec<Settlement>) {
        let mut inner = self.lock();
        self.full.store(!results.is_empty(), Ordering::Release);
        if inner.mode == Mode::Open {
            for result in results.into_iter().rev() {
                inner.results.push_front(result);
            }
        } else if !results.is_empty() {
            tracing::error!(
                results = results.len(),
                "results of attempts could not be written, and are lost"
            );
            self.settled(results.len());
        }
    }

    /// Waits for something to write and takes a bounded part of it; `None` when the store is closing and nothing is
    /// left. Results and what else has time wait for `patience`, unless many results have piled up and `hurry`.
    pub(super) fn take(&self, patience: Duration, hurry: bool) -> Option<Batch> {
        let mut inner = self.lock();
        loop {
            if !inner.commands.is_empty() || inner.mode != Mode::Open {
                break;
            }
            if inner.results.is_empty() && inner.patient.is_empty() {
                inner.sleeps_for = Some(Wakes::Anything);
                inner = self.wake.wait(inner).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            inner.sleeps_for = Some(Wakes::CommandOrManyResults);
            let sleeps = |inner: &mut Inner| {
                let many = hurry && inner.results.len() >= RESULTS_FORCE;
                inner.commands.is_empty() && !many && inner.mode == Mode::Open
            };
            let woken = self.wake.wait_timeout_while(inner, patience, sleeps);
            inner = woken.unwrap_or_else(PoisonError::into_inner).0;
            break;
        }
        inner.sleeps_for = None;
        inner.batch()
    }

    /// Takes nothing new; what is there is still written.
    pub(super) fn close(&self) {
        let mut inner = self.lock();
        if inner.mode == Mode::Open {
            inner.mode = Mode::Closing;
        }
        self.admission.close();
        self.wake.notify_one();
    }

    /// Takes nothing new and returns what will never be written.
    pub(super) fn stop(&self) -> Vec<Command> {
        let mut inner = self.lock();
        if inner.mode == Mode::Open {
            // It was not closed: the disk has failed. Whatever is attempted now would be attempted again.
            self.unsettled.store(usize::MAX / 2, Ordering::Release);
        }
        inner.mode = Mode::Stopped;
        inner.results.clear();
        self.admission.close();
        let Inner { patient, commands, .. } = &mut *inner;
        patient.drain(..).chain(commands.drain(..).map(|queued| queued.command)).collect()
    }

    /// Every change under the lock is a single one; after a panic the queue is whole.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn batch(&mut self) -> Option<Batch> {
        let nothing = self.commands.is_empty() && self.results.is_empty() && self.patient.is_empty();
        if self.mode == Mode::Stopped || nothing {
            return None;
        }
        let results = self.results.drain(..self.results.len().min(BATCH_RESULTS)).collect();
        let mut commands = Vec::with_capacity(self.patient.len() + self.commands.len().min(BATCH_COMMANDS));
        // First, for a savepoint is the cheaper the less was done before it.
        commands.extend(self.patient.drain(..));
        let mut units = 0;
        while units < BATCH_UNITS && commands.len() < BATCH_COMMANDS {
            let Some(queued) = self.commands.pop_front() else { break };
            units += queued.units;
            commands.push(queued.command);
        }
        Some(Batch { results, commands })
    }
}

/// Counts one caller that waits.
struct Waiter<'a>(&'a AtomicUsize);

impl<'a> Waiter<'a> {
    fn enter(waiting: &'a AtomicUsize) -> Result<Self, StoreError> {
        let waiter = Self(waiting);
        if waiting.fetch_add(1, Ordering::AcqRel) < WAITERS {
            Ok(waiter)
        } else {
            Err(StoreError::Overloaded)
        }
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{DeliveryId, DeliveryState, Next};

    fn result(delivery: i64) -> Settlement {
        Settlement {
            delivery: DeliveryId::new(delivery),
            attempt: None,
            next: Next::End(DeliveryState::Expired),
        }
    }

    fn taken(queue: &Queue) -> Option<Vec<Settlement>> {
        queue.take(Duration::ZERO, true).map(|batch| batch.results)
    }

    #[test]
    fn results_that_found_no_space_are_the_first_again_and_hold_attempts_up_until_all_are_written() {
        let queue = Queue::new();
        (0..5).for_each(|delivery| queue.push_result(result(delivery)));
        let mut results = taken(&queue).unwrap();
        queue.push_result(result(5));
        assert!(!queue.is_full());
        queue.put_back(results.split_off(2));
        queue.settled(2);
        assert!(queue.is_full() && queue.unsettled() == 4);
        let again = taken(&queue).unwrap();
        assert_eq!(again.iter().map(|result| result.delivery.get()).collect::<Vec<_>>(), [2, 3, 4, 5]);
        queue.put_back(Vec::new());
        assert!(!queue.is_full());
        queue.put_back(again);
        let again = taken(&queue).unwrap();
        queue.settled(again.len());
        queue.all_written();
        assert!(!queue.is_full() && queue.unsettled() == 0);
    }

    #[test]
    fn a_closing_queue_does_not_wait_for_space() {
        let queue = Queue::new();
        (0..3).for_each(|delivery| queue.push_result(result(delivery)));
        let results = taken(&queue).unwrap();
        queue.close();
        queue.put_back(results);
        assert!(queue.unsettled() == 0 && taken(&queue).is_none());
    }

    #[tokio::test]
    async fn callers_wait_for_room_and_beyond_a_bound_are_sent_away() {
        let queue = Arc::new(Queue::new());
        let everything = queue.admit(usize::MAX).await.unwrap();
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 0..WAITERS {
            let queue = Arc::clone(&queue);
            waiting.spawn(async move { queue.admit(0).await.is_ok() });
        }
        while queue.waiting.load(Ordering::Acquire) < WAITERS {
            tokio::task::yield_now().await;
        }
        assert!(matches!(queue.admit(0).await, Err(StoreError::Overloaded)));
        drop(everything);
        assert!(waiting.join_all().await.into_iter().all(|admitted| admitted));
        assert!(queue.admit(0).await.is_ok());
    }

    #[tokio::test]
    async fn whoever_waits_for_room_learns_that_the_store_has_stopped() {
        let queue = Arc::new(Queue::new());
        let everything = queue.admit(usize::MAX).await.unwrap();
        let waiter = tokio::spawn({
            let queue = Arc::clone(&queue);
            async move { queue.admit(0).await.err() }
        });
        while queue.waiting.load(Ordering::Acquire) == 0 {
            tokio::task::yield_now().await;
        }
        assert!(queue.stop().is_empty());
        assert!(matches!(waiter.await.unwrap(), Some(StoreError::Stopped)));
        drop(everything);
    }

    #[test]
    fn a_closing_queue_hands_out_what_is_left_and_then_nothing() {
        let queue = Queue::new();
        for delivery in 0..1_500 {
            queue.push_result(result(delivery));
        }
        assert_eq!(queue.unsettled(), 1_500);
        queue.close();
        let taken = || taken(&queue).map(|results| results.len());
        assert_eq!([taken(), taken(), taken()], [Some(BATCH_RESULTS), Some(1_500 - BATCH_RESULTS), None]);
    }
}
