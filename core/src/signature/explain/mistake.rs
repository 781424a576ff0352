//! The mistakes that are told apart, and what to do about each.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::style::JsonStyle;
use crate::signature::scheme::{Algorithm, Encoding, Part};

/// `code`, and `CODES` with every name that it returns: of one list, so that neither lacks what the other has.
macro_rules! codes {
    ($($pattern:pat => $code:literal),+ $(,)? $(; $($nested:pat => $others:expr,)+)?) => {
        /// A name for logs and programs; it never changes.
        #[must_use]
        pub const fn code(&self) -> &'static str {
            match self {
                $($pattern => $code,)+
                $($($nested => $others,)+)?
            }
        }

        /// Every name of these variants' own.
        const CODES: &[&str] = &[$($code,)+];
    };
}

/// Something that makes the signature match once it is mended. It is proven, not guessed: with it (and the others that
/// are named with it) undone, the signature in the request is right.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mistake {
    /// The body is not the one that was signed.
    Body(BodyMistake),
    /// The secret is right, but is used otherwise.
    Secret(SecretMistake),
    /// It was signed with the secret of another webhook.
    AnotherSecret {
        /// Which of the other secrets, counted from 0.
        index: usize,
    },
    /// It was signed by another scheme.
    AnotherScheme {
        /// The preset's name.
        name: String,
    },
    /// The signature is right, and the headers are refused for what verifying says of them.
    Headers,
    /// The signature is right, and another of the secrets is no key of the scheme.
    SecretBeside,
    /// Only the weaker signature is there, which the scheme does not accept; it is right.
    WeakerSignature,
    /// The header has another name, as CGI, WSGI and PHP give it.
    HeaderName {
        /// The name that was found.
        found: String,
    },
    /// It was signed by another algorithm.
    Algorithm {
        /// The one that was used.
        used: Algorithm,
    },
    /// The tag is written in another encoding.
    Encoding {
        /// The one that was used.
        used: Encoding,
    },
    /// The tag is base64 of its hexadecimal digits.
    HexInBase64,
    /// The tag stands behind another text.
    Prefix {
        /// The text before it, which may be empty.
        found: String,
    },
    /// The tag stands in quotes.
    QuotedSignature,
    /// The tag is right, and the header's value is not of the scheme's form: there is more than a tag, or its padding is
    /// missing.
    SignatureForm,
    /// The tag was cut.
    TruncatedSignature {
        /// How many bytes of it are there.
        bytes: usize,
    },
    /// Something else was signed than the scheme says.
    SignedParts {
        /// What was signed.
        signed: Vec<Part>,
    },
    /// The secret was hashed with the body as the key.
    SwappedArguments,
    /// The signature fits, but its time is in milliseconds.
    Milliseconds,
    /// The signature fits, but was made too long ago.
    Stale {
        /// How long ago, in seconds.
        age: i64,
    },
    /// The signature fits, but was made in the future.
    Future {
        /// How far ahead, in seconds.
        ahead: i64,
    },
}

/// How the body differs from the one that was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BodyMistake {
    /// It was parsed and written again.
    Reserialized {
        /// The form that was signed.
        signed: JsonStyle,
    },
    /// It was written again with line breaks and indentation.
    PrettyPrinted,
    /// It was written again with everything but ASCII escaped, as Python does.
    AsciiEscaped,
    /// What was signed is the body as it was sent, not its canonical form.
    SignedAsSent,
    /// There is a line break at its end that was not signed.
    NewlineAdded,
    /// A line break at its end was lost.
    NewlineDropped,
    /// There is white space around it that was not signed.
    SpaceAdded,
    /// There is a byte order mark that was not signed.
    ByteOrderMarkAdded,
    /// A byte order mark was lost.
    ByteOrderMarkDropped,
    /// Line breaks were converted.
    LineEndings,
    /// Its bytes were taken for Latin-1 and written as UTF-8.
    DecodedAsLatin1,
    /// Its text was written as Latin-1.
    EncodedAsLatin1,
    /// It is a form, and the value in it was signed.
    FormEncoded,
    /// It is the value of a form, and the form was signed.
    FormDecoded,
    /// It is a form that was parsed and written again, as a form or as JSON.
    FormRewritten,
    /// It was read as a form, though it is none.
    ReadAsForm,
    /// It was written as a JSON string.
    EncodedTwice,
    /// It is a Node buffer that was written as JSON.
    BufferAsJson,
    /// It is in base64.
    Base64,
    /// It was empty, and something else stands for it now.
    EmptyReplaced,
    /// It was `{}`, and is empty now.
    EmptyDropped,
    /// It was filled up with zeros.
    NulPadded,
    /// It is longer than `content-length` says.
    TooLong,
}

