use std::borrow::Cow;

use sigpost_core::json::canonicalize;
use sigpost_core::signature::{
    Encoding, Genuine, Scheme, Secret, SignError, SignInput, SignedBody, Signer, Verified, Verifier,
    VerifyError,
};

use super::schemes;

const LATEST: i64 = 999_999_999_999_999;

/// What is signed, and what is done to it.
pub(super) struct Message<'a> {
    pub(super) scheme: u8,
    pub(super) id: Cow<'a, str>,
    pub(super) time: i64,
    /// Seconds that pass before it is verified.
    pub(super) later: i32,
    /// Where it is changed, in every part of it, and which bits.
    pub(super) place: u16,
    pub(super) flip: u8,
    pub(super) body: &'a [u8],
}

impl<'a> Message<'a> {
    /// Reads what [`Message::write`] writes. `None` when there is less.
    fn read(mut input: &'a [u8]) -> Option<Self> {
        let mut take = |count: usize| input.split_off(..count);
        let [scheme, length, flip] = *take(3)? else { return None };
        Some(Self {
            scheme,
            flip: flip.max(1),
            time: i64::from_le_bytes(take(8)?.try_into().ok()?) % (LATEST + 1_000),
            later: i32::from_le_bytes(take(4)?.try_into().ok()?),
            place: u16::from_le_bytes(take(2)?.try_into().ok()?),
            id: String::from_utf8_lossy(take(usize::from(length))?),
            body: input,
        })
    }

    /// The input that it is read from.
    pub(super) fn write(&self) -> Vec<u8> {
        let length = u8::try_from(self.id.len()).unwrap_or(u8::MAX);
        let mut input = vec![self.scheme, length, self.flip];
        input.extend(self.time.to_le_bytes());
        input.extend(self.later.to_le_bytes());
        input.extend(self.place.to_le_bytes());
        input.extend(&self.id.as_bytes()[..usize::from(length)]);
        input.extend(self.body);
        input
    }

    /// Other bytes: one of them changed, at the place.
    fn changed(&self, bytes: &[u8]) -> Vec<u8> {
        let mut changed = bytes.to_vec();
        if let Some(place) = usize::from(self.place).checked_rem(bytes.len()) {
            changed[place] ^= self.flip;
        }
        changed
    }
}

/// The input is a message: what to sign, and how to change it. Whatever it is:
///
/// - what can be signed verifies, with what was signed, and with either secret while one takes the place of the other;
/// - too late and too early are told exactly where the tolerance ends;
/// - another secret, another body, a changed byte in any header, a tag that is shorter or longer, a header that is
///   missing or doubled: none of them verifies.
///
/// # Panics
/// When one of these does not hold.
pub fn verify(input: &[u8]) {
    let Some(message) = Message::read(input) else { return };
    let scheme = schemes::choose(message.scheme);
    let (secret, other) = (schemes::secret(scheme, false), schemes::secret(scheme, true));
    let signer = Signer::new(scheme, &secret).expect("the secret is a key");
    let verifier = |secrets: &[Secret]| Verifier::new(scheme, secrets).expect("the secrets are keys");
    let what = SignInput { body: message.body, id: Some(&message.id), timestamp: Some(message.time) };
    let headers = match signer.sign(what) {
        Ok(headers) => {
            headers.into_iter().map(|(name, value)| (name.into_owned(), value.into_bytes())).collect()
        }
        Err(error) => return unfit(scheme, &message, &error),
    };
    let genuine = Request { message: &message, scheme, headers };
    genuine.verifies(&verifier(&[other.clone(), secret.clone()]), 1);
    let stranger = verifier(&[other]);
    assert_eq!(genuine.judge(&stranger, message.body, message.time), Err(VerifyError::Mismatch));
    let verifier = verifier(&[secret]);
    genuine.verifies(&verifier, 0);
    genuine.ages(&verifier);
    genuine.bears_no_other_body(&verifier);
    genuine.bears_no_other_header(&verifier);
}

/// What cannot be signed has the fault that is named.
fn unfit(scheme: &Scheme, message: &Message<'_>, error: &SignError) {
    let plain = !message.id.is_empty() && message.id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match error {
        SignError::Id => assert!(scheme.id_header().is_some() && !plain, "{:?} is an id", message.id),
        SignError::Timestamp => {
            assert!(scheme.time().is_some() && !(0..=LATEST).contains(&message.time));
        }
        SignError::NotJson(error) => {
            assert_eq!(scheme.body(), SignedBody::Canonical);
            assert_eq!(canonicalize(message.body).as_ref(), Err(error));
        }
        _ => panic!("{error:?} is new"),
    }
}

