//! The three envelopes: reading any, turning one into another.

use alloc::borrow::{Cow, ToOwned as _};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crate::json::{Canonical, Key, Kind, View};
use crate::notification::cloudevents::read::{Builder, invalid};
use crate::notification::cloudevents::write::write_attributes;
use crate::notification::cloudevents::{CloudEvent, EventError, NotJson, Value};
use crate::notification::object::Object;

/// Which members an event's object has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Envelope {
    /// Those of the older envelope only.
    Legacy,
    /// Those of the older envelope and CloudEvents' attributes.
    Hybrid,
    /// CloudEvents' attributes only.
    CloudEvents,
}

const SPEC_VERSION: &str = "specversion";
/// The older envelope's version: a member that only it has, and that all of its objects have.
const VERSION: &str = "cloudEventsVersion";
/// The older envelope's version of the type and what it always was. Qlik replaces it by no attribute; another is kept.
const TYPE_VERSION: (&str, &str) = ("eventTypeVersion", "eventtypeversion");
const TYPE_VERSION_1: &str = "1.0.0";
/// Members of the older envelope and the attributes that replace them.
const MEMBERS: [(&str, &str); 5] = [
    ("contentType", "datacontenttype"),
    ("eventId", "id"),
    ("eventTime", "time"),
    ("eventType", "type"),
    TYPE_VERSION,
];
/// What makes an event: no extension can say it.
const REQUIRED: [&str; 4] = [SPEC_VERSION, "id", "source", "type"];
/// Members of both that are no attributes.
const DATA: [&str; 2] = ["data", "data_base64"];
/// The member of the older envelope that holds those below.
const EXTENSIONS: &str = "extensions";
/// Known members of `extensions`, in their order, and the attributes that replace them.
const EXTENSION_MEMBERS: [(&str, &str); 5] = [
    ("ownerId", "ownerid"),
    ("tenantId", "tenantid"),
    ("userId", "userid"),
    ("topLevelResourceId", "toplevelresourceid"),
    ("spaceId", "spaceid"),
];

/// A delivered event in any envelope, as a view over the canonical form of its body.
///
/// Attributes are asked for by their CloudEvents names. In a hybrid object, CloudEvents' own attribute counts, and the
/// older member where there is none; in one of the older envelope only, it is the other way round. What
/// `extensions` holds comes last, and is never the event's `id`, `source` or `type`. [`Event::contradictions`] tells
/// where these differ. A `null` counts as absent, except as data.
///
/// ```
/// use sigpost_core::{json::{Canonical, Limits}, notification::qlik::{Envelope, Event}};
/// let body = br#"{"cloudEventsVersion":"0.1","source":"com.qlik/engine","eventId":"e","eventType":"com.qlik.v1.app.deleted",
///   "eventTime":"2021-03-08T14:51:29Z","extensions":{"ownerId":"o"},"data":{"name":"Sales"}}"#;
/// let body = Canonical::parse(body, Limits::default())?;
/// let event = Event::new(body.view()).unwrap();
/// assert_eq!(event.envelope(), Envelope::Legacy);
/// assert_eq!(event.id().as_deref(), Some("e"));
/// assert_eq!(event.owner_id().as_deref(), Some("o"));
/// assert_eq!(event.to_cloud_event()?.event_type(), "com.qlik.v1.app.deleted");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    body: View<'a>,
    envelope: Envelope,
}

impl<'a> Event<'a> {
    /// Takes a body; `None` unless it is a JSON object with `specversion` or `cloudEventsVersion`.
    #[must_use]
    pub fn new(body: View<'a>) -> Option<Self> {
        // No attribute has a name with capitals or is an object: one member of the older envelope makes it both kinds.
        let is_older = || {
            let mut members = MEMBERS.iter().map(|(member, _)| *member).chain([VERSION]);
            members.any(|member| body.get(member).is_some())
                || body.get(EXTENSIONS).is_some_and(|value| value.kind() == Kind::Object)
        };
        let envelope = match given(body, SPEC_VERSION) {
            Some(_) if is_older() => Envelope::Hybrid,
            Some(_) => Envelope::CloudEvents,
            None => given(body, VERSION).map(|_| Envelope::Legacy)?,
        };
        Some(Self { body, envelope })
    }

    /// Which envelope it came in.
    #[must_use]
    pub const fn envelope(self) -> Envelope {
        self.envelope
    }

