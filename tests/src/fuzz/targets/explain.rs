use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use sigpost_core::json::canonicalize;
use sigpost_core::signature::{
    BodyMistake, Effort, Encoding, Explanation, JsonStyle, KeyForm, Mistake, Question, Scheme, Secret,
    SecretMistake, SignInput, Signer, Verdict, Verifier, explain as explain_request,
};

use super::schemes;

const NOW: i64 = 1_700_000_000;
const ID: &str = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W";
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The input is a byte for the scheme, one for the secrets, one for a mistake, one for the effort, and a request as the
/// target `headers` has it: lines `NAME:VALUE`, an empty line, a body. Whatever it is:
///
/// - nothing panics, and the verdict is the verifier's;
/// - of that request, which nobody here has signed, no mistake is claimed;
/// - of the same body, signed and then mistaken, that mistake is named, and with what is named undone it verifies;
/// - no answer holds a tag that the secret makes, or the secret;
/// - an answer that is not exhausted does not change with more effort, and one that is names nothing.
///
/// # Panics
/// When one of these does not hold.
pub fn explain(input: &[u8]) {
    let Some((&[scheme, shape, mistake, effort], request)) = input.split_first_chunk() else { return };
    let scheme = schemes::choose(scheme);
    let end = request.windows(2).position(|two| two == b"\n\n");
    let (head, body) = end.map_or((request, &[][..]), |end| (&request[..end], &request[end + 2..]));
    let headers = head.split(|byte| *byte == b'\n').filter_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        Some((String::from_utf8(line[..colon].to_vec()).ok()?, line[colon + 1..].to_vec()))
    });
    let secrets = secrets(scheme, shape);
    let case = Case { scheme, secrets, headers: headers.collect(), body: body.to_vec(), now: NOW };
    nothing_is_claimed(&case, effort);
    mistaken(&case, mistake);
}

/// What is asked about.
#[derive(Clone)]
struct Case {
    scheme: &'static Scheme,
    secrets: Vec<Secret>,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    now: i64,
}

impl Case {
    fn headers(&self) -> Vec<(&str, &[u8])> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect()
    }

    fn verdict(&self) -> Verdict {
        match Verifier::new(self.scheme, &self.secrets) {
            Err(error) => Verdict::Key(error),
            Ok(verifier) => match verifier.verify(self.headers(), &self.body, self.now) {
                Err(error) => Verdict::Refused(error),
                Ok(_) => Verdict::Genuine,
            },
        }
    }

    /// The answer, which is the verifier's, holds no tag and no secret.
    fn explain(&self, hashed_bytes: u64) -> Explanation {
        let others = [schemes::secret(self.scheme, true)];
        let explanation = explain_request(Question {
            scheme: self.scheme,
            secrets: &self.secrets,
            other_secrets: &others,
            headers: &self.headers(),
            body: &self.body,
            now: self.now,
            effort: Effort { hashed_bytes, ..Effort::default() },
        });
        assert_eq!(explanation.verdict, self.verdict());
        assert!(!explanation.exhausted || explanation.mistakes.is_empty(), "{explanation:?}");
        let shown = explanation.mistakes.iter().map(|mistake| format!("{mistake} {}", mistake.fix()));
        let shown = shown.chain(explanation.hints.iter().map(ToString::to_string));
        let shown = shown.fold(format!("{explanation:?}"), |all, text| all + "\n" + &text);
        for secret in self.secrets.iter().chain(&others) {
            let tag = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
            let tag = tag.chain_update(&self.body).finalize().into_bytes();
            let secret = String::from_utf8_lossy(secret.as_bytes());
            let hex: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
            for hidden in [hex, STANDARD.encode(tag), format!("{:?}", tag.as_slice()), secret.into_owned()] {
                // The names of headers are shown, and one may be the secret of this open target.
                let from_outside = self.headers.iter().any(|(name, _)| name.contains(hidden.trim()));
                assert!(from_outside || !shown.contains(hidden.trim()), "{shown}");
            }
        }
        explanation
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.scheme.name())?;
        for (name, value) in self.headers() {
            write!(f, "\n{name}: {}", value.escape_ascii())?;
        }
        write!(f, "\n\n{}", self.body.escape_ascii())
    }
}

/// The secret, with other ones and in other writings.
fn secrets(scheme: &Scheme, shape: u8) -> Vec<Secret> {
    let (secret, other) = (schemes::secret(scheme, false), schemes::secret(scheme, true));
    let text = secret.as_bytes();
    let written = |text: &[&[u8]]| Secret::new(text.concat()).expect("it is not empty");
    match shape % 6 {
        0 => vec![secret],
        1 => vec![other, secret],
        2 => vec![written(&[b" \"", text, b"\"\n"])],
        3 => vec![written(&[b"whsec_", text])],
        4 => vec![Secret::new("0f").expect("it is not empty"), secret],
        _ => Vec::new(),
    }
}

fn nothing_is_claimed(case: &Case, effort: u8) {
    let little = case.explain(u64::from(effort) << 6);
    let more = case.explain(1 << 17);
    assert_ne!(more.verdict, Verdict::Genuine, "nobody knows the secret");
    assert!(little.mistakes.is_empty() && more.mistakes.is_empty(), "{more:?}");
    assert!(little.exhausted || little == more, "{little:?} became {more:?}");
    for now in [i64::MIN, i64::MAX] {
        assert_eq!(Case { now, ..case.clone() }.explain(1 << 10).mistakes, []);
    }
}