type Headers = Vec<(String, Vec<u8>)>;

/// A message with its genuine headers.
struct Request<'a> {
    message: &'a Message<'a>,
    scheme: &'a Scheme,
    headers: Headers,
}

impl Request<'_> {
    /// The verdict on another body at another time, as far as it is one of these.
    fn judge(&self, verifier: &Verifier, body: &[u8], now: i64) -> Result<(), VerifyError> {
        verifier.verify(pairs(&self.headers), body, now).map(drop)
    }

    fn verifies(&self, verifier: &Verifier, secret: usize) {
        let (message, scheme) = (self.message, self.scheme);
        let signed_body = match scheme.body() {
            SignedBody::Raw => Cow::Borrowed(message.body),
            SignedBody::Canonical => canonicalize(message.body).expect("it was signed"),
        };
        let id = scheme.id_header().map(|_| &*message.id);
        let timestamp = scheme.time().map(|_| message.time);
        let mut check = verifier.begin(pairs(&self.headers)).expect("the headers are genuine");
        signed_body.chunks(1 + usize::from(message.place)).for_each(|piece| check.update(piece));
        let known = Genuine { secret, id: id.map(str::to_owned), timestamp };
        assert_eq!(check.finish(message.time), Ok(known));
        let verified = verifier.verify(pairs(&self.headers), message.body, message.time);
        assert_eq!(verified, Ok(Verified { signed_body, secret, id, timestamp }));
    }

    fn ages(&self, verifier: &Verifier) {
        let age = i64::from(self.message.later);
        let expected = match self.scheme.tolerance().map(i64::from) {
            Some(tolerance) if age > tolerance => Err(VerifyError::Stale { age }),
            Some(tolerance) if age < -tolerance => Err(VerifyError::Future { ahead: -age }),
            _ => Ok(()),
        };
        assert_eq!(self.judge(verifier, self.message.body, self.message.time + age), expected);
    }

    fn bears_no_other_body(&self, verifier: &Verifier) {
        let body = self.message.body;
        let shorter = body.split_last().map_or(&b"0"[..], |(_, rest)| rest);
        for other in [self.message.changed(body), shorter.to_vec(), [body, b"0"].concat()] {
            if other == body {
                continue;
            }
            let verdict = self.judge(verifier, &other, self.message.time);
            match self.scheme.body() {
                SignedBody::Raw => assert_eq!(verdict, Err(VerifyError::Mismatch)),
                SignedBody::Canonical => match canonicalize(&other) {
                    Err(error) => assert_eq!(verdict, Err(VerifyError::NotJson(error))),
                    Ok(other) => {
                        let same = canonicalize(body).is_ok_and(|body| body == other);
                        assert_eq!(verdict, if same { Ok(()) } else { Err(VerifyError::Mismatch) });
                    }
                },
            }
        }
    }

    fn bears_no_other_header(&self, verifier: &Verifier) {
        let judge = |headers: &Headers| {
            verifier.verify(pairs(headers), self.message.body, self.message.time).map(drop)
        };
        for place in 0..self.headers.len() {
            let (name, value) = &self.headers[place];
            let with = |value: Vec<u8>| {
                let mut headers = self.headers.clone();
                headers[place].1 = value;
                headers
            };
            let changed = self.message.changed(value);
            // Hex is read in either case.
            let in_hex = self.scheme.encoding() == Encoding::Hex && name == self.scheme.signature_header();
            let same = in_hex && changed.eq_ignore_ascii_case(value);
            assert!(same || judge(&with(changed)).is_err(), "{name} was changed");
            // Base64 for URLs may be padded.
            let padded =
                self.scheme.encoding() == Encoding::Base64Url && name == self.scheme.signature_header();
            for end in [&b"0"[..], b"00", b"=", b"==", b".", b"\t"] {
                assert!(
                    padded && end == b"=" || judge(&with([value, end].concat())).is_err(),
                    "{name} was made longer"
                );
            }
            for cut in 1..=value.len().min(4) {
                assert!(judge(&with(value[..value.len() - cut].to_vec())).is_err(), "{name} was cut short");
            }
            let mut missing = self.headers.clone();
            missing.remove(place);
            assert_eq!(judge(&missing), Err(VerifyError::MissingHeader(name.clone().into())));
            let doubled = [&self.headers[..], &[(name.to_ascii_uppercase(), value.clone())]].concat();
            assert_eq!(judge(&doubled), Err(VerifyError::DuplicateHeader(name.clone().into())));
        }
    }
}

fn pairs(headers: &Headers) -> impl Iterator<Item = (&str, &[u8])> {
    headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
}