    /// `id`, once `eventId`: the event's, the same in every delivery. Absent, as the others, if it is no string.
    #[must_use]
    pub fn id(self) -> Option<Cow<'a, str>> {
        self.text("id")
    }

    /// `source`: the service it comes from, like `com.qlik/engine`.
    #[must_use]
    pub fn source(self) -> Option<Cow<'a, str>> {
        self.text("source")
    }

    /// `type`, once `eventType`: what happened, which may be one this crate does not know.
    #[must_use]
    pub fn event_type(self) -> Option<Cow<'a, str>> {
        self.text("type")
    }

    /// `time`, once `eventTime`: when, in RFC 3339's form.
    #[must_use]
    pub fn time(self) -> Option<Cow<'a, str>> {
        self.text("time")
    }

    /// `userid`, once `extensions.userId`: who caused it.
    #[must_use]
    pub fn user_id(self) -> Option<Cow<'a, str>> {
        self.text("userid")
    }

    /// `ownerid`, once `extensions.ownerId`: who owns what it happened to.
    #[must_use]
    pub fn owner_id(self) -> Option<Cow<'a, str>> {
        self.text("ownerid")
    }

    /// `tenantid`, once `extensions.tenantId`.
    #[must_use]
    pub fn tenant_id(self) -> Option<Cow<'a, str>> {
        self.text("tenantid")
    }

    /// `spaceid`, once `extensions.spaceId`: where it happened.
    #[must_use]
    pub fn space_id(self) -> Option<Cow<'a, str>> {
        self.text("spaceid")
    }

    /// `toplevelresourceid`, once `extensions.topLevelResourceId`.
    #[must_use]
    pub fn top_level_resource_id(self) -> Option<Cow<'a, str>> {
        self.text("toplevelresourceid")
    }

    /// `data`: to what it happened; any JSON value.
    #[must_use]
    pub fn data(self) -> Option<View<'a>> {
        self.body.get("data")
    }

    /// The attribute of that CloudEvents name, known or not.
    #[must_use]
    pub fn attribute(self, name: &str) -> Option<View<'a>> {
        if DATA.contains(&name) {
            return None;
        }
        let own = || given(self.body, name).filter(|_| !self.is_older(name));
        match self.envelope {
            Envelope::CloudEvents => own(),
            Envelope::Hybrid => own().or_else(|| self.member(name)).or_else(|| self.extension(name)),
            Envelope::Legacy => self.member(name).or_else(own).or_else(|| self.extension(name)),
        }
    }

    /// The whole body, with the members that no attribute replaces.
    #[must_use]
    pub fn view(self) -> View<'a> {
        self.body
    }

    /// The attributes that the object has twice, and not alike, in the order they stand in; those of
    /// [`Event::attribute`] are those that count. Two spellings of one time are not alike.
    ///
    /// ```
    /// use sigpost_core::{json::{Canonical, Limits}, notification::qlik::Event};
    /// let body = br#"{"specversion":"1.0","cloudEventsVersion":"0.1","id":"a","eventId":"b","type":"t","eventType":"t"}"#;
    /// let body = Canonical::parse(body, Limits::default()).unwrap();
    /// let event = Event::new(body.view()).unwrap();
    /// assert_eq!(event.contradictions().collect::<Vec<_>>(), ["id"]);
    /// assert_eq!(event.id().as_deref(), Some("a"));
    /// ```
    pub fn contradictions(self) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
        let mut first = BTreeMap::new();
        let mut found: Vec<Cow<'a, str>> = Vec::new();
        for (name, value) in self.values().into_iter().flatten() {
            let (counts, is_told) = first.entry(name.clone()).or_insert((value, false));
            if *counts != value && !core::mem::replace(is_told, true) {
                found.push(name);
            }
        }
        found.into_iter()
    }

    /// The event as CloudEvents has it. Members that nobody defined become attributes, those of `extensions` in lower
    /// case, as the known ones do; `eventTypeVersion`, which Qlik replaces by no attribute, becomes `eventtypeversion`
    /// unless it is the "1.0.0" that it always is. What does not survive: the older envelope's own version, the case of
    /// names in `extensions` and whether they stood in there or beside it, members that are `null`, and the values that
    /// [`Event::contradictions`] tells. All else [`Writer`] writes again.
    ///
    /// `specversion` may be any 1.0: Qlik announced "1.0.2", which other readers of CloudEvents refuse; it becomes "1.0".
    ///
    /// # Errors
    /// [`EventError`] names the member that cannot be an attribute, because of its name or its type, or the required
    /// one that is missing.
    pub fn to_cloud_event(self) -> Result<CloudEvent, EventError> {
        let mut builder = Builder::default();
        self.check_version()?;
        builder.set(SPEC_VERSION, Value::Text("1.0".to_owned()))?;
        for name in DATA {
            if let Some(value) = self.body.get(name) {
                builder.set_member(name, value)?;
            }
        }
        let mut known = BTreeSet::from([Cow::Borrowed(SPEC_VERSION)]);
        for value in self.values() {
            let (name, value) = value?;
            if !known.contains(&name) {
                if name != TYPE_VERSION.1 || !self.is_usual_version(value) {
                    builder.set_attribute(&name, value)?;
                }
                known.insert(name);
            }
        }
        builder.finish()
    }

    /// All attributes with their values, in the order in which they count.
    fn values(self) -> Vec<Result<(Cow<'a, str>, View<'a>), EventError>> {
        let members =
            self.body.members().into_iter().flatten().filter(|(_, value)| value.kind() != Kind::Null);
        let own = members.map(|(key, value)| Ok((name_of(key)?, value)));
        let own = own.filter(|read| {
            read.as_ref().map_or(true, |(name, _)| !DATA.contains(&&**name) && !self.is_older(name))
        });
        let older = || {
            let member = |(member, name)| Some((Cow::Borrowed(name), given(self.body, member)?));
            MEMBERS.into_iter().filter_map(member).map(Ok)
        };
        let mut values: Vec<_> = match self.envelope {
            Envelope::CloudEvents => return own.collect(),
            Envelope::Hybrid => own.chain(older()).collect(),
            Envelope::Legacy => older().chain(own).collect(),
        };
        let extensions = self.extensions(&values);
        values.extend(extensions);
        values
    }

    /// What the older envelope's `extensions` say beside all other members.
    fn extensions(
        self,
        others: &[Result<(Cow<'a, str>, View<'a>), EventError>],
    ) -> Vec<Result<(Cow<'a, str>, View<'a>), EventError>> {
        let Some(extensions) = given(self.body, EXTENSIONS) else { return Vec::new() };
        let Some(members) = extensions.members() else {
            return Vec::from([Err(invalid(EXTENSIONS, "must be an object"))]);
        };
        let mut seen = BTreeSet::new();
        let members = members.filter(|(_, value)| value.kind() != Kind::Null).map(|(key, value)| {
            let name = name_of(key)?.to_ascii_lowercase();
            if !seen.insert(name.clone()) {
                return Err(invalid(&name, "is given twice"));
            }
            let is_needed = REQUIRED.contains(&name.as_str());
            if is_needed && !others.iter().flatten().any(|(other, _)| *other == name) {
                return Err(invalid(&name, "must not stand in `extensions`"));
            }
            Ok((Cow::Owned(name), value))
        });
        members.collect()
    }

    /// Whether the version of the type is what the older envelope always says, and said by it alone.
    fn is_usual_version(self, value: View<'_>) -> bool {
        given(self.body, TYPE_VERSION.0) == Some(value)
            && given(self.body, TYPE_VERSION.1).is_none()
            && value.as_str().as_deref() == Some(TYPE_VERSION_1)
    }

    fn check_version(self) -> Result<(), EventError> {
        let text = |name| given(self.body, name).and_then(View::as_str).unwrap_or_default();
        if self.envelope == Envelope::Legacy {
            return (text(VERSION) == "0.1").then_some(()).ok_or_else(|| invalid(VERSION, "must be \"0.1\""));
        }
        let version = text(SPEC_VERSION);
        let patch = version.strip_prefix("1.0.");
        let known = version == "1.0"
            || patch.is_some_and(|patch| !patch.is_empty() && patch.bytes().all(|b| b.is_ascii_digit()));
        known.then_some(()).ok_or_else(|| invalid(SPEC_VERSION, "must be \"1.0\""))
    }

    /// Whether a member belongs to the older envelope alone.
    fn is_older(self, name: &str) -> bool {
        self.envelope != Envelope::CloudEvents
            && ([VERSION, EXTENSIONS].contains(&name) || MEMBERS.iter().any(|(member, _)| *member == name))
    }

    fn text(self, name: &str) -> Option<Cow<'a, str>> {
        self.attribute(name)?.as_str()
    }

    /// The older envelope's member for an attribute.
    fn member(self, name: &str) -> Option<View<'a>> {
        let (member, _) = MEMBERS.iter().find(|(_, attribute)| *attribute == name)?;
        given(self.body, member)
    }

    /// The older envelope's extension for an attribute: they have the attributes' names but for capitals.
    fn extension(self, name: &str) -> Option<View<'a>> {
        if REQUIRED.contains(&name) {
            return None;
        }
        let mut extensions = self.body.get(EXTENSIONS)?.members()?;
        let is_named = |key: Key<'_>| key.to_text().is_ok_and(|member| member.to_ascii_lowercase() == name);
        extensions.find(|(key, value)| value.kind() != Kind::Null && is_named(*key)).map(|(_, value)| value)
    }
}

