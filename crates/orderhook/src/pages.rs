//! Lists that are longer than a page.

use clap::Args;
use orderhook_client::{Error, ResponseValue};
use orderhook_types::{
    Attempt, AttemptListResponse, Delivery, DeliveryListResponse, Endpoint, EndpointListResponse,
    ErrorResponse, Event, EventListResponse, EventLogResponse, EventTypeEntry, Merchant,
    MerchantListResponse, Token, TokenListResponse, WebhookListItem, WebhookListResponse,
};

use crate::exit::Failure;

/// The server gives no more on one page.
const PAGE: i64 = 100;

/// How much of a list is shown.
#[derive(Debug, Clone, Args)]
pub(crate) struct PagingArgs {
    /// How many to show
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..))]
    pub(crate) limit: i64,
    /// Show all
    #[arg(long, conflicts_with = "limit")]
    pub(crate) all: bool,
    /// Oldest first
    #[arg(long)]
    pub(crate) ascending: bool,
}

/// Which part of a list is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageRequest {
    /// Where the page begins; `None` for the first.
    pub(crate) cursor: Option<i64>,
    /// How much is on it.
    pub(crate) limit: i64,
    /// Whether the oldest comes first.
    pub(crate) ascending: bool,
}

/// An answer with one page of a list.
pub(crate) trait ListAnswer {
    /// What the list is of.
    type Item;

    /// The items.
    fn items(&mut self) -> &mut Vec<Self::Item>;

    /// The cursor of the next page, if there is one.
    fn next(&self) -> Option<&str>;
}

/// Sets a parameter that may be absent.
pub(crate) trait Optionally: Sized {
    /// `set(self, value)`, if there is a value.
    fn with<V>(self, value: Option<V>, set: impl FnOnce(Self, V) -> Self) -> Self {
        match value {
            Some(value) => set(self, value),
            None => self,
        }
    }
}

impl<T> Optionally for T {}

/// The pages that `paging` asks for, as one answer: the last one, with the items of all.
pub(crate) async fn collect<R, F>(
    paging: &PagingArgs,
    fetch: impl Fn(PageRequest) -> F,
) -> Result<R, Failure>
where
    R: ListAnswer,
    F: Future<Output = Result<ResponseValue<R>, Error<ErrorResponse>>>,
{
    let mut wanted = if paging.all { i64::MAX } else { paging.limit };
    let mut cursor = None;
    let mut items = Vec::new();
    loop {
        let request = PageRequest {
            cursor,
            limit: wanted.min(PAGE),
            ascending: paging.ascending,
        };
        let mut answer = fetch(request).await?.into_inner();
        items.append(answer.items());
        wanted -= request.limit;
        let next = answer.next().map(str::to_owned);
        match next {
            Some(next) if wanted > 0 => cursor = Some(advance(cursor, &next)?),
            _ => {
                *answer.items() = items;
                return Ok(answer);
            }
        }
    }
}

/// The number of the next page; one that stands still would go round for ever.
fn advance(cursor: Option<i64>, next: &str) -> Result<i64, Failure> {
    match next.parse() {
        Ok(next) if Some(next) != cursor => Ok(next),
        _ => {
            Err(anyhow::anyhow!("the server gave `{next}` as the next page, which is none").into())
        }
    }
}

macro_rules! list_answers {
    ($($answer:ty: $item:ty,)*) => {
        $(impl ListAnswer for $answer {
            type Item = $item;

            fn items(&mut self) -> &mut Vec<$item> {
                &mut self.data.data
            }

            fn next(&self) -> Option<&str> {
                self.data.next_cursor.as_deref().filter(|_| self.data.has_more)
            }
        })*
    };
}

list_answers! {
    AttemptListResponse: Attempt,
    DeliveryListResponse: Delivery,
    EndpointListResponse: Endpoint,
    EventListResponse: EventTypeEntry,
    EventLogResponse: Event,
    MerchantListResponse: Merchant,
    TokenListResponse: Token,
    WebhookListResponse: WebhookListItem,
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use http::{HeaderMap, StatusCode};
    use orderhook_types::MerchantPage;

    use super::*;

    fn merchant(merchant_id: i64) -> Merchant {
        Merchant {
            merchant_id,
            merchant_name: String::new(),
            create_time: String::new(),
            sign_secret: None,
        }
    }

    /// A server with 250 merchants, whose cursors count what came before, up to `last_cursor`.
    fn page(request: PageRequest, last_cursor: i64) -> ResponseValue<MerchantListResponse> {
        let start = request.cursor.unwrap_or(0);
        let end = (start + request.limit).min(250);
        let answer = MerchantListResponse {
            msg: None,
            code: 200,
            trace_id: None,
            data: MerchantPage {
                next_cursor: Some(end.min(last_cursor).to_string()),
                has_more: end < 250,
                data: (start..end).map(merchant).collect(),
            },
        };
        ResponseValue::new(answer, StatusCode::OK, HeaderMap::new())
    }

    fn paging(limit: i64, all: bool) -> PagingArgs {
        PagingArgs {
            limit,
            all,
            ascending: false,
        }
    }

    #[tokio::test]
    async fn pages_are_put_together_up_to_the_limit() {
        let check = async |paging: PagingArgs, expected: i64, limits: &[i64]| {
            let asked = RefCell::new(Vec::new());
            let answer: MerchantListResponse = collect(&paging, |request| {
                asked.borrow_mut().push(request.limit);
                async move { Ok(page(request, i64::MAX)) }
            })
            .await
            .unwrap();
            let ids = answer.data.data.iter().map(|it| it.merchant_id);
            assert!(ids.eq(0..expected));
            assert_eq!(*asked.borrow(), limits);
        };
        check(paging(20, false), 20, &[20]).await;
        check(paging(150, false), 150, &[100, 50]).await;
        check(paging(400, false), 250, &[100, 100, 100]).await;
        check(paging(20, true), 250, &[100, 100, 100]).await;
    }

    #[tokio::test]
    async fn a_cursor_that_stands_still_is_an_error() {
        let stuck = |request| async move { Ok(page(request, 100)) };
        let failure = collect::<MerchantListResponse, _>(&paging(20, true), stuck).await;
        assert!(failure.unwrap_err().lines()[0].contains("`100` as the next page"));
    }
}