/// How the sender uses the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SecretMistake {
    /// There is white space around it that is not part of it.
    SpaceAround,
    /// There are quotes around it that are not part of it.
    Quoted,
    /// A line break at its end was lost.
    NewlineDropped,
    /// The sender uses the text as it is and decodes nothing.
    UsedWhole,
    /// The sender decodes it from base64.
    UsedDecoded,
    /// The sender derives its key from it, as [`standard_key`](crate::signature::standard_key) does.
    UsedDerived,
    /// The sender uses what follows `whsec_`, undecoded.
    UsedWithoutPrefix,
    /// The `whsec_` or `whpk_` that it begins with was lost.
    PrefixDropped,
    /// The sender decodes it from hexadecimal digits.
    UsedFromHex,
}

impl Mistake {
    codes! {
        Self::AnotherSecret { .. } => "another_secret",
        Self::AnotherScheme { .. } => "another_scheme",
        Self::Headers => "headers",
        Self::SecretBeside => "secret_beside",
        Self::WeakerSignature => "weaker_signature",
        Self::HeaderName { .. } => "header_name",
        Self::Algorithm { .. } => "algorithm",
        Self::Encoding { .. } => "encoding",
        Self::HexInBase64 => "hex_in_base64",
        Self::Prefix { .. } => "prefix",
        Self::QuotedSignature => "quoted_signature",
        Self::SignatureForm => "signature_form",
        Self::TruncatedSignature { .. } => "truncated_signature",
        Self::SignedParts { .. } => "signed_parts",
        Self::SwappedArguments => "swapped_arguments",
        Self::Milliseconds => "milliseconds",
        Self::Stale { .. } => "stale_timestamp",
        Self::Future { .. } => "future_timestamp";
        // What is wrong with the body or the secret has names of its own.
        Self::Body(body) => body.code(),
        Self::Secret(secret) => secret.code(),
    }

    /// Every [`code`](Self::code) that there is.
    pub fn codes() -> impl Iterator<Item = &'static str> {
        [Self::CODES, BodyMistake::CODES, SecretMistake::CODES].into_iter().flatten().copied()
    }

    /// What to do about it, in one line.
    #[must_use]
    pub const fn fix(&self) -> &'static str {
        match self {
            Self::Body(body) => body.fix(),
            Self::Secret(secret) => secret.fix(),
            Self::AnotherSecret { .. } => "use the secret of the webhook that this request is for",
            Self::AnotherScheme { .. } => {
                "verify by that scheme, if it is no weaker: an attacker can leave the better signature out"
            }
            Self::Headers => "mend the header that the verdict names: hand over each header once, as it came",
            Self::SecretBeside => {
                "take out the secret that is no key of the scheme, or write it as the scheme has it"
            }
            Self::WeakerSignature => {
                "have the sender send this scheme's signature; accept the weaker one only if it cannot"
            }
            Self::HeaderName { .. } => {
                "hand over headers under the names they travel by: x-signature, not HTTP_X_SIGNATURE"
            }
            Self::Algorithm { .. } => {
                "verify by a scheme of that algorithm, or have the sender use this one's"
            }
            Self::Encoding { .. } => "verify by a scheme of that encoding",
            Self::HexInBase64 => "have the sender encode the digest itself, not its hexadecimal text",
            Self::Prefix { .. } => "verify by a scheme of that prefix, or hand over the header's whole value",
            Self::QuotedSignature => "take the quotes off the header's value",
            Self::SignatureForm => {
                "hand over the header's value as it came: without spaces, joined to no other header, with the = at its end"
            }
            Self::TruncatedSignature { .. } => {
                "find what cuts the header, a column in a database perhaps: a cut tag never verifies"
            }
            Self::SignedParts { .. } => "verify by a scheme that signs these parts",
            Self::SwappedArguments => {
                "the sender's call to its HMAC function has the key and the message the wrong way round"
            }
            Self::Milliseconds => "have the sender write the time in seconds",
            Self::Stale { .. } => {
                "compare both clocks; if they agree, the request waited too long on its way, or is a replay"
            }
            Self::Future { .. } => "compare both clocks: one of them is wrong",
        }
    }
}

