//! How a store tells what has become durable: to whoever listens, and at no cost when nobody does.

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::domain::Happening;

/// How many happenings are held for a listener that is behind. Beyond it the oldest are lost to it, and it is told how
/// many.
const HELD: usize = 2_048;

/// Where a backend tells what has become durable.
pub(in crate::storage) struct Bell(broadcast::Sender<Happening>);

impl Default for Bell {
    fn default() -> Self {
        Self(broadcast::Sender::new(HELD))
    }
}

impl Bell {
    /// Whether anybody listens. What is told before somebody does reaches nobody, so it need not be made.
    pub(in crate::storage) fn is_heard(&self) -> bool {
        self.0.receiver_count() > 0
    }

    pub(in crate::storage) fn ring(&self, happening: Happening) {
        // Fails only when nobody listens.
        let _ = self.0.send(happening);
    }

    /// Where to listen.
    pub(in crate::storage) fn ear(&self) -> Ear {
        Ear(self.0.downgrade())
    }
}

/// Where to listen to a [`Bell`]. It does not keep the bell: when that is gone, there will be no more to hear.
pub(in crate::storage) struct Ear(broadcast::WeakSender<Happening>);

impl Ear {
    /// Listens, from now on.
    pub(in crate::storage) fn listen(&self) -> Happenings {
        match self.0.upgrade() {
            Some(sender) => Happenings(sender.subscribe()),
            None => Happenings::none(),
        }
    }
}

/// What becomes durable, in order, from when it was asked for.
pub struct Happenings(broadcast::Receiver<Happening>);

/// What a listener is told.
#[derive(Clone)]
pub enum Told {
    /// This has happened.
    Happening(Happening),
    /// So many happenings were lost to this listener: it was too slow.
    Lost(u64),
}

impl Happenings {
    /// Nothing at all: there will be none.
    pub(crate) fn none() -> Self {
        Self(broadcast::Sender::new(1).subscribe())
    }

    /// Waits for the next; `None` when there will be no more. Nothing is lost if the future is dropped.
    pub async fn next(&mut self) -> Option<Told> {
        match self.0.recv().await {
            Ok(happening) => Some(Told::Happening(happening)),
            Err(RecvError::Lagged(lost)) => Some(Told::Lost(lost)),
            Err(RecvError::Closed) => None,
        }
    }

    /// The next, if it is there already.
    pub fn at_hand(&mut self) -> Option<Told> {
        use broadcast::error::TryRecvError;
        match self.0.try_recv() {
            Ok(happening) => Some(Told::Happening(happening)),
            Err(TryRecvError::Lagged(lost)) => Some(Told::Lost(lost)),
            Err(TryRecvError::Empty | TryRecvError::Closed) => None,
        }
    }
}
