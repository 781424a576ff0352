//! The closed set of things the writer does, each with who waits for it.

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::replays::Step;
use super::transaction::Transaction;
use crate::domain::{
    IssuedToken, NewEvent, NewReplay, NewWebhook, Number, Published, ReplayId, Settlement, TenantId,
    TenantSpec, Timestamp, Webhook, Work,
};
use crate::storage::{CancelledReplay, ReplayStart, Resend, StoreError, Update};
use std::sync::Arc;

/// One operation.
pub(super) enum Command {
    Publish(Job<Vec<NewEvent>, Vec<Published>>),
    Settle(Job<Settlement, ()>),
    ApplyTenants(Job<Vec<TenantSpec>, ()>),
    CreateWebhook(Job<Box<NewWebhook>, Arc<Webhook>>),
    UpdateWebhook(Job<Arc<Webhook>, Update>),
    DeleteWebhook(Job<Named, Option<Arc<Webhook>>>),
    DeleteVersion(Job<(Named, u64), Update>),
    CreateResend(Job<Named, Resend>),
    CreateTest(Job<NewEvent, Resend>),
    CreateReplay(Job<(NewReplay, u64), ReplayStart>),
    AdvanceReplay(Job<(Step, Timestamp), Vec<Work>>),
    CancelReplay(Job<(ReplayId, Timestamp), Option<CancelledReplay>>),
    SaveCounts(Job<(), ()>),
    Prune(Job<Prune, Pruned>),
    IssueToken(Job<IssuedToken, ()>),
    Check(Job<(), ()>),
}

/// Something of a tenant, by its number, and when it is changed.
#[derive(Clone, Copy)]
pub(super) struct Named {
    pub(super) tenant: TenantId,
    pub(super) number: Number,
    pub(super) at: Timestamp,
}

/// What retention may delete.
pub(super) struct Prune {
    pub(super) before: Vec<(TenantId, Timestamp)>,
    pub(super) limit: u32,
}

/// What it has deleted.
#[derive(Clone, Copy)]
pub(super) struct Pruned {
    pub(super) events: u64,
    /// There may be more to delete now; otherwise it has come to the young end.
    pub(super) more: bool,
}

/// An input, what became of it, and who is to be told.
pub(super) struct Job<I, O> {
    input: I,
    result: Result<O, StoreError>,
    reply: oneshot::Sender<Result<O, StoreError>>,
    permit: Option<OwnedSemaphorePermit>,
}

/// Tells one waiter. Run outside the writer's thread.
pub(super) type Wake = Box<dyn FnOnce() + Send>;

impl<I, O: Send + 'static> Job<I, O> {
    pub(super) fn new(
        input: I,
        reply: oneshot::Sender<Result<O, StoreError>>,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Self {
        Self { input, result: Err(StoreError::Stopped), reply, permit }
    }

    /// Runs as a part of the transaction: when it fails, the transaction does.
    fn run(&mut self, run: impl FnOnce(&I) -> Result<O, StoreError>) -> Result<(), StoreError> {
        self.result = Ok(run(&self.input)?);
        Ok(())
    }

    /// Runs in a savepoint: when it fails, it alone does.
    fn run_apart<'a>(
        &mut self,
        transaction: &mut Transaction<'a>,
        run: impl FnOnce(&mut Transaction<'a>, &I) -> Result<O, StoreError>,
    ) -> Result<(), StoreError> {
        let input = &self.input;
        self.result = transaction.savepoint(|transaction| run(transaction, input))?;
        Ok(())
    }

    fn finish(self) -> Wake {
        let Self { input: _, result, reply, permit } = self;
        Box::new(move || {
            // Whoever waited may have gone; what was done stays done.
            let _ = reply.send(result);
            drop(permit);
        })
    }
}

impl Command {
    /// Whether it stores something new of any size, so that a full disk refuses it before others.
    pub(super) const fn is_publish(&self) -> bool {
        matches!(self, Self::Publish(_))
    }