impl BodyMistake {
    codes! {
        Self::Reserialized { .. } => "reserialized",
        Self::PrettyPrinted => "pretty_printed",
        Self::AsciiEscaped => "ascii_escaped",
        Self::SignedAsSent => "signed_as_sent",
        Self::NewlineAdded => "newline_added",
        Self::NewlineDropped => "newline_dropped",
        Self::SpaceAdded => "space_added",
        Self::ByteOrderMarkAdded => "byte_order_mark_added",
        Self::ByteOrderMarkDropped => "byte_order_mark_dropped",
        Self::LineEndings => "line_endings",
        Self::DecodedAsLatin1 => "decoded_as_latin1",
        Self::EncodedAsLatin1 => "encoded_as_latin1",
        Self::FormEncoded => "form_encoded",
        Self::FormDecoded => "form_decoded",
        Self::FormRewritten => "form_rewritten",
        Self::ReadAsForm => "read_as_form",
        Self::EncodedTwice => "encoded_twice",
        Self::BufferAsJson => "buffer_as_json",
        Self::Base64 => "base64_body",
        Self::EmptyReplaced => "empty_replaced",
        Self::EmptyDropped => "empty_dropped",
        Self::NulPadded => "nul_padded",
        Self::TooLong => "too_long",
    }

    const fn fix(self) -> &'static str {
        match self {
            Self::Reserialized { .. } | Self::PrettyPrinted | Self::AsciiEscaped | Self::FormRewritten => {
                "take the body before any parser does, express.raw() or request.text() say, and hand over those bytes"
            }
            Self::SignedAsSent => "verify the raw body: leave out body: 'canonical'",
            Self::NewlineAdded | Self::NewlineDropped | Self::SpaceAdded | Self::LineEndings => {
                "hand over the bytes as they came; echo adds a line break (printf does not), curl -d drops them (--data-binary does not), editors do both"
            }
            Self::ByteOrderMarkAdded | Self::ByteOrderMarkDropped => {
                "hand over the bytes as they came: decoding to text takes the mark off, some editors put it on"
            }
            Self::DecodedAsLatin1 | Self::EncodedAsLatin1 => {
                "hand over the bytes, or decode and encode as UTF-8"
            }
            Self::FormEncoded => {
                "hand over the form field's decoded value, or have the sender sign the body it sends"
            }
            Self::FormDecoded => "hand over the form as it came, before it is decoded",
            Self::ReadAsForm => "take the raw body: the request says it is a form, and a parser believed it",
            Self::EncodedTwice => "hand over the text itself, not JSON.stringify of it",
            Self::BufferAsJson => "hand over the buffer itself, not JSON.stringify of it",
            Self::Base64 => "decode the body first: API gateways hand out base64 (isBase64Encoded)",
            Self::EmptyReplaced => {
                "hand over the empty body, not what a parser makes of it; if there was one, the sender signs without it"
            }
            Self::EmptyDropped => "hand over the body as it came: a parser may have read it before you",
            Self::NulPadded => "hand over as many bytes as were read, not the whole buffer",
            Self::TooLong => "hand over as many bytes as content-length says",
        }
    }
}

impl SecretMistake {
    codes! {
        Self::SpaceAround => "secret_space_around",
        Self::Quoted => "secret_quoted",
        Self::NewlineDropped => "secret_newline_dropped",
        Self::UsedWhole => "secret_used_whole",
        Self::UsedDecoded => "secret_used_decoded",
        Self::UsedDerived => "secret_used_derived",
        Self::UsedWithoutPrefix => "secret_used_without_prefix",
        Self::PrefixDropped => "secret_prefix_dropped",
        Self::UsedFromHex => "secret_used_from_hex",
    }

