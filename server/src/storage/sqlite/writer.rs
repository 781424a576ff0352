//! The writer's thread: group commit.
//!
//! It sleeps until something is to be written, takes what is there, writes it in one transaction, and when the
//! commit has ended takes what has come meanwhile. There is no timer: a commit is as large as the one before was
//! slow. Everybody who waits for a commit is told by one message to one task, so a commit costs one wake-up between
//! threads, not one per waiter.
//!
//! | what fails | what follows |
//! |---|---|
//! | a management command | it alone, by its savepoint; where it meets a damaged page, as any other |
//! | any other command | the transaction is rolled back and runs again without it; then it runs in one of its own |
//! | a result, or more than a few commands | the transaction is rolled back, and each operation runs in one of its own |
//! | what belongs to no operation (the beginning, the counters) | results wait, as they do for space; each command fails by itself |
//! | reading what the engine asks for | nothing: it is read after the commit; damage is [passed over](super::waiting) |
//! | idempotency keys, or how webhooks are doing | nothing: what cannot be written or deleted of that is given up, and the transaction runs again without it |
//! | another program holds the write lock | each command fails, and nobody behind the first waits for it again; results wait |
//! | no space left | the batch's events are refused; the rest is tried again; results wait until there is space, and no attempt starts while they do |
//! | the commit (write, fsync), or a [copy](super::checkpoint) of the log | the store stops: nobody can know what the disk has kept |

use core::time::Duration;
use std::fs::File;
use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::mpsc;

use super::activity::Uncounted;
use super::checkpoint::Checkpointer;
use super::command::{Command, Question, Told};
use super::dedupe::Unkept;
use super::figures::{Committed, Figures};
use super::queue::{Batch, Queue};
use super::state::State;
use super::transaction::{Context, STORES, Transaction};
use super::waiting;
use crate::causes::causes;
use crate::domain::{Settlement, Work};
use crate::storage::StoreError;

/// How long results wait for a commit to ride on; where a commit takes longer than this, as long as the last one took.
const RESULT_PATIENCE: Duration = Duration::from_millis(5);
/// How long results that found no space wait before they are tried again on their own.
const FULL_PATIENCE: Duration = Duration::from_millis(200);
/// So many commands are taken out of a batch that fails before everything in it runs by itself.
const TAKEN_OUT: usize = 4;

pub(super) struct Writer {
    pub(super) sql: Connection,
    pub(super) state: State,
    pub(super) context: Context,
    pub(super) queue: Arc<Queue>,
    pub(super) finished: mpsc::UnboundedSender<Told>,
    /// How many results were ever written, or given up.
    pub(super) settled: u64,
    /// How long the last transaction took.
    pub(super) last_commit: Duration,
    pub(super) figures: Figures,
    pub(super) checkpointer: Checkpointer,
    /// Another program held the write lock when it was last tried.
    pub(super) locked: bool,
    /// Held as long as anything may be written.
    pub(super) lock: File,
}

/// Why a transaction did not come about.
enum Failure {
    /// It was rolled back; others may succeed.
    RolledBack(StoreError, Culprit),
    /// The disk failed at the commit.
    Fatal(StoreError),
}

/// Which operation has met the error.
#[derive(Clone, Copy)]
enum Culprit {
    /// One of the results.
    Result,
    /// The command with this index.
    Command(usize),
    /// None: nothing could be written.
    None,
}

/// What is written with whatever is committed next, and must not fail it.
enum Beside {
    Keys(Unkept),
    Counts(Uncounted),
}

impl Writer {
    /// Writes until the store is closed and everything is durable, or until the disk fails.
    pub(super) fn run(mut self) {
        let stop = StopOnExit { queue: Arc::clone(&self.queue), finished: self.finished.clone() };
        let (mut full, mut well) = (false, true);
        loop {
            let patience = patience(full, self.last_commit);
            let Some(batch) = self.queue.take(patience, !full) else { break };
            match self.write(batch) {
                Ok(all) => {
                    full = !all;
                    self.checkpointer.committed(&self.sql);
                }
                Err(error) => {
                    tracing::error!(error = causes(&error), "the store has stopped");
                    well = false;
                    break;
                }
            }
        }
        drop(stop);
        if well && let Err(error) = self.state.dedupe.keep_all(&self.sql) {
            let error = causes(&error);
            tracing::warn!(error, "idempotency keys could not be written; the next start takes longer");
        }
        let Self { mut sql, checkpointer, lock, .. } = self;
        if let Err(error) = checkpointer.end(&mut sql, well) {
            tracing::warn!(error = causes(&error), "the log could not be emptied; the next start reads more");
        }
        drop(sql);
        drop(lock);
    }

