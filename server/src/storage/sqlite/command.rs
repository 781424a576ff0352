//! The closed set of things the writer does, each with who waits for it.

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::expired::Expired;
use super::replays::Step;
use super::retention::{Deleted, OldEvent};
use super::transaction::Transaction;
use crate::domain::{
    AuditEntry, Egress, IssuedToken, NewEvent, NewReplay, NewWebhook, Number, PublicId, Published, ReplayId,
    Settings, Settlement, Tenant, TenantId, TenantSpec, Timestamp, TokenHash, User, UserId, Webhook, Work,
};
use crate::storage::{
    Arrival, CancelledReplay, Page, ReplayStart, Resend, StoreError, Update, Waiting, Wanted,
};
use std::sync::Arc;

/// One operation.
pub(super) enum Command {
    Publish(Job<Vec<NewEvent>, Vec<Published>>),
    Settle(Job<Settlement, ()>),
    ApplyTenants(Job<Vec<TenantSpec>, ()>),
    CreateTenant(Job<(TenantSpec, Timestamp), Option<Arc<Tenant>>>),
    UpdateTenant(Job<(TenantId, Egress, Settings), bool>),
    DeleteTenant(Job<(TenantId, Timestamp), bool>),
    CreateUser(Job<(TenantId, User), bool>),
    UpdateUser(Job<(TenantId, User), bool>),
    DeleteUser(Job<(TenantId, UserId), bool>),
    CreateWebhook(Job<Box<NewWebhook>, Arc<Webhook>>),
    UpdateWebhook(Job<Arc<Webhook>, Update>),
    DeleteWebhook(Job<(Named, u64), Update>),
    CreateResend(Job<Named, Resend>),
    CreateTest(Job<NewEvent, Resend>),
    CreateReplay(Job<(NewReplay, u64), ReplayStart>),
    AdvanceReplay(Job<(Step, Timestamp), u32>),
    CancelReplay(Job<(ReplayId, Timestamp), Option<CancelledReplay>>),
    SaveCounts(Job<(), ()>),
    Prune(Job<Vec<Arc<OldEvent>>, Deleted>),
    Forget(Job<Expired, ()>),
    IssueToken(Job<IssuedToken, ()>),
    RevokeToken(Job<(TenantId, PublicId), bool>),
    SaveTokenUses(Job<Vec<(TokenHash, Timestamp)>, ()>),
    RecordAudit(Job<AuditEntry, ()>),
    PruneAudit(Job<(Timestamp, u32), u64>),
    Check(Job<(), ()>),
    Waiting(Box<Question>),
}

/// What the engine asks, and the answer. Nobody waits for it: it is told among the arrivals.
pub(super) struct Question {
    pub(super) wanted: Wanted,
    /// So many results must have been written before.
    pub(super) after_results: u64,
    pub(super) page: Option<Page>,
}

/// Something of a tenant, by its number, and when it is changed.
#[derive(Clone, Copy)]
pub(super) struct Named {
    pub(super) tenant: TenantId,
    pub(super) number: Number,
    pub(super) at: Timestamp,
}

/// An input, what became of it, and who is to be told.
pub(super) struct Job<I, O> {
    input: I,
    result: Result<O, StoreError>,
    reply: oneshot::Sender<Result<O, StoreError>>,
    permit: Option<OwnedSemaphorePermit>,
}

/// How a command ends.
pub(super) enum Finished {
    Wake(Wake),
    Waiting(Waiting),
}

/// What a commit leaves to be told, in this order.
#[derive(Default)]
pub(super) struct Told {
    pub(super) arrivals: Vec<Arrival>,
    pub(super) wakes: Vec<Wake>,
}

impl Told {
    pub(super) fn new(made: Vec<Work>, commands: Vec<Command>) -> Self {
        let mut told = Self { arrivals: Vec::new(), wakes: Vec::with_capacity(commands.len()) };
        if !made.is_empty() {
            told.arrivals.push(Arrival::Made(made));
        }
        for command in commands {
            match command.finish() {
                Finished::Wake(wake) => told.wakes.push(wake),
                Finished::Waiting(answer) => told.arrivals.push(Arrival::Waiting(answer)),
            }
        }
        told
    }
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

