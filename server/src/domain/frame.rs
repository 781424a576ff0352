//! The bytes of a delivery: the event's data, stored once, inside a small frame of the delivery's own.

use bytes::Bytes;

use super::PublicId;

/// What stands around an event's data in one delivery. `head` comes first, then the data less its last `cut`
/// bytes, then `tail`.
///
/// Every system's body has this form: Immuta's closes the data's object with two more members (`cut` = 1), one that
/// names its delivery has a head, one that names nothing no frame at all. So a fan-out to a thousand webhooks stores
/// the data once. A delivery in another form than most leaves out all of the data and brings its own.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Frame {
    /// Bytes before the data.
    pub head: Bytes,
    /// How many bytes at the end of the data are left out.
    pub cut: u32,
    /// Bytes after the data.
    pub tail: Bytes,
}

/// A frame before its delivery is stored: it may name the delivery, whose id is known only then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Template {
    /// It names nothing that is not known.
    Ready(Frame),
    /// The delivery's id belongs into the head, at this place.
    NamesDelivery {
        /// The frame without the id.
        frame: Frame,
        /// Where in the head.
        at: usize,
    },
}

impl Template {
    /// The frame of the delivery with this id.
    #[must_use]
    pub fn frame(&self, id: PublicId) -> Frame {
        match self {
            Self::Ready(frame) => frame.clone(),
            Self::NamesDelivery { frame, at } => {
                let (before, after) = frame.head.split_at((*at).min(frame.head.len()));
                let head = [before, id.to_string().as_bytes(), after].concat().into();
                Frame { head, ..frame.clone() }
            }
        }
    }

    /// Bytes it takes in memory, roughly.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Ready(frame) | Self::NamesDelivery { frame, at: _ } => frame.head.len() + frame.tail.len(),
        }
    }

    /// Whether it adds nothing to the data.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl From<Frame> for Template {
    fn from(frame: Frame) -> Self {
        Self::Ready(frame)
    }
}

/// A delivery's body, frozen at publishing: every attempt, resend and replay sends exactly these bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// The event's data, shared by its deliveries.
    pub data: Bytes,
    /// The delivery's own part.
    pub frame: Frame,
}

impl Body {
    /// Writes the body out in one piece.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        // Where a `u32` does not fit a `usize`, no data is as long as that.
        let cut = usize::try_from(self.frame.cut).unwrap_or(usize::MAX);
        let kept = self.data.len().saturating_sub(cut);
        let mut out = Vec::with_capacity(self.frame.head.len() + kept + self.frame.tail.len());
        out.extend_from_slice(&self.frame.head);
        out.extend_from_slice(&self.data[..kept]);
        out.extend_from_slice(&self.frame.tail);
        out.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_surrounds_the_data() {
        let data = Bytes::from_static(br#"{"a":1}"#);
        let closing = Frame { head: Bytes::new(), cut: 1, tail: Bytes::from_static(br#","b":2}"#) };
        let around =
            Frame { head: Bytes::from_static(br#"{"data":"#), cut: 0, tail: Bytes::from_static(b"}") };
        assert_eq!(Body { data: data.clone(), frame: closing }.to_bytes(), r#"{"a":1,"b":2}"#);
        assert_eq!(Body { data, frame: around }.to_bytes(), r#"{"data":{"a":1}}"#);
    }

    #[test]
    fn a_template_names_its_delivery_where_it_is_told_to() {
        let id = PublicId::from_bytes([0x11; 16]);
        let frame = Frame { head: Bytes::from_static(b"<>"), cut: 0, tail: Bytes::from_static(b"!") };
        assert_eq!(Template::from(frame.clone()).frame(id), frame);
        let named = Template::NamesDelivery { frame, at: 1 }.frame(id);
        assert_eq!(named.head, "<11111111-1111-1111-1111-111111111111>");
        assert_eq!(named.tail, "!");
    }

    #[test]
    fn an_empty_data_with_a_cut_does_not_panic() {
        let frame = Frame { head: Bytes::new(), cut: 1, tail: Bytes::from_static(b"x") };
        assert_eq!(Body { data: Bytes::new(), frame }.to_bytes(), "x");
    }
}