    /// Writes a batch and has everybody told. Returns whether no result must wait; an error is fatal.
    fn write(&mut self, batch: Batch) -> Result<bool, StoreError> {
        let Batch { results, mut commands } = batch;
        if self.checkpointer.has_failed() {
            return Err(self.refuse(commands, StoreError::Stopped));
        }
        match self.transact(&results, &mut commands) {
            Ok(made) => {
                self.written(results.len(), made, commands);
                Ok(true)
            }
            Err(Failure::RolledBack(StoreError::DiskFull, _)) => self.write_what_fits(results, commands),
            Err(Failure::RolledBack(StoreError::Locked, _)) => {
                let all = results.is_empty();
                self.queue.put_back(results);
                self.fail_all(commands, || StoreError::Locked);
                Ok(all)
            }
            Err(Failure::RolledBack(_, culprit)) => self.write_without(results, commands, culprit),
            Err(Failure::Fatal(error)) => Err(self.refuse(commands, error)),
        }
    }

    /// When the disk is full: without the events, else one by one. Returns whether no result must wait: as long as none
    /// does attempts go on, and what they end with is written as fast as otherwise.
    fn write_what_fits(
        &mut self,
        results: Vec<Settlement>,
        commands: Vec<Command>,
    ) -> Result<bool, StoreError> {
        // Finding out what fits takes as long as the copy: no attempt starts meanwhile, for a crash would repeat it.
        self.queue.hold();
        // Best effort: once all it holds is copied the log starts anew, and needs no room to grow.
        self.checkpointer.copy_now(&self.sql);
        let (refused, mut rest) = commands.into_iter().partition::<Vec<_>, _>(Command::is_publish);
        if !refused.is_empty() {
            self.fail_all(refused, || StoreError::DiskFull);
            match self.transact(&results, &mut rest) {
                Ok(made) => {
                    self.written(results.len(), made, rest);
                    return Ok(true);
                }
                Err(Failure::RolledBack(..)) => {}
                Err(Failure::Fatal(error)) => return Err(self.refuse(rest, error)),
            }
        }
        self.write_apart(results, rest)
    }

    /// After a command has failed the transaction: the rest together, then that command by itself. Of a few commands; else
    /// everything runs by itself, so that whoever is to blame fails alone.
    fn write_without(
        &mut self,
        results: Vec<Settlement>,
        mut commands: Vec<Command>,
        mut culprit: Culprit,
    ) -> Result<bool, StoreError> {
        let mut apart = Vec::new();
        while let Culprit::Command(at) = culprit
            && apart.len() < TAKEN_OUT
        {
            apart.push(commands.remove(at));
            match self.transact(&results, &mut commands) {
                Ok(made) => {
                    self.written(results.len(), made, commands);
                    return self.write_apart(Vec::new(), apart);
                }
                Err(Failure::RolledBack(_, next)) => culprit = next,
                Err(Failure::Fatal(error)) => {
                    commands.extend(apart);
                    return Err(self.refuse(commands, error));
                }
            }
        }
        commands.extend(apart);
        self.write_apart(results, commands)
    }

    /// Each operation by itself. Returns whether no result must wait.
    fn write_apart(&mut self, results: Vec<Settlement>, commands: Vec<Command>) -> Result<bool, StoreError> {
        let kept = match self.settle_apart(results) {
            Ok(kept) => kept,
            Err(error) => return Err(self.refuse(commands, error)),
        };
        let all = kept.is_empty();
        self.queue.put_back(kept);
        self.run_apart(commands)?;
        Ok(all)
    }

    /// Each result in its own transaction. Returns those that must wait, for nothing can be written now; one that can
    /// never be written is logged and dropped: its delivery stays pending and is repeated by the next start.
    fn settle_apart(&mut self, results: Vec<Settlement>) -> Result<Vec<Settlement>, StoreError> {
        let mut results = results.into_iter();
        while let Some(result) = results.next() {
            match self.transact(core::slice::from_ref(&result), &mut []) {
                Ok(_) => {}
                Err(Failure::RolledBack(StoreError::DiskFull | StoreError::Locked, _))
                | Err(Failure::RolledBack(_, Culprit::None)) => {
                    return Ok(core::iter::once(result).chain(results).collect());
                }
                Err(Failure::RolledBack(error, _)) => {
                    let delivery = result.delivery.get();
                    let error = causes(&error);
                    tracing::error!(delivery, error, "the result of an attempt could not be stored");
                }
                Err(Failure::Fatal(error)) => return Err(error),
            }
            self.settled(1);
        }
        Ok(Vec::new())
    }

