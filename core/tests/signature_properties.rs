//! What holds for every body, secret and id: what was signed verifies, and nothing that differs by a bit does.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::secret;
use proptest::collection::vec;
use proptest::prelude::*;
use sigpost_core::signature::{Encoding, Scheme, SignInput, Signer, Verified, Verifier, VerifyError};

const NOW: i64 = 1_700_000_000;

type Headers = Vec<(String, Vec<u8>)>;

fn schemes() -> impl Strategy<Value = &'static Scheme> {
    prop::sample::select(Scheme::presets())
}

/// Never one that anybody could sign with.
fn keys(longest: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..longest - 1).prop_map(|rest| [b"k".as_slice(), &rest].concat())
}

fn signed(scheme: &Scheme, key: &[u8], id: &str, body: &[u8]) -> Headers {
    let input = SignInput { body, id: Some(id), timestamp: Some(NOW) };
    let headers = Signer::new(scheme, &secret(scheme, key)).unwrap().sign(input).unwrap();
    headers.into_iter().map(|(name, value)| (name.into_owned(), value.into_bytes())).collect()
}

fn pairs(headers: &Headers) -> impl Iterator<Item = (&str, &[u8])> {
    headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
}

fn verify<'a>(
    verifier: &'a Verifier,
    headers: &'a Headers,
    body: &'a [u8],
) -> Result<Verified<'a>, VerifyError> {
    verifier.verify(pairs(headers), body, NOW)
}

proptest! {
    #[test]
    fn what_was_signed_verifies(
        scheme in schemes(), key in keys(200), id in "[!-\\-/-~]{1,256}", body in vec(any::<u8>(), 0..2_000),
    ) {
        let verifier = Verifier::new(scheme, &[secret(scheme, b"newer"), secret(scheme, &key)]).unwrap();
        let headers = signed(scheme, &key, &id, &body);
        let verified = verify(&verifier, &headers, &body).unwrap();
        prop_assert_eq!(&*verified.signed_body, body.as_slice());
        prop_assert_eq!(verified.secret, usize::from(key != b"newer"));
        prop_assert_eq!(verified.id, scheme.id_header().map(|_| id.as_str()));
        prop_assert_eq!(verified.timestamp, scheme.time().map(|_| NOW));
    }

    #[test]
    fn a_flipped_bit_of_the_body_never_verifies(
        scheme in schemes(), body in vec(any::<u8>(), 1..500), at in any::<prop::sample::Index>(), bit in 0..8_u8,
    ) {
        let verifier = Verifier::new(scheme, &[secret(scheme, b"key")]).unwrap();
        let headers = signed(scheme, b"key", "id", &body);
        let mut forged = body.clone();
        forged[at.index(body.len())] ^= 1 << bit;
        prop_assert_eq!(verify(&verifier, &headers, &forged), Err(VerifyError::Mismatch));
    }

    #[test]
    fn a_flipped_bit_of_the_secret_never_verifies(
        scheme in schemes(), key in keys(100), at in any::<prop::sample::Index>(), bit in 0..8_u8,
    ) {
        let mut other = key.clone();
        other[at.index(key.len())] ^= 1 << bit;
        // HMAC fills a key up with zeros: a key and the same key with a zero more are one key (RFC 2104, section 2).
        let filled = |key: &[u8]| [key, &[0; 100][key.len()..]].concat();
        prop_assume!(filled(&key) != filled(&other));
        let verifier = Verifier::new(scheme, &[secret(scheme, &other)]).unwrap();
        let headers = signed(scheme, &key, "id", b"{}");
        prop_assert_eq!(verify(&verifier, &headers, b"{}"), Err(VerifyError::Mismatch));
    }

    #[test]
    fn a_flipped_bit_of_any_header_never_verifies(
        scheme in schemes(), which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), bit in 0..8_u8,
    ) {
        let verifier = Verifier::new(scheme, &[secret(scheme, b"key")]).unwrap();
        let good = signed(scheme, b"key", "msg_1", b"{}");
        let mut forged = good.clone();
        let (_, value) = &mut forged[which.index(good.len())];
        let byte = at.index(value.len());
        value[byte] ^= 1 << bit;
        // Hexadecimal digits mean the same in either case: that is not another signature.
        let in_hex = scheme.encoding() == Encoding::Hex;
        prop_assume!(!in_hex || pairs(&forged).zip(pairs(&good)).any(|(a, b)| !a.1.eq_ignore_ascii_case(b.1)));
        let result = verify(&verifier, &forged, b"{}");
        prop_assert!(result.is_err());
    }

    #[test]
    fn arbitrary_headers_neither_verify_nor_panic(
        scheme in schemes(), values in vec(vec(any::<u8>(), 0..700), 3), now in any::<i64>(),
    ) {
        let verifier = Verifier::new(scheme, &[secret(scheme, b"key")]).unwrap();
        let names = [Some(scheme.signature_header()), scheme.id_header(), scheme.timestamp_header()];
        let pairs = names.iter().zip(&values).filter_map(|(name, value)| Some(((*name)?, value.as_slice())));
        let result = verifier.verify(pairs, b"{}", now);
        prop_assert!(result.is_err());
    }
}
