//! Bodies that may have been signed, made from the one that the receiver holds: each undoes one mistake.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::Cell;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::mistake::BodyMistake;
use super::style::JsonStyle;
use crate::json::{Canonical, Kind, Limits, canonicalize_with};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What the receiver holds, read once.
pub(super) struct Received<'a> {
    body: &'a [u8],
    text: Option<&'a str>,
    json: Option<Canonical>,
    /// The scheme signs the canonical form.
    canonical: bool,
    /// What the request says of the body's length.
    content_length: Option<usize>,
    /// The longest body that is made from it.
    limit: usize,
    cut: Cell<bool>,
}

impl<'a> Received<'a> {
    pub(super) fn new(body: &'a [u8], canonical: bool, content_length: Option<usize>, limit: usize) -> Self {
        let limits = Limits { max_bytes: limit, ..Limits::default() };
        let json = Canonical::parse(body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body), limits).ok();
        Self {
            body,
            text: core::str::from_utf8(body).ok(),
            json,
            canonical,
            content_length,
            limit,
            cut: Cell::new(false),
        }
    }

    pub(super) const fn content_length(&self) -> Option<usize> {
        self.content_length
    }

    /// The canonical form, where the scheme signs that and there is one: a byte order mark is no JSON.
    fn form(&self) -> Option<&Canonical> {
        self.json.as_ref().filter(|_| self.canonical && !self.body.starts_with(BYTE_ORDER_MARK))
    }

    /// What the scheme says is signed, or the body where it has no such form.
    pub(super) fn base(&self) -> &[u8] {
        self.form().map_or(self.body, Canonical::as_bytes)
    }

    /// The mistake that it is to sign that.
    pub(super) fn base_mistake(&self) -> Option<BodyMistake> {
        (self.canonical && self.form().is_none()).then_some(BodyMistake::SignedAsSent)
    }

    /// Every other body that may have been signed, with the mistake that it would undo; made one at a time, and none
    /// where there is nothing to undo.
    pub(super) fn others(&self) -> impl Iterator<Item = Option<(BodyMistake, Cow<'_, [u8]>)>> {
        let as_sent = self.canonical.then_some(Some((BodyMistake::SignedAsSent, Cow::Borrowed(self.body))));
        let plain = PLAIN.iter().map(|(mistake, undo)| Some((*mistake, self.signed_form(undo(self)?))));
        let styled = JsonStyle::ALL.into_iter().map(|style| {
            let text = style.write(self.json.as_ref()?, self.limit);
            self.cut.set(self.cut.get() || text.is_none());
            Some((self.rewritten(style), Cow::Owned(text?.into_bytes())))
        });
        let others = as_sent.into_iter().chain(plain).chain(styled);
        others.map(|made| made.filter(|(_, body)| **body != *self.base() && self.is_in_limit(body)))
    }

    fn is_in_limit(&self, body: &[u8]) -> bool {
        let fits = body.len() <= self.limit;
        self.cut.set(self.cut.get() || !fits);
        fits
    }

    /// Whether a body was not made, or not tried, for its length.
    pub(super) const fn is_cut(&self) -> bool {
        self.cut.get()
    }

    /// What the scheme signs of this body: where that is the canonical form, the body itself if it has none.
    fn signed_form<'b>(&self, body: Cow<'b, [u8]>) -> Cow<'b, [u8]> {
        if !self.canonical {
            return body;
        }
        let limits = Limits { max_bytes: self.limit, ..Limits::default() };
        let form = canonicalize_with(&body, limits).ok().map(Cow::into_owned);
        form.map_or(body, Cow::Owned)
    }

    /// What happened to a body that was signed in this style.
    fn rewritten(&self, style: JsonStyle) -> BodyMistake {
        let text = self.text.unwrap_or_default();
        if style != JsonStyle::Compact {
            BodyMistake::Reserialized { signed: style }
        } else if text.trim_ascii_end().contains('\n') {
            BodyMistake::PrettyPrinted
        } else if text.is_ascii() && self.json.as_ref().is_some_and(|json| !json.as_str().is_ascii()) {
            BodyMistake::AsciiEscaped
        } else {
            BodyMistake::Reserialized { signed: style }
        }
    }
}