/// A member that is not `null`.
fn given<'a>(object: View<'a>, name: &str) -> Option<View<'a>> {
    object.get(name).filter(|value| value.kind() != Kind::Null)
}

/// The text of a key, which only a lone surrogate keeps from being one.
fn name_of(key: Key<'_>) -> Result<Cow<'_, str>, EventError> {
    key.to_text().map_err(|_| EventError::Name(key.raw().chars().take(64).collect()))
}

/// Writes an event in Qlik's envelopes.
///
/// Every envelope has all attributes: those that the older one has no member for stand in its `extensions`, by their
/// own names, unless [`Writer::documented_only`] leaves them out. So does, in a hybrid object, one that is called
/// `extensions` itself. [`Event::to_cloud_event`] reads the same attributes again, but for an `eventtypeversion` of
/// "1.0.0", which the older envelope says of every event; and `time` and `datacontenttype`, which every envelope has
/// even if the event does not say them. In the two that have older members, no data is `null`, which is read as data.
///
/// ```
/// use sigpost_core::{json::{Canonical, Limits}, notification::{cloudevents::CloudEvent, qlik::{Envelope, Writer}}};
/// let event = br#"{"specversion":"1.0","id":"e","source":"com.qlik/engine","type":"t","userid":"u"}"#;
/// let event = CloudEvent::from_json(Canonical::parse(event, Limits::default())?.view())?;
/// let writer = Writer::new(&event, "2026-11-21T09:30:00.000Z")?;
/// assert!(writer.write(Envelope::CloudEvents).starts_with(br#"{"specversion":"1.0","id":"e","#));
/// assert!(writer.write(Envelope::Legacy).starts_with(br#"{"cloudEventsVersion":"0.1","#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writer<'a> {
    event: &'a CloudEvent,
    data: Option<&'a Canonical>,
    time: Cow<'a, str>,
    documented_only: bool,
}