/// Signs the body, makes a mistake, and sees it named.
fn mistaken(case: &Case, mistake: u8) {
    let secret = schemes::secret(case.scheme, false);
    let signer = Signer::new(case.scheme, &secret).expect("the secret is a key");
    let what = SignInput { body: &case.body, id: Some(ID), timestamp: Some(NOW) };
    // What is no JSON has no canonical form.
    let Ok(headers) = signer.sign(what) else { return };
    let headers = headers.into_iter().map(|(name, value)| (name.into_owned(), value.into_bytes())).collect();
    let genuine = Case { secrets: vec![secret], headers, ..case.clone() };
    assert_eq!(genuine.explain(0).verdict, Verdict::Genuine);
    let Some((code, mistaken)) = make(&genuine, mistake) else { return };
    // White space, for one, makes no difference to a canonical form.
    if mistaken.verdict() == Verdict::Genuine {
        return;
    }
    let explanation = mistaken.explain(Effort::default().hashed_bytes);
    let codes: Vec<_> = explanation.mistakes.iter().map(Mistake::code).collect();
    assert_eq!(codes, [code], "{mistaken}");
    let mended = explanation.mistakes.iter().try_fold(mistaken, undo);
    assert!(mended.is_none_or(|case| case.verdict() == Verdict::Genuine), "{codes:?} is not true");
}

/// One mistake, and what it is called.
fn make(genuine: &Case, mistake: u8) -> Option<(&'static str, Case)> {
    let mut case = genuine.clone();
    if mistake % 14 < 7 {
        let (code, body) = other_body(&case.body, mistake % 14)?;
        return Some((code, Case { body, ..case }));
    }
    let scheme = case.scheme;
    let secret = case.secrets[0].as_bytes().to_vec();
    let signature = scheme.signature_header();
    let value = case.headers.iter_mut().find(|(name, _)| name == signature).map(|(_, value)| value)?;
    let code = match mistake % 14 {
        7 if scheme.key() != KeyForm::Ed25519 => {
            // Eight bytes in hexadecimal digits; in base64 the last group, which no tag fills.
            let cut = match scheme.encoding() {
                Encoding::Hex => 16,
                Encoding::Base64 => 4,
                _ => (scheme.algorithm().tag_len() * 8 % 24).div_ceil(6),
            };
            value.truncate(value.len() - cut);
            "truncated_signature"
        }
        8 => {
            *value = [b"\"", &**value, b"\""].concat();
            "quoted_signature"
        }
        9 => {
            value.push(b' ');
            "signature_form"
        }
        10 => {
            case.secrets = vec![Secret::new([b"'", &*secret, b"'"].concat()).ok()?];
            "secret_quoted"
        }
        11 => {
            case.secrets = vec![Secret::new([&*secret, b"\n"].concat()).ok()?];
            "secret_space_around"
        }
        12 => {
            for (name, _) in &mut case.headers {
                *name = format!("HTTP_{}", name.to_uppercase().replace('-', "_"));
            }
            "header_name"
        }
        13 => {
            case.now += i64::from(scheme.tolerance()?) + 1;
            "stale_timestamp"
        }
        _ => return None,
    };
    Some((code, case))
}

/// What the receiver holds in place of the body.
fn other_body(body: &[u8], mistake: u8) -> Option<(&'static str, Vec<u8>)> {
    Some(match mistake {
        // Of "\r\n" both are taken off.
        0 if !body.ends_with(b"\r") => ("newline_added", [body, b"\n"].concat()),
        1 => ("byte_order_mark_added", [BYTE_ORDER_MARK, body].concat()),
        2 => ("pretty_printed", pretty(body)?),
        3 => ("base64_body", STANDARD.encode(body).into_bytes()),
        4 if !body.ends_with(b"\0") => ("nul_padded", [body, b"\0"].concat()),
        5 => ("encoded_twice", serde_json::to_vec(std::str::from_utf8(body).ok()?).ok()?),
        6 => {
            let buffer = serde_json::json!({ "data": body, "type": "Buffer" });
            ("buffer_as_json", buffer.to_string().into_bytes())
        }
        _ => return None,
    })
}

/// The body as `serde_json` pretty-prints it, if that keeps its numbers.
fn pretty(body: &[u8]) -> Option<Vec<u8>> {
    let value: serde_json::Value = serde_json::from_slice(body).ok()?;
    let pretty = serde_json::to_vec_pretty(&value).ok()?;
    let kept = canonicalize(&pretty).is_ok_and(|again| *again == *body) && pretty.contains(&b'\n');
    kept.then_some(pretty)
}

/// Does what is said to be needed, where that is simple. `None` where it is not.
fn undo(mut case: Case, mistake: &Mistake) -> Option<Case> {
    let body = &case.body;
    match mistake {
        Mistake::Body(mistake) => {
            case.body = match mistake {
                BodyMistake::NewlineAdded => body.strip_suffix(b"\n")?.to_vec(),
                BodyMistake::ByteOrderMarkAdded => body.strip_prefix(BYTE_ORDER_MARK)?.to_vec(),
                BodyMistake::PrettyPrinted | BodyMistake::Reserialized { signed: JsonStyle::Compact } => {
                    canonicalize(body).ok()?.into_owned()
                }
                BodyMistake::Base64 => STANDARD.decode(body).ok()?,
                BodyMistake::NulPadded => body.strip_suffix(b"\0")?.to_vec(),
                BodyMistake::EncodedTwice => serde_json::from_slice::<String>(body).ok()?.into_bytes(),
                BodyMistake::EmptyReplaced => Vec::new(),
                _ => return None,
            }
        }
        Mistake::Secret(mistake) => {
            let text = case.secrets[0].as_bytes();
            let text = match mistake {
                SecretMistake::SpaceAround => text.trim_ascii(),
                SecretMistake::Quoted => &text[1..text.len() - 1],
                _ => return None,
            };
            case.secrets = vec![Secret::new(text).ok()?];
        }
        Mistake::Stale { age } => case.now -= age,
        _ => return None,
    }
    Some(case)
}
