//! The types of event that there are: the two of the documents, and what the configuration adds.

use orderhook_types::{EventCode, EventType, EventTypeEntry};

/// A type of event that a webhook can be subscribed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CatalogueEntry {
    pub(crate) event_id: i64,
    pub(crate) event_type: EventType,
    pub(crate) event_code: EventCode,
    pub(crate) category: String,
    pub(crate) description: String,
}

/// Every type of event, in ascending order of the ids.
#[derive(Debug, Clone)]
pub(crate) struct Catalogue(Vec<CatalogueEntry>);

impl Catalogue {
    /// The catalogue of the documents (`A.event-list.request.3` and `.4`), and after it `additions`.
    pub(crate) fn new(additions: impl IntoIterator<Item = CatalogueEntry>) -> Self {
        let entry = |event_id, event_type, event_code, description: &str| CatalogueEntry {
            event_id,
            event_type,
            event_code,
            category: "card".to_owned(),
            description: description.to_owned(),
        };
        let mut entries = vec![
            entry(
                1,
                EventType::CardTransaction,
                EventCode::CardTransaction,
                "Transaction",
            ),
            entry(2, EventType::CardLoad, EventCode::CardLoad, "Reload"),
        ];
        let numbered = additions.into_iter().zip(3..);
        entries.extend(numbered.map(|(entry, event_id)| CatalogueEntry { event_id, ..entry }));
        Self(entries)
    }

    pub(crate) fn entries(&self) -> &[CatalogueEntry] {
        &self.0
    }

    pub(crate) fn find(&self, event_type: &str) -> Option<&CatalogueEntry> {
        let mut entries = self.0.iter();
        entries.find(|entry| entry.event_type.as_str() == event_type)
    }
}

impl CatalogueEntry {
    pub(crate) fn to_wire(&self) -> EventTypeEntry {
        EventTypeEntry {
            event_id: Some(self.event_id),
            event_type: self.event_type.clone(),
            event_category: Some(self.category.clone()),
            event_code: Some(self.event_code.clone()),
            event_description: Some(self.description.clone()),
        }
    }
}
