//! An engine that does nothing, for what only has to have one.

use core::net::IpAddr;
use core::time::Duration;

use async_trait::async_trait;

use crate::app::ports::{Admission, Dispatcher, Exchange, Probe, Refused, Reservation, Saturated};
use crate::domain::{Attempt, DeliveryId, EgressPolicy, Tenant, TenantId, WebhookId};

/// Admits whatever comes, or refuses it, and attempts nothing.
#[derive(Clone, Copy, Default)]
pub(crate) struct Idle {
    pub(crate) refuses: Option<Refused>,
}

#[async_trait]
impl Dispatcher for Idle {
    async fn admit(&self, _: TenantId, _: usize) -> Result<Admission, Refused> {
        self.refuses.map_or_else(|| Ok(Admission::new(())), Err)
    }

    fn withdrawn(&self, _: WebhookId, _: Vec<DeliveryId>) {}

    fn webhook_changed(&self, _: WebhookId) {}

    fn tenant_returned(&self, _: TenantId) {}

    fn silent_for(&self) -> Duration {
        Duration::ZERO
    }
}

#[async_trait]
impl Probe for Idle {
    fn reserve(&self, _: TenantId) -> Result<Reservation, Saturated> {
        Err(Saturated { retry_after: 3 })
    }

    async fn attempt(&self, _: Exchange, _: Reservation) -> Attempt {
        panic!("no place was given")
    }

    fn to_keep(&self, _: &Tenant, attempt: Attempt) -> Attempt {
        attempt
    }

    fn permits(&self, _: &EgressPolicy, _: IpAddr, _: u16) -> bool {
        true
    }
}