impl<'a> Writer<'a> {
    /// For an event; `time` is for one that does not say when it happened.
    ///
    /// # Errors
    /// [`NotJson`] for data that is other bytes: these envelopes hold JSON.
    pub fn new(event: &'a CloudEvent, time: impl Into<Cow<'a, str>>) -> Result<Self, NotJson> {
        let time = match event.attribute("time") {
            Some(Value::Text(given)) => Cow::Borrowed(given.as_str()),
            _ => time.into(),
        };
        Ok(Self { event, data: event.data().json()?, time, documented_only: false })
    }

    /// Leaves out of the older envelope's members what Qlik documents none for: of an attribute that no member
    /// replaces nothing is left in [`Envelope::Legacy`], and the version of the type is always "1.0.0".
    ///
    /// ```
    /// use sigpost_core::{json::{Canonical, Limits}, notification::{cloudevents::CloudEvent, qlik::{Envelope, Writer}}};
    /// let event = br#"{"specversion":"1.0","id":"e","source":"/s","type":"t","host":"h","data":1}"#;
    /// let event = CloudEvent::from_json(Canonical::parse(event, Limits::default())?.view())?;
    /// let writer = Writer::new(&event, "2026-11-21T09:30:00.000Z")?;
    /// let legacy = |writer: &Writer<'_>| String::from_utf8(writer.write(Envelope::Legacy));
    /// assert!(legacy(&writer)?.ends_with(r#""extensions":{"host":"h"},"source":"/s","data":1}"#));
    /// assert!(legacy(&writer.documented_only())?.ends_with(r#""extensions":{},"source":"/s","data":1}"#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn documented_only(self) -> Self {
        Self { documented_only: true, ..self }
    }

    /// Writes it, in canonical form.
    #[must_use]
    pub fn write(&self, envelope: Envelope) -> Vec<u8> {
        let mut object = Object::open();
        match envelope {
            Envelope::Legacy => {
                self.older(&mut object, |name| !MEMBERS.iter().any(|(_, attribute)| *attribute == name));
                object.text("source", self.event.source());
            }
            Envelope::Hybrid => {
                self.present(&mut object, &[EXTENSIONS]);
                self.older(&mut object, |name| name == EXTENSIONS);
            }
            Envelope::CloudEvents => self.present(&mut object, &[]),
        }
        if envelope != Envelope::CloudEvents || self.data.is_some() {
            object.data(self.data);
        }
        object.close()
    }

    fn present(&self, object: &mut Object, taken: &[&str]) {
        write_attributes(object, self.event, taken);
        if self.event.attribute("time").is_none() {
            object.text("time", &self.time);
        }
        if self.event.attribute("datacontenttype").is_none() {
            object.text("datacontenttype", JSON);
        }
    }

    /// The members of the older envelope, but for `source` and `data`, which both have. Of the attributes that none of
    /// its members replaces, its extensions hold those that are to be `kept`.
    fn older(&self, object: &mut Object, kept: impl Fn(&str) -> bool) {
        let undocumented = |name| self.event.attribute(name).filter(|_| !self.documented_only);
        let content_type = match self.event.attribute("datacontenttype") {
            Some(Value::Text(given)) => given,
            _ => JSON,
        };
        let mut extensions = Object::open();
        for (member, name) in EXTENSION_MEMBERS {
            if let Some(value) = self.event.attribute(name) {
                extensions.value(member, value);
            }
        }
        for (name, _) in self.event.attributes() {
            let is_known = EXTENSION_MEMBERS.iter().any(|(_, known)| *known == name);
            if let Some(value) = undocumented(name).filter(|_| !is_known && kept(name)) {
                extensions.value(name, value);
            }
        }
        object
            .text(VERSION, "0.1")
            .text("contentType", content_type)
            .text("eventId", self.event.id())
            .text("eventTime", &self.time);
        match undocumented(TYPE_VERSION.1) {
            Some(version) => object.value(TYPE_VERSION.0, version),
            None => object.text(TYPE_VERSION.0, TYPE_VERSION_1),
        };
        object.text("eventType", self.event.event_type()).raw(EXTENSIONS, &extensions.close());
    }
}

