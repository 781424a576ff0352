//! What a webhook's deliveries are signed with, also while one secret takes another's place.
//!
//! ```text
//!            rotate            activate_at         retire_at
//!  ── old ─────┼─────── old ───────┼────── new ────────┼─── new ──   the system's own signature header
//!  ── old ─────┼───── old, new ────┼──── new, old ─────┼─── new ──   `webhook-signature`, which may hold several
//! ```
//! A receiver that reads `webhook-signature` can change its secret at any time between; one that reads the system's own
//! header, which holds one signature, at `activate_at`.

use core::time::Duration;

use sigpost_core::signature::Secret;

use super::Timestamp;

/// The secrets of a webhook: none, one, or one that takes another's place.
#[derive(Clone, Default)]
pub struct Secrets {
    current: Option<Secret>,
    next: Option<Rotation>,
}

/// A secret on its way to take another's place.
#[derive(Clone)]
pub struct Rotation {
    /// The secret to come.
    pub secret: Secret,
    /// From then on it signs the system's own header.
    pub activate_at: Timestamp,
    /// From then on the one before signs nothing.
    pub retire_at: Timestamp,
}

/// The longest time from a rotation's beginning to its end.
pub const MAX_ROTATION: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Why a secret cannot take another's place at these times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRotation {
    /// The times are in the wrong order.
    #[error("retire_at must not be before activate_at")]
    Order,
    /// The new one is to come into its place too late.
    #[error("activate_at must be at most 30 days away")]
    TooLate,
    /// The end is too far away.
    #[error("retire_at must be at most 30 days away")]
    TooLong,
}

impl BadRotation {
    /// Which of the times is wrong.
    #[must_use]
    pub const fn member(self) -> &'static str {
        match self {
            Self::TooLate => "activate_at",
            Self::Order | Self::TooLong => "retire_at",
        }
    }
}

/// Which secrets sign at a point in time.
pub struct Signing<'a> {
    /// Signs the system's own header.
    pub own: &'a Secret,
    /// Signs `webhook-signature` too.
    pub also: Option<&'a Secret>,
    /// Until when this is so; for ever if nothing is on its way.
    pub until: Option<Timestamp>,
}

impl Secrets {
    /// No secret, or one.
    #[must_use]
    pub const fn new(secret: Option<Secret>) -> Self {
        Self { current: secret, next: None }
    }

    /// One secret and what is on its way, for restoring. Without a current one nothing can be on its way.
    #[must_use]
    pub fn restore(current: Option<Secret>, next: Option<Rotation>) -> Self {
        let next = next.filter(|_| current.is_some());
        Self { current, next }
    }

    /// Whether deliveries are signed at all.
    #[must_use]
    pub const fn sign(&self) -> bool {
        self.current.is_some()
    }

    /// The secret that was there first.
    #[must_use]
    pub const fn current(&self) -> Option<&Secret> {
        self.current.as_ref()
    }

    /// What is on its way.
    #[must_use]
    pub const fn next(&self) -> Option<&Rotation> {
        self.next.as_ref()
    }