    const fn fix(self) -> &'static str {
        match self {
            Self::SpaceAround => "trim the secret: a file or a variable often ends with a line break",
            Self::Quoted => "take the quotes off: the file that sets the variable does not",
            Self::NewlineDropped => {
                "the sender's secret ends with a line break: set it anew without one, on both sides"
            }
            Self::UsedWhole => "verify by a scheme whose key is the whole text",
            Self::UsedDecoded => "verify by a scheme whose key is decoded from base64",
            Self::UsedDerived => "verify by a scheme of Standard Webhooks' keys",
            Self::PrefixDropped => "give the secret as the sender shows it: whsec_ or whpk_ is a part of it",
            Self::UsedWithoutPrefix => {
                "give the secret without whsec_, by a scheme whose key is the whole text"
            }
            Self::UsedFromHex => "give the secret as the bytes that its hexadecimal digits stand for",
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body(body) => body.fmt(f),
            Self::Secret(secret) => secret.fmt(f),
            Self::AnotherSecret { index } => {
                write!(
                    f,
                    "it was signed with the secret of another webhook, number {index} of the others (from 0)"
                )
            }
            Self::AnotherScheme { name } => write!(f, "it was signed by the scheme {name}"),
            Self::Headers => f.write_str("the signature is right; only the headers are not"),
            Self::SecretBeside => {
                f.write_str("the signature is right; only another of the secrets is no key of the scheme")
            }
            Self::WeakerSignature => f.write_str("only the weaker signature is there, and it is right"),
            Self::HeaderName { found } => write!(f, "the signature stands in a header named {found:?}"),
            Self::Algorithm { used } => write!(f, "it was signed by {}", used.name()),
            Self::Encoding { used } => write!(f, "the signature is written in {}", used.name()),
            Self::HexInBase64 => f.write_str("the signature is base64 of hexadecimal digits"),
            Self::Prefix { found } if found.is_empty() => f.write_str("the signature has no prefix"),
            Self::Prefix { found } => write!(f, "the signature stands behind {found:?}"),
            Self::QuotedSignature => f.write_str("the signature stands in quotes"),
            Self::SignatureForm => {
                f.write_str("the signature is right, but its header is not written as the scheme has it")
            }
            Self::TruncatedSignature { bytes } => write!(f, "the signature was cut to {bytes} bytes"),
            Self::SignedParts { signed } => {
                f.write_str("what was signed is ")?;
                signed.iter().try_for_each(|part| match part {
                    Part::Body => f.write_str("{body}"),
                    Part::Id => f.write_str("{id}"),
                    Part::Timestamp => f.write_str("{timestamp}"),
                    Part::Literal(text) => f.write_str(text),
                })
            }
            Self::SwappedArguments => f.write_str("the body was used as the key, and the secret was signed"),
            Self::Milliseconds => f.write_str("the signature fits, but its time is in milliseconds"),
            Self::Stale { age } => write!(f, "the signature fits, but it was made {age} s ago"),
            Self::Future { ahead } => {
                write!(f, "the signature fits, but it was made {ahead} s in the future")
            }
        }
    }
}

impl fmt::Display for BodyMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reserialized { signed } => {
                return write!(
                    f,
                    "the body was parsed and written again; what was signed is the same JSON, {signed}"
                );
            }
            Self::PrettyPrinted => "the body was parsed and pretty-printed",
            Self::AsciiEscaped => {
                "the body was parsed and written again with everything but ASCII escaped, as Python does"
            }
            Self::SignedAsSent => "the sender signed the body as it was sent, not its canonical form",
            Self::NewlineAdded => "there is a line break at the end of the body that was not signed",
            Self::NewlineDropped => "the line break at the end of the body was lost",
            Self::SpaceAdded => "there is white space around the body that was not signed",
            Self::ByteOrderMarkAdded => "there is a byte order mark before the body that was not signed",
            Self::ByteOrderMarkDropped => "the byte order mark before the body was lost",
            Self::LineEndings => "the line breaks in the body were converted",
            Self::DecodedAsLatin1 => "the bytes of the body were taken for Latin-1 and written as UTF-8",
            Self::EncodedAsLatin1 => "the text of the body was written as Latin-1, and was UTF-8",
            Self::FormEncoded => "the body is a form, and what was signed is the value in it",
            Self::FormDecoded => "the body was taken out of a form, and what was signed is the form",
            Self::FormRewritten => "the body is a form that was parsed and written again",
            Self::ReadAsForm => "the body was read as a form, though it is none",
            Self::EncodedTwice => "the body was written as a JSON string",
            Self::BufferAsJson => "the body is a Node buffer written as JSON",
            Self::Base64 => "the body is in base64",
            Self::EmptyReplaced => "what was signed is an empty body, and this one is not",
            Self::EmptyDropped => "the body was {} and is empty now",
            Self::NulPadded => "the body was filled up with zeros",
            Self::TooLong => "the body is longer than its content-length",
        })
    }
}

