//! Lists as streams that follow the cursor.

use std::collections::HashSet;

use bytes::Bytes;
use futures_util::{Stream, TryStreamExt, stream};
use orderhook_types::*;

use crate::operator::builder as operator;
use crate::{Error, ResponseValue, builder};

type Result<T> = std::result::Result<T, Error<ErrorResponse>>;

macro_rules! streams {
    ($($api:ident::$list:ident: $response:ident of $item:ident),+ $(,)?) => {$(
        impl<'a> $api::$list<'a> {
            /// The items of this page and of all that follow, fetched as they are asked for; the
            /// other parameters are the same for every page.
            ///
            /// # Errors
            /// The stream ends after its first error: one of [`send`](Self::send), or
            /// [`Error::InvalidResponsePayload`] after the items of a page that says there are more
            /// and whose `next_cursor` is missing, is no number or leads back to a page that was
            /// there before.
            pub fn stream(self) -> impl Stream<Item = Result<$item>> + Send + Unpin + use<'a> {
                items(move |cursor| {
                    let call = match cursor {
                        Some(cursor) => self.clone().cursor(cursor),
                        None => self.clone(),
                    };
                    async { call.send().await.map(Page::from) }
                })
            }
        }

        impl From<ResponseValue<$response>> for Page<$item> {
            fn from(response: ResponseValue<$response>) -> Self {
                let page = response.into_inner().data;
                Self::new(page.data, page.has_more, page.next_cursor)
            }
        }
    )+};
}

streams! {
    builder::ListWebhooks: WebhookListResponse of WebhookListItem,
    builder::ListEvents: EventListResponse of EventTypeEntry,
    operator::ListMerchants: MerchantListResponse of Merchant,
    operator::ListTokens: TokenListResponse of Token,
    operator::ListEndpoints: EndpointListResponse of Endpoint,
    operator::ListEvents: EventLogResponse of Event,
    operator::ListDeliveries: DeliveryListResponse of Delivery,
    operator::ListAttempts: AttemptListResponse of Attempt,
}

struct Page<T> {
    items: Vec<T>,
    /// The text of the cursor of the next page, where there is one; empty where the server says
    /// that there is one and not which.
    next: Option<String>,
}

impl<T> Page<T> {
    fn new(items: Vec<T>, has_more: bool, next_cursor: Option<String>) -> Self {
        let next = has_more.then(|| next_cursor.unwrap_or_default());
        Self { items, next }
    }
}

/// Which page comes next.
enum Position {
    First,
    /// The text of a cursor, not looked at before the items in front of it were taken.
    At(String),
    End,
}

/// The items of every page. `fetch` is called with no cursor for the first.
fn items<T, F, P>(fetch: F) -> impl Stream<Item = Result<T>> + Send + Unpin
where
    T: Send,
    F: Fn(Option<i64>) -> P + Send,
    P: Future<Output = Result<Page<T>>> + Send,
{
    let start = (Position::First, Cursors::default());
    let pages = stream::try_unfold(start, move |(position, mut cursors)| {
        let page = match position {
            Position::First => Some(Ok(fetch(None))),
            Position::At(text) => match cursors.advance(&text) {
                Ok(cursor) => Some(Ok(fetch(Some(cursor)))),
                Err(problem) => Some(Err(wrong_cursor(&text, problem))),
            },
            Position::End => None,
        };
        async move {
            let Some(page) = page else {
                return Result::Ok(None);
            };
            let page = page?.await?;
            let position = page.next.map_or(Position::End, Position::At);
            Ok(Some((page.items, (position, cursors))))
        }
    });
    let items = pages
        .map_ok(|items| stream::iter(items.into_iter().map(Ok)))
        .try_flatten();
    // On the heap, so that the caller need not pin it.
    Box::pin(items)
}

/// The cursors that were followed. One that comes again would go round for ever.
#[derive(Default)]
struct Cursors(HashSet<i64>);

impl Cursors {
    /// The number to ask for, or what is wrong with the text.
    fn advance(&mut self, text: &str) -> std::result::Result<i64, &'static str> {
        if text.is_empty() {
            return Err("`has_more` without a `next_cursor`");
        }
        let cursor = text
            .parse()
            .ok()
            .filter(|cursor| *cursor >= 0)
            .ok_or("`next_cursor` is not a number")?;
        if self.0.insert(cursor) {
            Ok(cursor)
        } else {
            Err("`next_cursor` was there before")
        }
    }
}

fn wrong_cursor(text: &str, problem: &str) -> Error<ErrorResponse> {
    let payload = Bytes::copy_from_slice(text.as_bytes());
    Error::InvalidResponsePayload(payload, serde::de::Error::custom(problem))
}