const JSON: &str = "application/json";

#[cfg(test)]
mod tests {
    use std::format;
    use std::string::ToString as _;

    use super::*;
    use crate::json::Limits;

    fn canonical(text: &str) -> Canonical {
        Canonical::parse(text.as_bytes(), Limits::default()).unwrap()
    }

    fn converted(text: &str) -> Result<CloudEvent, EventError> {
        Event::new(canonical(text).view()).unwrap().to_cloud_event()
    }

    const OLDER: &str = r#""cloudEventsVersion":"0.1","source":"/s","eventId":"e","eventType":"t""#;
    const PRESENT: &str = r#""specversion":"1.0","source":"/s","id":"e","type":"t""#;

    #[test]
    fn an_object_without_either_version_is_no_event() {
        for text in ["[]", "1", "{}", r#"{"specversion":null}"#, r#"{"eventId":"e","id":"e"}"#] {
            assert!(Event::new(canonical(text).view()).is_none(), "{text}");
        }
    }

    #[test]
    fn what_the_older_envelope_says_survives_the_way_there_and_back() {
        let text = format!(
            r#"{{{OLDER},"eventTime":"2021-03-08T14:51:29Z","eventTypeVersion":"1.0.0","contentType":"application/json","extensions":{{"ownerId":"o","tenantId":"t","userId":"u","topLevelResourceId":"r","spaceId":"s"}},"data":{{"a":[1]}}}}"#
        );
        let (there, given) = (converted(&text).unwrap(), canonical(&text));
        let back = Writer::new(&there, "").unwrap().write(Envelope::Legacy);
        let back = Canonical::parse(&back, Limits::default()).unwrap();
        assert_eq!(back.view().members().unwrap().count(), given.view().members().unwrap().count());
        for (key, value) in given.view().members().unwrap() {
            assert_eq!(back.view().get(&key.to_text().unwrap()), Some(value), "{key:?}");
        }
    }