impl fmt::Display for SecretMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SpaceAround => "there is white space around the secret",
            Self::Quoted => "there are quotes around the secret",
            Self::NewlineDropped => "the sender's secret ends with a line break",
            Self::UsedWhole => {
                "the sender uses the secret's text as it is, whsec_ and all, and decodes nothing"
            }
            Self::UsedDecoded => "the sender decodes the secret from base64",
            Self::UsedDerived => "the sender derives a Standard Webhooks key from the secret",
            Self::PrefixDropped => "the whsec_ or whpk_ that the secret begins with was lost",
            Self::UsedWithoutPrefix => "the sender uses what follows whsec_ and does not decode it",
            Self::UsedFromHex => "the sender decodes the secret from hexadecimal digits",
        })
    }
}

/// Something about the request that can be seen without the signature, and is worth a look when nothing is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hint {
    /// The request has the signature header of another scheme, and not this one's.
    HeaderOf {
        /// The preset's name.
        scheme: String,
    },
    /// The body is empty.
    EmptyBody,
    /// The body is shorter than `content-length` says.
    Truncated {
        /// The length in the header.
        expected: usize,
        /// The length of the body.
        found: usize,
    },
    /// The body ends in the middle of its JSON.
    CutJson,
    /// The request says that its body is compressed, and the body is not.
    Decompressed,
    /// The body is compressed.
    Compressed,
    /// The body holds U+FFFD, which decoders put where bytes are no text.
    ReplacementCharacter,
    /// The body is `[object Object]`.
    ObjectObject,
}

impl Hint {
    codes! {
        Self::HeaderOf { .. } => "header_of_another_scheme",
        Self::EmptyBody => "empty_body",
        Self::Truncated { .. } => "truncated_body",
        Self::CutJson => "cut_json",
        Self::Decompressed => "decompressed_body",
        Self::Compressed => "compressed_body",
        Self::ReplacementCharacter => "replacement_character",
        Self::ObjectObject => "object_object",
    }

    /// Every [`code`](Self::code) that there is.
    pub fn codes() -> impl Iterator<Item = &'static str> {
        Self::CODES.iter().copied()
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HeaderOf { scheme } => {
                return write!(f, "the request has the signature header of {scheme}: is that its scheme?");
            }
            Self::Truncated { expected, found } => {
                return write!(
                    f,
                    "the body has {found} bytes, and content-length says {expected}: was all of it read?"
                );
            }
            Self::EmptyBody => "the body is empty: a body parser may have read it before you",
            Self::CutJson => "the body ends in the middle of its JSON: was all of it read?",
            Self::Decompressed => {
                "content-encoding says that the body is compressed, and it is not: senders sign the compressed bytes, if those travel"
            }
            Self::Compressed => "the body is still compressed (gzip): senders sign the bytes before, if a proxy compresses",
            Self::ReplacementCharacter => {
                "the body holds U+FFFD: it was decoded as text, and bytes that are no UTF-8 were lost"
            }
            Self::ObjectObject => "the body is \"[object Object]\": a parsed body was turned to text; hand over the raw one",
        })
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_name_stands_for_two_things() {
        let all: Vec<_> = Mistake::codes().chain(Hint::codes()).collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        for mistake in
            [Mistake::Headers, Mistake::Body(BodyMistake::TooLong), Mistake::Secret(SecretMistake::Quoted)]
        {
            assert!(all.contains(&mistake.code()), "{mistake:?}");
        }
    }
}