    /// Each command in its own transaction.
    fn run_apart(&mut self, commands: Vec<Command>) -> Result<(), StoreError> {
        let mut commands = commands.into_iter();
        while let Some(mut command) = commands.next() {
            let made = match self.transact(&[], core::slice::from_mut(&mut command)) {
                Ok(made) => made,
                Err(Failure::RolledBack(StoreError::Locked, _)) => {
                    let left = core::iter::once(command).chain(commands).collect();
                    self.fail_all(left, || StoreError::Locked);
                    return Ok(());
                }
                Err(Failure::RolledBack(error, _)) => {
                    command.fail(error);
                    Vec::new()
                }
                Err(Failure::Fatal(error)) => {
                    return Err(self.refuse(core::iter::once(command).chain(commands).collect(), error));
                }
            };
            self.tell(made, vec![command]);
        }
        Ok(())
    }

    /// One transaction. Returns what it made. What fails beside it keeps nobody from publishing: each time there is less
    /// of it.
    fn transact(&mut self, results: &[Settlement], commands: &mut [Command]) -> Result<Vec<Work>, Failure> {
        self.state.dedupe.advance();
        loop {
            match self.try_to_transact(results, commands)? {
                Ok(made) => return Ok(made),
                Err(Beside::Keys(unkept)) => self.state.dedupe.give_up(&unkept),
                Err(Beside::Counts(uncounted)) => self.state.counted.give_up(&uncounted),
            }
        }
    }

    /// From begin to commit; what it changed in memory is taken over last.
    fn try_to_transact(
        &mut self,
        results: &[Settlement],
        commands: &mut [Command],
    ) -> Result<Result<Vec<Work>, Beside>, Failure> {
        let began = self.context.clock.monotonic();
        self.begin().map_err(|error| Failure::RolledBack(error, Culprit::None))?;
        let (written, draft) = {
            let mut transaction = Transaction::new(&self.sql, &self.state, &self.context);
            (run_all(&mut transaction, results, commands), transaction.draft)
        };
        match written {
            Ok(Ok(())) => {}
            Ok(Err(beside)) => {
                self.undo()?;
                return Ok(Err(beside));
            }
            Err((error, culprit)) => return Err(self.roll_back(error, culprit)),
        }
        match self.statement("COMMIT") {
            Ok(()) => {
                let took = self.context.clock.monotonic().saturating_sub(began);
                let publishing = commands.iter().filter(|command| command.is_publish()).count();
                let operations = results.len() + commands.len() - publishing + draft.keys.len();
                let made = self.state.absorb(draft);
                let committed = Committed { operations, took };
                self.last_commit = took;
                self.figures.committed(committed, &self.state.dedupe, self.context.clock.now());
                Ok(Ok(made))
            }
            // Nothing was made durable and nothing is unknown: the log was not extended.
            Err(StoreError::DiskFull) => Err(self.roll_back(StoreError::DiskFull, Culprit::None)),
            Err(error) => Err(Failure::Fatal(error)),
        }
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        let begun = self.statement("BEGIN IMMEDIATE");
        let locked = matches!(begun, Err(StoreError::Locked));
        if locked && !self.locked {
            tracing::error!(
                "another program holds the database's write lock; nothing is written until it lets go"
            );
        } else if self.locked && !locked {
            tracing::info!("the database's write lock is free again");
        }
        self.locked = locked;
        begun
    }

    fn roll_back(&self, error: StoreError, culprit: Culprit) -> Failure {
        self.undo().err().unwrap_or(Failure::RolledBack(error, culprit))
    }

    fn undo(&self) -> Result<(), Failure> {
        // Some errors make SQLite roll back by itself.
        if self.sql.is_autocommit() {
            return Ok(());
        }
        self.statement("ROLLBACK").map_err(Failure::Fatal)
    }

    fn statement(&self, statement: &'static str) -> Result<(), StoreError> {
        self.sql.prepare_cached(statement)?.execute([])?;
        Ok(())
    }