type Undo = for<'r> fn(&'r Received<'_>) -> Option<Cow<'r, [u8]>>;

const PLAIN: &[(BodyMistake, Undo)] = &[
    (BodyMistake::NewlineAdded, without_newline),
    (BodyMistake::NewlineDropped, |it| with_end(it, b"\n")),
    (BodyMistake::NewlineDropped, |it| with_end(it, b"\r\n")),
    (BodyMistake::SpaceAdded, |it| Some(Cow::Borrowed(it.body.trim_ascii()))),
    (BodyMistake::ByteOrderMarkAdded, |it| it.body.strip_prefix(BYTE_ORDER_MARK).map(Cow::Borrowed)),
    (BodyMistake::ByteOrderMarkDropped, |it| Some([BYTE_ORDER_MARK, it.body].concat().into())),
    (BodyMistake::LineEndings, to_line_feeds),
    (BodyMistake::LineEndings, to_carriage_returns),
    (BodyMistake::DecodedAsLatin1, from_latin1),
    (BodyMistake::DecodedAsLatin1, from_windows_1252),
    (BodyMistake::EncodedAsLatin1, to_utf8),
    (BodyMistake::Base64, |it| STANDARD.decode(it.body.trim_ascii()).ok().map(Cow::Owned)),
    (BodyMistake::FormEncoded, |it| form_value(it.body)),
    (BodyMistake::FormDecoded, form),
    (BodyMistake::ReadAsForm, form_key),
    (BodyMistake::EncodedTwice, |it| {
        Some(Cow::Owned(it.json.as_ref()?.view().as_str()?.into_owned().into_bytes()))
    }),
    (BodyMistake::BufferAsJson, buffer),
    (BodyMistake::EmptyDropped, |it| it.body.is_empty().then_some(Cow::Borrowed(b"{}"))),
    (BodyMistake::NulPadded, without_nul),
    // Behind those that leave nothing of some bodies: they say more.
    (BodyMistake::EmptyReplaced, |it| EMPTY.contains(&it.body.trim_ascii()).then_some(Cow::Borrowed(b""))),
    (BodyMistake::FormRewritten, |it| it.json.is_none().then(|| written(form_urlencoded::parse(it.body)))),
    (BodyMistake::FormRewritten, form_of_json),
    (BodyMistake::TooLong, |it| it.body.get(..it.content_length?).map(Cow::Borrowed)),
];

/// What parsers and templates make of an empty body.
const EMPTY: [&[u8]; 7] = [b"{}", b"[]", b"null", b"\"\"", b"undefined", b"None", b"[object Object]"];

fn without_newline<'r>(it: &'r Received<'_>) -> Option<Cow<'r, [u8]>> {
    let body = it.body.strip_suffix(b"\n")?;
    Some(Cow::Borrowed(body.strip_suffix(b"\r").unwrap_or(body)))
}

fn with_end<'r>(it: &'r Received<'_>, end: &[u8]) -> Option<Cow<'r, [u8]>> {
    Some(Cow::Owned([it.body, end].concat()))
}

fn to_line_feeds<'r>(it: &'r Received<'_>) -> Option<Cow<'r, [u8]>> {
    Some(Cow::Owned(it.text?.replace("\r\n", "\n").into_bytes()))
}

fn to_carriage_returns<'r>(it: &'r Received<'_>) -> Option<Cow<'r, [u8]>> {
    Some(Cow::Owned(it.text?.replace("\r\n", "\n").replace('\n', "\r\n").into_bytes()))
}