    /// Runs in a savepoint: when it fails, it alone does, unless no savepoint helps.
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
            // It is answered once this transaction has ended.
            Self::Waiting(_) => Ok(()),
            Self::ApplyTenants(job) => job.run_apart(transaction, |t, specs| t.apply_tenants(specs)),
            Self::CreateTenant(job) => job.run_apart(transaction, Transaction::create_tenant),
            Self::UpdateTenant(job) => job.run_apart(transaction, Transaction::update_tenant),
            Self::DeleteTenant(job) => job.run_apart(transaction, |t, (id, at)| t.delete_tenant(*id, *at)),
            Self::CreateUser(job) => job.run_apart(transaction, Transaction::create_user),
            Self::UpdateUser(job) => job.run_apart(transaction, Transaction::update_user),
            Self::DeleteUser(job) => job.run_apart(transaction, Transaction::delete_user),
            Self::CreateWebhook(job) => job.run_apart(transaction, |t, new| t.create_webhook(new)),
            Self::UpdateWebhook(job) => job.run_apart(transaction, Transaction::update_webhook),
            Self::DeleteWebhook(job) => {
                job.run_apart(transaction, |t, (named, version)| t.delete_webhook(*named, *version))
            }
            Self::CreateTest(job) => job.run_apart(transaction, Transaction::create_test),
            Self::CreateReplay(job) => job.run_apart(transaction, Transaction::create_replay),
            Self::AdvanceReplay(job) => job.run_apart(transaction, Transaction::advance_replay),
            Self::CancelReplay(job) => job.run_apart(transaction, Transaction::cancel_replay),
            Self::SaveCounts(job) => {
                job.run_apart(transaction, |t, ()| t.save_activity(true).map_err(|uncounted| uncounted.error))
            }
            Self::CreateResend(job) => job.run_apart(transaction, |t, named| t.create_resend(*named)),
            Self::Prune(job) => job.run_apart(transaction, |t, events| t.prune(events)),
            Self::Forget(job) => job.run_apart(transaction, Transaction::forget),
            Self::IssueToken(job) => job.run_apart(transaction, Transaction::issue_token),
            Self::RevokeToken(job) => job.run_apart(transaction, Transaction::revoke_token),
            Self::SaveTokenUses(job) => job.run_apart(transaction, |t, uses| t.save_token_uses(uses)),
            Self::RecordAudit(job) => job.run_apart(transaction, Transaction::record_audit),
            Self::PruneAudit(job) => job.run_apart(transaction, Transaction::prune_audit),
        }
    }

    /// Sets what it is answered with, whatever it did.
    pub(super) fn fail(&mut self, error: StoreError) {
        match self {
            Self::Publish(job) => job.result = Err(error),
            Self::Settle(job) => job.result = Err(error),
            Self::ApplyTenants(job) => job.result = Err(error),
            Self::CreateTenant(job) => job.result = Err(error),
            Self::UpdateTenant(job) => job.result = Err(error),
            Self::DeleteTenant(job) => job.result = Err(error),
            Self::CreateUser(job) => job.result = Err(error),
            Self::UpdateUser(job) => job.result = Err(error),
            Self::DeleteUser(job) => job.result = Err(error),
            Self::CreateWebhook(job) => job.result = Err(error),
            Self::UpdateWebhook(job) => job.result = Err(error),
            Self::DeleteWebhook(job) => job.result = Err(error),
            Self::CreateTest(job) => job.result = Err(error),
            Self::CreateReplay(job) => job.result = Err(error),
            Self::AdvanceReplay(job) => job.result = Err(error),
            Self::CancelReplay(job) => job.result = Err(error),
            Self::SaveCounts(job) => job.result = Err(error),
            Self::CreateResend(job) => job.result = Err(error),
            Self::Prune(job) => job.result = Err(error),
            Self::Forget(job) => job.result = Err(error),
            Self::IssueToken(job) => job.result = Err(error),
            Self::RevokeToken(job) => job.result = Err(error),
            Self::SaveTokenUses(job) => job.result = Err(error),
            Self::RecordAudit(job) => job.result = Err(error),
            Self::PruneAudit(job) => job.result = Err(error),
            Self::Check(job) => job.result = Err(error),
            Self::Waiting(question) => question.page = None,
        }
    }

    /// What is left to do: tell whoever waits, or the engine.
    pub(super) fn finish(self) -> Finished {
        Finished::Wake(match self {
            Self::Waiting(question) => {
                let Question { wanted, after_results: _, page } = *question;
                return Finished::Waiting(Waiting { wanted, page });
            }
            Self::Publish(job) => job.finish(),
            Self::Settle(job) => job.finish(),
            Self::ApplyTenants(job) => job.finish(),
            Self::CreateTenant(job) => job.finish(),
            Self::UpdateTenant(job) => job.finish(),
            Self::DeleteTenant(job) => job.finish(),
            Self::CreateUser(job) => job.finish(),
            Self::UpdateUser(job) => job.finish(),
            Self::DeleteUser(job) => job.finish(),
            Self::CreateWebhook(job) => job.finish(),
            Self::UpdateWebhook(job) => job.finish(),
            Self::DeleteWebhook(job) => job.finish(),
            Self::CreateTest(job) => job.finish(),
            Self::CreateReplay(job) => job.finish(),
            Self::AdvanceReplay(job) => job.finish(),
            Self::CancelReplay(job) => job.finish(),
            Self::SaveCounts(job) => job.finish(),
            Self::CreateResend(job) => job.finish(),
            Self::Prune(job) => job.finish(),
            Self::Forget(job) => job.finish(),
            Self::IssueToken(job) => job.finish(),
            Self::RevokeToken(job) => job.finish(),
            Self::SaveTokenUses(job) => job.finish(),
            Self::RecordAudit(job) => job.finish(),
            Self::PruneAudit(job) => job.finish(),
            Self::Check(job) => job.finish(),
        })
    }
}
