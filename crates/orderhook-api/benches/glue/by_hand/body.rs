//! The body of `create_webhook`.

use std::borrow::Cow;
use std::fmt;

use orderhook_types::CreateWebhookRequest;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::faults::Faults;

/// The members, before they are checked; serde refuses one that stands twice.
#[derive(serde::Deserialize)]
struct Members<'a> {
    #[serde(borrow, default)]
    webhook_name: Member<'a>,
    #[serde(borrow, default)]
    webhook_url: Member<'a>,
}

/// A member that must be a text.
#[derive(Default)]
enum Member<'a> {
    #[default]
    Absent,
    Text(Cow<'a, str>),
    OfWrongType,
}

pub(super) fn read(bytes: &[u8], faults: &mut Faults) -> Option<CreateWebhookRequest> {
    if bytes.is_empty() {
        faults.add("body", "", "required", "must be present");
        return None;
    }
    let members: Members<'_> = match serde_json::from_slice(bytes) {
        Ok(members) => members,
        Err(error) => {
            faults.add("body", "", "syntax", &format!("must be JSON: {error}"));
            return None;
        }
    };
    let before = faults.0.len();
    let webhook_name = match members.webhook_name {
        Member::Text(text) => faults.webhook_name("body", &text),
        Member::OfWrongType => faults.no_text("webhook_name"),
        Member::Absent => {
            faults.add("body", "webhook_name", "required", "must be present");
            None
        }
    };
    let webhook_url = match members.webhook_url {
        Member::Text(text) => faults.webhook_url("body", &text),
        Member::OfWrongType => faults.no_text("webhook_url"),
        Member::Absent => None,
    };
    let webhook_name = webhook_name?;
    (faults.0.len() == before).then_some(CreateWebhookRequest {
        webhook_name,
        webhook_url,
    })
}

impl Faults {
    fn no_text<T>(&mut self, name: &str) -> Option<T> {
        self.add("body", name, "type", "must be a text");
        None
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Member<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MemberVisitor)
    }
}

struct MemberVisitor;

impl<'de> Visitor<'de> for MemberVisitor {
    type Value = Member<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Member<'de>, E> {
        Ok(Member::Text(text.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Member<'de>, E> {
        Ok(Member::Text(text.to_owned().into()))
    }

    fn visit_unit<E>(self) -> Result<Member<'de>, E> {
        Ok(Member::OfWrongType)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Member<'de>, E> {
        Ok(Member::OfWrongType)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Member<'de>, E> {
        Ok(Member::OfWrongType)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Member<'de>, E> {
        Ok(Member::OfWrongType)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Member<'de>, E> {
        Ok(Member::OfWrongType)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Member<'de>, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Member::OfWrongType)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Member<'de>, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Member::OfWrongType)
    }
}
