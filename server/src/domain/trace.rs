//! Which trace something belongs to (W3C Trace Context, level 1), as far as events carry it with them: the extension
//! attribute `traceparent` of `CloudEvents`' distributed tracing.

/// A span of somebody's, by which it can be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace; not all zeros.
    pub trace_id: [u8; 16],
    /// The span in it; not all zeros.
    pub span_id: [u8; 8],
    /// Whether it is recorded.
    pub sampled: bool,
}

impl TraceContext {
    /// Reads a `traceparent`, like `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01`. Later versions are read as
    /// far as this one goes, as the standard asks for.
    #[must_use]
    pub fn parse(traceparent: &str) -> Option<Self> {
        let mut parts = traceparent.splitn(5, '-');
        let version: [u8; 1] = hex(parts.next()?)?;
        let (trace_id, span_id): ([u8; 16], [u8; 8]) = (hex(parts.next()?)?, hex(parts.next()?)?);
        let [flags]: [u8; 1] = hex(parts.next()?)?;
        let known = match version {
            [0] => parts.next().is_none(),
            [0xff] => false,
            _ => true,
        };
        let names_something = trace_id != [0; 16] && span_id != [0; 8];
        (known && names_something).then_some(Self { trace_id, span_id, sampled: flags & 1 == 1 })
    }
}

/// As many bytes as there is room for, in small letters.
fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let small = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (small && hex::decode_to_slice(text, &mut bytes).is_ok()).then_some(bytes)
}

/// What is known of the trace that an event came with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Traced {
    /// Nothing: the event itself tells.
    #[default]
    Unknown,
    /// It came with none.
    No,
    /// It was published in this span.
    By(TraceContext),
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_traceparent_is_read() {
        let read = TraceContext::parse(GOOD).unwrap();
        assert_eq!((read.trace_id[0], read.trace_id[15], read.span_id[7]), (0x0a, 0x9c, 0x31));
        assert!(read.sampled);
        assert!(!TraceContext::parse(&GOOD.replace("-01", "-00")).unwrap().sampled);
        assert!(
            TraceContext::parse(&GOOD.replace("-01", "-03")).unwrap().sampled,
            "other flags are nobody's"
        );
        let later = GOOD.replacen("00", "cc", 1) + "-what-the-future-will-be-like";
        assert_eq!(TraceContext::parse(&later), Some(read));
    }

    #[test]
    fn what_is_no_traceparent_is_none() {
        for bad in [
            "",
            "00",
            &GOOD[1..],
            &GOOD[..GOOD.len() - 1],
            &format!("{GOOD}-more"),
            &format!("{GOOD} "),
            &GOOD.replacen("00", "ff", 1),
            &GOOD.replace("0af7", "0AF7"),
            &GOOD.replace("0af7", "0xf7"),
            &GOOD.replace('-', "_"),
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        ] {
            assert_eq!(TraceContext::parse(bad), None, "{bad:?}");
        }
    }
}