    /// Does it, inside the transaction.
    ///
    /// # Errors
    /// The transaction as a whole has failed.
    pub(super) fn run(&mut self, transaction: &mut Transaction<'_>) -> Result<(), StoreError> {
        match self {
            Self::Publish(job) => job.run(|events| transaction.publish(events)),
            Self::Settle(job) => job.run(|settlement| transaction.settle(settlement)),
            Self::Check(job) => job.run(|()| transaction.touch()),
            Self::ApplyTenants(job) => job.run_apart(transaction, |t, specs| t.apply_tenants(specs)),
            Self::CreateWebhook(job) => job.run_apart(transaction, |t, new| t.create_webhook(new)),
            Self::UpdateWebhook(job) => job.run_apart(transaction, Transaction::update_webhook),
            Self::DeleteWebhook(job) => job.run_apart(transaction, |t, named| t.delete_webhook(*named)),
            Self::DeleteVersion(job) => {
                job.run_apart(transaction, |t, (named, version)| t.delete_version(*named, *version))
            }
            Self::CreateTest(job) => job.run_apart(transaction, Transaction::create_test),
            Self::CreateReplay(job) => job.run_apart(transaction, Transaction::create_replay),
            Self::AdvanceReplay(job) => job.run_apart(transaction, Transaction::advance_replay),
            Self::CancelReplay(job) => job.run_apart(transaction, Transaction::cancel_replay),
            Self::SaveCounts(job) => job.run_apart(transaction, |t, ()| t.save_activity(true)),
            Self::CreateResend(job) => job.run_apart(transaction, |t, named| t.create_resend(*named)),
            Self::Prune(job) => job.run_apart(transaction, Transaction::prune),
            Self::IssueToken(job) => job.run_apart(transaction, Transaction::issue_token),
        }
    }

    /// Sets what it is answered with, whatever it did.
    pub(super) fn fail(&mut self, error: StoreError) {
        match self {
            Self::Publish(job) => job.result = Err(error),
            Self::Settle(job) => job.result = Err(error),
            Self::ApplyTenants(job) => job.result = Err(error),
            Self::CreateWebhook(job) => job.result = Err(error),
            Self::UpdateWebhook(job) => job.result = Err(error),
            Self::DeleteWebhook(job) => job.result = Err(error),
            Self::DeleteVersion(job) => job.result = Err(error),
            Self::CreateTest(job) => job.result = Err(error),
            Self::CreateReplay(job) => job.result = Err(error),
            Self::AdvanceReplay(job) => job.result = Err(error),
            Self::CancelReplay(job) => job.result = Err(error),
            Self::SaveCounts(job) => job.result = Err(error),
            Self::CreateResend(job) => job.result = Err(error),
            Self::Prune(job) => job.result = Err(error),
            Self::IssueToken(job) => job.result = Err(error),
            Self::Check(job) => job.result = Err(error),
        }
    }

    /// What is left to do: tell whoever waits.
    pub(super) fn finish(self) -> Wake {
        match self {
            Self::Publish(job) => job.finish(),
            Self::Settle(job) => job.finish(),
            Self::ApplyTenants(job) => job.finish(),
            Self::CreateWebhook(job) => job.finish(),
            Self::UpdateWebhook(job) => job.finish(),
            Self::DeleteWebhook(job) => job.finish(),
            Self::DeleteVersion(job) => job.finish(),
            Self::CreateTest(job) => job.finish(),
            Self::CreateReplay(job) => job.finish(),
            Self::AdvanceReplay(job) => job.finish(),
            Self::CancelReplay(job) => job.finish(),
            Self::SaveCounts(job) => job.finish(),
            Self::CreateResend(job) => job.finish(),
            Self::Prune(job) => job.finish(),
            Self::IssueToken(job) => job.finish(),
            Self::Check(job) => job.finish(),
        }
    }
}