    /// Which secrets sign at this time; `None` when there is none.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Option<Signing<'_>> {
        let current = self.current.as_ref()?;
        Some(match &self.next {
            None => Signing { own: current, also: None, until: None },
            Some(next) if now >= next.retire_at => Signing { own: &next.secret, also: None, until: None },
            Some(next) if now >= next.activate_at => {
                Signing { own: &next.secret, also: Some(current), until: Some(next.retire_at) }
            }
            Some(next) => Signing { own: current, also: Some(&next.secret), until: Some(next.activate_at) },
        })
    }

    /// Lets a secret take the place of the one that signs the system's own header now. Of two that sign
    /// `webhook-signature` because another rotation runs, the second is forgotten at once: before `activate_at` the one
    /// to come, after it the old one, although it was to sign until `retire_at`.
    ///
    /// # Errors
    /// [`BadRotation`].
    pub fn rotate(&self, rotation: Rotation, now: Timestamp) -> Result<Self, BadRotation> {
        let longest = now.saturating_add(MAX_ROTATION).unwrap_or(Timestamp::MAX);
        // First: nothing that `retire_at` could be would be right then.
        if rotation.activate_at > longest {
            return Err(BadRotation::TooLate);
        }
        if rotation.retire_at < rotation.activate_at {
            return Err(BadRotation::Order);
        }
        if rotation.retire_at > longest {
            return Err(BadRotation::TooLong);
        }
        match self.at(now).map(|signing| signing.own.clone()) {
            Some(own) if rotation.retire_at > now => Ok(Self { current: Some(own), next: Some(rotation) }),
            // Nothing is replaced, or what is replaced is worth nothing from now on.
            _ => Ok(Self::new(Some(rotation.secret))),
        }
    }

    /// What is left when what was on its way has arrived: the old secret is then to be erased. `None` while nothing
    /// has.
    #[must_use]
    pub fn settled(&self, now: Timestamp) -> Option<Self> {
        let next = self.next.as_ref().filter(|next| now >= next.retire_at)?;
        Some(Self::new(Some(next.secret.clone())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn secret(text: &str) -> Secret {
        Secret::new(text.as_bytes().to_vec()).unwrap()
    }

    fn rotation(text: &str, activate: i64, retire: i64) -> Rotation {
        Rotation { secret: secret(text), activate_at: at(activate), retire_at: at(retire) }
    }

    /// Own, also, until.
    fn signing(secrets: &Secrets, now: i64) -> (String, Option<String>, Option<i64>) {
        let text = |secret: &Secret| String::from_utf8(secret.as_bytes().to_vec()).unwrap();
        let Signing { own, also, until } = secrets.at(at(now)).unwrap();
        (text(own), also.map(text), until.map(Timestamp::as_second))
    }

    #[test]
    fn the_old_secret_signs_until_the_new_is_active_and_both_sign_until_the_old_is_retired() {
        let secrets = Secrets::new(Some(secret("old"))).rotate(rotation("new", 20, 30), at(10)).unwrap();
        assert_eq!(signing(&secrets, 10), ("old".into(), Some("new".into()), Some(20)));
        assert_eq!(signing(&secrets, 19), ("old".into(), Some("new".into()), Some(20)));
        assert_eq!(signing(&secrets, 20), ("new".into(), Some("old".into()), Some(30)));
        assert_eq!(signing(&secrets, 30), ("new".into(), None, None));
        assert!(secrets.settled(at(29)).is_none());
        assert_eq!(signing(&secrets.settled(at(30)).unwrap(), 0), ("new".into(), None, None));
    }

    #[test]
    fn a_rotation_that_is_over_at_once_replaces() {
        let secrets = Secrets::new(Some(secret("old"))).rotate(rotation("new", 10, 10), at(10)).unwrap();
        assert!(secrets.next().is_none());
        assert_eq!(signing(&secrets, 0), ("new".into(), None, None));
        let first = Secrets::default().rotate(rotation("new", 20, 30), at(10)).unwrap();
        assert_eq!(signing(&first, 10), ("new".into(), None, None));
    }

    #[test]
    fn a_rotation_during_another_replaces_what_signs() {
        let secrets = Secrets::new(Some(secret("a"))).rotate(rotation("b", 20, 30), at(10)).unwrap();
        let before = secrets.rotate(rotation("c", 40, 50), at(15)).unwrap();
        assert_eq!(signing(&before, 16), ("a".into(), Some("c".into()), Some(40)));
        let between = secrets.rotate(rotation("c", 40, 50), at(25)).unwrap();
        assert_eq!(signing(&between, 26), ("b".into(), Some("c".into()), Some(40)));
    }

    #[test]
    fn times_out_of_order_or_far_away_are_refused() {
        let secrets = Secrets::new(Some(secret("old")));
        let month = 30 * 24 * 60 * 60;
        assert_eq!(secrets.rotate(rotation("new", 30, 20), at(10)).err(), Some(BadRotation::Order));
        assert!(secrets.rotate(rotation("new", 30, 10 + month), at(10)).is_ok());
        assert_eq!(secrets.rotate(rotation("new", 30, 11 + month), at(10)).err(), Some(BadRotation::TooLong));
        assert!(secrets.rotate(rotation("new", 10 + month, 10 + month), at(10)).is_ok());
        for retire in [30, 11 + month] {
            let late = secrets.rotate(rotation("new", 11 + month, retire), at(10)).err();
            assert_eq!(late, Some(BadRotation::TooLate), "whatever retire_at is");
        }
    }

    #[test]
    fn without_a_secret_nothing_signs() {
        assert!(Secrets::default().at(at(0)).is_none());
        assert!(Secrets::restore(None, Some(rotation("x", 0, 1))).at(at(0)).is_none());
    }
}