    fn refuse(&self, mut commands: Vec<Command>, error: StoreError) -> StoreError {
        commands.iter_mut().for_each(|command| command.fail(StoreError::Stopped));
        tell(&self.finished, Vec::new(), commands);
        error
    }

    /// Has everybody told of a batch that is durable.
    fn written(&mut self, results: usize, made: Vec<Work>, commands: Vec<Command>) {
        self.settled(results);
        self.queue.all_written();
        self.tell(made, commands);
    }

    fn settled(&mut self, count: usize) {
        self.settled += count as u64;
        self.queue.settled(count);
    }

    /// Reads what waits, between two transactions: one that has met a damaged page could not be committed any more.
    fn answer(&self, question: &mut Question) {
        // Otherwise what was attempted, and is not written, would be given once more.
        if self.settled < question.after_results {
            return;
        }
        match waiting::read(&self.sql, &question.wanted, self.state.newest_at_open) {
            Ok(page) => question.page = Some(page),
            Err(error) => {
                let (webhook, error) = (question.wanted.webhook.get(), causes(&error));
                tracing::error!(webhook, error, "what waits for a webhook cannot be read");
            }
        }
    }

    /// Has everybody told that nothing came of it.
    fn fail_all(&self, mut commands: Vec<Command>, error: fn() -> StoreError) {
        commands.iter_mut().for_each(|command| command.fail(error()));
        self.tell(Vec::new(), commands);
    }

    /// Answers the engine's questions and has everybody told.
    fn tell(&self, made: Vec<Work>, mut commands: Vec<Command>) {
        for command in &mut commands {
            if let Command::Waiting(question) = command {
                self.answer(question);
            }
        }
        tell(&self.finished, made, commands);
    }
}

/// How long results wait for a commit to ride on.
fn patience(full: bool, last_commit: Duration) -> Duration {
    if full { FULL_PATIENCE } else { last_commit.clamp(RESULT_PATIENCE, FULL_PATIENCE) }
}

fn run_all(
    transaction: &mut Transaction<'_>,
    results: &[Settlement],
    commands: &mut [Command],
) -> Result<Result<(), Beside>, (StoreError, Culprit)> {
    for result in results {
        transaction.settle(result).map_err(|error| (error, Culprit::Result))?;
    }
    for (at, command) in commands.iter_mut().enumerate() {
        command.run(transaction).map_err(|error| (error, Culprit::Command(at)))?;
    }
    if !STORES {
        return Ok(Ok(()));
    }
    if let Err(unkept) = transaction.keep_keys() {
        return without(Beside::Keys(unkept));
    }
    if let Err(uncounted) = transaction.save_activity(false) {
        return without(Beside::Counts(uncounted));
    }
    transaction.save_counters().map_err(|error| (error, Culprit::None))?;
    Ok(Ok(()))
}

/// What others free is waited for: space, and the lock. Of anything else what failed is given up.
fn without(beside: Beside) -> Result<Result<(), Beside>, (StoreError, Culprit)> {
    use StoreError::{DiskFull, Locked};
    match beside {
        Beside::Keys(Unkept { error: error @ (DiskFull | Locked), .. })
        | Beside::Counts(Uncounted { error: error @ (DiskFull | Locked), .. }) => Err((error, Culprit::None)),
        beside => Ok(Err(beside)),
    }
}

fn tell(finished: &mpsc::UnboundedSender<Told>, made: Vec<Work>, commands: Vec<Command>) {
    if !commands.is_empty() {
        // The task ends only with the runtime; then nobody waits any more.
        let _ = finished.send(Told::new(made, commands));
    }
}

/// Refuses what is left and whatever comes, however the thread ends.
struct StopOnExit {
    queue: Arc<Queue>,
    finished: mpsc::UnboundedSender<Told>,
}

impl Drop for StopOnExit {
    fn drop(&mut self) {
        let mut left = self.queue.stop();
        left.iter_mut().for_each(|command| command.fail(StoreError::Stopped));
        tell(&self.finished, Vec::new(), left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_wait_as_long_as_a_commit_takes_but_no_less_than_five_milliseconds() {
        let wait = |full, last: u64| patience(full, Duration::from_millis(last)).as_millis();
        assert_eq!([wait(false, 0), wait(false, 3), wait(false, 12), wait(false, 9_000)], [5, 5, 12, 200]);
        assert_eq!(wait(true, 12), 200);
    }
}
