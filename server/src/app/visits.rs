//! When operators have last been seen to read inside tenants. The audit log tells of it once an hour: each request
//! would fill it with nothing but the polling of a console.

use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::domain::TenantId;

const HOUR: Duration = Duration::from_secs(3_600);

/// When (monotonic) each operator's reading in each tenant was told of. What is an hour ago is forgotten.
#[derive(Default)]
pub(super) struct Visits {
    told: Mutex<HashMap<(TenantId, String), Duration>>,
}

impl Visits {
    /// Whether it is to be told of now; who is told so does it.
    pub(super) fn is_to_be_told(&self, tenant: TenantId, operator: &str, now: Duration) -> bool {
        // Whole after a panic: every change is one insertion or a removal of what is over.
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let visit = (tenant, operator.to_owned());
        if told.get(&visit).is_some_and(|at| now.saturating_sub(*at) < HOUR) {
            return false;
        }
        told.retain(|_, at| now.saturating_sub(*at) < HOUR);
        told.insert(visit, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_operator_is_told_of_once_an_hour_in_each_tenant() {
        let visits = Visits::default();
        let told = |tenant, operator, second| {
            visits.is_to_be_told(TenantId::new(tenant), operator, Duration::from_secs(second))
        };
        assert!(told(1, "ops", 100) && !told(1, "ops", 3_699));
        assert!(told(2, "ops", 200) && told(1, "others", 200));
        assert!(told(1, "ops", 3_700) && !told(1, "ops", 3_701));
        // Who is over is forgotten.
        assert!(told(3, "ops", 10_000));
        assert_eq!(visits.told.lock().unwrap().len(), 1);
    }
}