    #[test]
    fn every_envelope_is_read_as_it_was_written_and_without_contradictions() {
        let event = converted(&format!(
            r#"{{{PRESENT},"host":"h","n":7,"12":true,"ownerid":"o","extensions":"x","eventtypeversion":"2.0","data":null}}"#
        ));
        let event = event.unwrap();
        let writer = Writer::new(&event, "2026-11-21T09:30:00.000Z").unwrap();
        for envelope in [Envelope::Legacy, Envelope::Hybrid, Envelope::CloudEvents] {
            let body = Canonical::parse(&writer.write(envelope), Limits::default()).unwrap();
            assert_eq!(body.as_bytes(), writer.write(envelope));
            let read = Event::new(body.view()).unwrap();
            assert_eq!((read.envelope(), read.contradictions().count()), (envelope, 0));
            assert_eq!(read.owner_id().as_deref(), Some("o"));
            let again = read.to_cloud_event().unwrap();
            let lost = event.attributes().find(|(name, value)| again.attribute(name) != Some(value));
            assert_eq!(lost, None, "{envelope:?}");
        }
    }

    #[test]
    fn members_that_nobody_defined_become_attributes_or_are_named() {
        let event = converted(&format!(r#"{{{OLDER},"host":"h","extensions":{{"fooBar":1,"off":null}}}}"#));
        let event = event.unwrap();
        assert_eq!(event.attribute("foobar"), Some(&Value::Integer(1)));
        assert_eq!(event.attribute("host"), Some(&Value::Text("h".into())));
        assert_eq!(event.attribute("off"), None);
        let body = canonical(&format!(r#"{{{OLDER},"host":"h","extensions":{{"fooBar":1}}}}"#));
        let read = Event::new(body.view()).unwrap();
        assert_eq!(["host", "foobar"].map(|name| read.attribute(name).unwrap().raw()), ["\"h\"", "1"]);
        assert_eq!(read.attribute("extensions"), None);
        for (members, message) in [
            (r#","extensions":{"a":{}}"#, "attribute `a` must be text"),
            (r#","extensions":{"ownerId":"a","ownerid":"b"}"#, "`ownerid` is given twice"),
            (r#","extensions":[]"#, "`extensions` must be an object"),
            (r#","extensions":{"\ud800":1}"#, "is not an attribute name"),
            (r#","extensions":{"data":"d"}"#, "\"data\" is not an attribute name"),
            (r#","fooBar":1"#, "\"fooBar\" is not an attribute name"),
            (r#","eventTime":"yesterday""#, "attribute `time`"),
        ] {
            let error = converted(&format!("{{{OLDER}{members}}}")).unwrap_err().to_string();
            assert!(error.contains(message), "{members}: {error}");
        }
    }

    #[test]
    fn versions_that_are_not_known_are_refused() {
        for (text, fits) in [
            (r#"{"specversion":"1.0","source":"/s","id":"e","type":"t"}"#, true),
            (r#"{"specversion":"1.0.2","source":"/s","id":"e","type":"t"}"#, true),
            (r#"{"specversion":"1.0.","source":"/s","id":"e","type":"t"}"#, false),
            (r#"{"specversion":"1.02","source":"/s","id":"e","type":"t"}"#, false),
            (r#"{"specversion":"1.1","source":"/s","id":"e","type":"t"}"#, false),
            (r#"{"specversion":1,"source":"/s","id":"e","type":"t"}"#, false),
            (r#"{"cloudEventsVersion":"0.1","source":"/s","eventId":"e","eventType":"t"}"#, true),
            (r#"{"cloudEventsVersion":"0.2","source":"/s","eventId":"e","eventType":"t"}"#, false),
        ] {
            assert_eq!(converted(text).is_ok(), fits, "{text}");
        }
    }

    #[test]
    fn data_that_is_no_json_cannot_be_written() {
        let event = converted(&format!(r#"{{{PRESENT},"datacontenttype":"a/b"}}"#)).unwrap();
        assert!(Writer::new(&event, "").is_ok());
        let bytes = format!(r#"{{{PRESENT},"data_base64":"AAE="}}"#);
        let event = CloudEvent::from_json(canonical(&bytes).view()).unwrap();
        assert_eq!(Writer::new(&event, "").unwrap_err(), NotJson);
        assert_eq!(converted(&bytes), Ok(event));
    }
}
