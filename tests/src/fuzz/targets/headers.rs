use sigpost_core::signature::{Scheme, Separator, SignedBody, Time, Verifier, VerifyError};

use super::schemes;

const NOW: i64 = 1_700_000_000;

/// The input is a request: a byte that stands for a scheme, lines `NAME:VALUE`, an empty line, a body. Whatever it is:
///
/// - nothing panics, and no signature is accepted, for nobody here knows the secret;
/// - what is said of the headers is true: one that is missing is not there, one that is doubled is there twice;
/// - headers that are in order are so by a second reading that is strict about time and id;
/// - a body in pieces is judged as one in a whole is, and the time makes no difference to a forger.
///
/// # Panics
/// When one of these does not hold.
pub fn headers(request: &[u8]) {
    let Some((choice, request)) = request.split_first() else { return };
    let scheme = schemes::choose(*choice);
    let end = request.windows(2).position(|two| two == b"\n\n");
    let (head, body) = end.map_or((request, &[][..]), |end| (&request[..end], &request[end + 2..]));
    let headers: Vec<(&str, &[u8])> = head.split(|byte| *byte == b'\n').filter_map(header).collect();
    let pairs = || headers.iter().copied();

    let verifier = Verifier::new(scheme, &[schemes::secret(scheme, false)]).expect("the secret is a key");
    let error = verifier.verify(pairs(), body, NOW).expect_err("nobody knows the secret");
    for now in [i64::MIN, 0, i64::MAX] {
        assert_eq!(verifier.verify(pairs(), body, now).as_ref(), Err(&error), "the time made a difference");
    }
    match verifier.begin(pairs()) {
        Err(early) => {
            assert_eq!(early, error, "in pieces it is another error");
            told(scheme, &headers, &early);
        }
        Ok(mut check) => {
            let not_json = scheme.body() == SignedBody::Canonical && matches!(error, VerifyError::NotJson(_));
            assert!(not_json || error == VerifyError::Mismatch, "{error:?} says more than a forger may know");
            strict(scheme, &headers);
            body.chunks(7).for_each(|piece| check.update(piece));
            assert_eq!(check.finish(NOW), Err(VerifyError::Mismatch));
        }
    }
}

fn header(line: &[u8]) -> Option<(&str, &[u8])> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    Some((std::str::from_utf8(&line[..colon]).ok()?, &line[colon + 1..]))
}

fn values<'a>(headers: &[(&str, &'a [u8])], name: &str) -> Vec<&'a [u8]> {
    let named = headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
    named.map(|(_, value)| *value).collect()
}

/// An error that names a header is about headers as they are.
fn told(scheme: &Scheme, headers: &[(&str, &[u8])], error: &VerifyError) {
    let count = |name: &str| values(headers, name).len();
    match error {
        VerifyError::MissingHeader(name) => assert_eq!(count(name), 0, "{error}"),
        VerifyError::DuplicateHeader(name) => assert!(count(name) > 1, "{error}"),
        VerifyError::MalformedHeader(name) => assert!(count(name) > 0, "{error}"),
        VerifyError::Sha1Only => {
            assert!(scheme.weaker_header().is_some_and(|weaker| count(weaker) > 0));
            assert_eq!(count(scheme.signature_header()), 0);
        }
        _ => panic!("{error:?} cannot be told by the headers"),
    }
}

/// The headers that the scheme needs are each there once, and of its form.
fn strict(scheme: &Scheme, headers: &[(&str, &[u8])]) {
    let only = |name: &str| {
        let [value] = values(headers, name)[..] else { panic!("{name} is not there once") };
        assert!(value.iter().all(|byte| (0x20..0x7f).contains(byte)), "{name} is no plain text");
        std::str::from_utf8(value).expect("ASCII is UTF-8")
    };
    only(scheme.signature_header());
    if let Some(id) = scheme.id_header().map(only) {
        assert!((1..=256).contains(&id.len()) && !id.contains([' ', '.']), "{id:?} is no id");
    }
    if let Some(time) = scheme.time() {
        let time = match time {
            Time::Header(name) => only(name),
            Time::Entry(prefix) => {
                entry(only(scheme.signature_header()), scheme.grammar().separator(), prefix)
            }
            _ => panic!("{time:?} is new"),
        };
        let seconds: u64 = time.parse().expect("a time is a number");
        assert!(seconds.to_string() == time && time.len() <= 15, "{time:?} is no time");
    }
}

/// The one entry of a list that begins like this, without that. What stands behind sixteen entries does not count.
fn entry<'a>(list: &'a str, separator: Option<Separator>, prefix: &str) -> &'a str {
    let separator = separator.expect("only lists have entries").character();
    let entries =
        list.split(separator).take(16).filter_map(|entry| entry.trim_matches(' ').strip_prefix(prefix));
    let [time] = entries.collect::<Vec<_>>()[..] else { panic!("{list:?} has not one time") };
    time
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use sigpost_core::signature::{SignInput, Signer};

    use super::*;

    #[test]
    fn a_signature_that_is_accepted_is_seen() {
        let scheme = schemes::choose(0);
        let signer = Signer::new(scheme, &schemes::secret(scheme, false)).unwrap();
        let signed = signer.sign(SignInput { body: b"{}", id: None, timestamp: None }).unwrap();
        let request = |tag: &str| format!("\0{}:{tag}\n\n{{}}", signed[0].0).into_bytes();
        let (genuine, forged) = (request(&signed[0].1), request(&"0".repeat(64)));
        assert!(catch_unwind(|| headers(&genuine)).is_err());
        headers(&forged);
    }

    #[test]
    fn headers_of_another_form_are_seen() {
        let scheme = Scheme::STANDARD_WEBHOOKS;
        let good: [(&str, &[u8]); 3] =
            [("webhook-id", b"a"), ("Webhook-Timestamp", b"10"), ("webhook-signature", b"v1,AA==")];
        strict(scheme, &good);
        for (place, value) in
            [(0, &b""[..]), (0, b"a.b"), (0, b"a b"), (1, b"010"), (1, b"+1"), (1, b"1234567890123456")]
        {
            let mut bad = good;
            bad[place].1 = value;
            assert!(catch_unwind(|| strict(scheme, &bad)).is_err(), "{}", value.escape_ascii());
        }
        assert!(catch_unwind(|| strict(scheme, &good[..2])).is_err());
        let stripe = |list: &'static [u8]| {
            catch_unwind(|| strict(Scheme::STRIPE, &[("stripe-signature", list)])).is_ok()
        };
        assert!(stripe(b"t=1,v1=00") && stripe(b"v1=00, t=1"));
        assert!(!stripe(b"v1=00") && !stripe(b"t=1,t=1,v1=00") && !stripe(b"t=01,v1=00"));
        assert!(
            catch_unwind(|| told(scheme, &good, &VerifyError::MissingHeader("webhook-id".into()))).is_err()
        );
        assert!(
            catch_unwind(|| told(scheme, &good, &VerifyError::DuplicateHeader("webhook-id".into()))).is_err()
        );
        assert!(catch_unwind(|| told(scheme, &good, &VerifyError::Mismatch)).is_err());
    }
}