/// The bytes that Latin-1 shows as this text.
fn from_latin1<'r>(it: &'r Received<'_>) -> Option<Cow<'r, [u8]>> {
    it.text?
        .chars()
        .map(|character| u8::try_from(u32::from(character)).ok())
        .collect::<Option<Vec<u8>>>()
        .map(Cow::Owned)
}

/// The same for what browsers, and `TextDecoder`, call Latin-1.
fn from_windows_1252<'r>(it: &'r Received<'_>) -> Option<Cow<'r, [u8]>> {
    // WHATWG Encoding, index windows-1252: 0x80 to 0x9f.
    const UPPER: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
        '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    let byte = |character: char| {
        let place = (0x80..0xa0_u8).zip(UPPER).find(|(_, upper)| *upper == character);
        place.map(|(byte, _)| byte).or_else(|| u8::try_from(u32::from(character)).ok())
    };
    it.text?.chars().map(byte).collect::<Option<Vec<u8>>>().map(Cow::Owned)
}

/// What a sender of UTF-8 signed, if these bytes are the same text in Latin-1.
fn to_utf8<'r>(it: &'r Received<'_>) -> Option<Cow<'r, [u8]>> {
    if it.text.is_some() {
        return None;
    }
    Some(Cow::Owned(it.body.iter().map(|byte| char::from(*byte)).collect::<String>().into_bytes()))
}

/// The value of the one field of a form.
fn form_value(body: &[u8]) -> Option<Cow<'_, [u8]>> {
    let mut fields = form_urlencoded::parse(body);
    let (_, value) = fields.next().filter(|(_, value)| !value.is_empty())?;
    fields.next().is_none().then(|| Cow::Owned(value.into_owned().into_bytes()))
}

/// The form that GitHub, Slack and others send JSON in.
fn form<'r>(it: &'r Received<'_>) -> Option<Cow<'r, [u8]>> {
    Some(written([("payload", it.text?)].into_iter()))
}

/// The form that a parser made this object of, as Slack's are: `JSON.stringify(req.body)`.
fn form_of_json<'r>(it: &'r Received<'_>) -> Option<Cow<'r, [u8]>> {
    let members = it.json.as_ref()?.view().members()?;
    let fields = members.map(|(key, value)| Some((key.to_text().ok()?, value.as_str()?)));
    Some(written(fields.collect::<Option<Vec<_>>>()?.into_iter()))
}

/// A form as browsers and most servers write it.
fn written<'a>(fields: impl Iterator<Item = (impl AsRef<str>, impl AsRef<str>)>) -> Cow<'a, [u8]> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields);
    Cow::Owned(form.finish().into_bytes())
}

/// JSON that was read as a form is the name of its only field, which has no value.
fn form_key<'r>(it: &'r Received<'_>) -> Option<Cow<'r, [u8]>> {
    let mut members = it.json.as_ref()?.view().members()?;
    let (key, value) = members.next()?;
    let lone = members.next().is_none() && value.as_str().is_some_and(|value| value.is_empty());
    lone.then(|| key.to_text().ok().map(|key| Cow::Owned(key.into_owned().into_bytes())))?
}

/// `JSON.stringify` of a Node buffer: `{"type":"Buffer","data":[…]}`.
fn buffer<'r>(it: &'r Received<'_>) -> Option<Cow<'r, [u8]>> {
    let view = it.json.as_ref()?.view();
    let data = view.get("data").filter(|data| data.kind() == Kind::Array)?;
    (view.get("type")?.as_str()? == "Buffer").then_some(())?;
    let bytes = data.elements()?.map(|byte| byte.as_i64().and_then(|byte| u8::try_from(byte).ok()));
    bytes.collect::<Option<Vec<u8>>>().map(Cow::Owned)
}

fn without_nul<'r>(it: &'r Received<'_>) -> Option<Cow<'r, [u8]>> {
    let end = it.body.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    Some(Cow::Borrowed(&it.body[..end]))
}
