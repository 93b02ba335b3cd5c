//! The error of an operation: a variant for each refusal that the document names.
//!
//! Most documents describe all their refusals by one schema. Of these a variant holds what is wrong,
//! and `Server::reject` writes it in that schema, as it does for refusals that no method knows of;
//! the same for refusals without a body. Any other refusal is a variant with what the document says.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::answers;
use crate::document::{Document, Error, pointer, shape};
use crate::models::TypeNames;
use crate::names;
use crate::operation::{Answer, Operation, Status};

/// The schema that the refusals of a document have in common.
#[derive(Debug)]
pub(super) struct Envelope(Option<String>);

impl Envelope {
    /// The component that most refusals refer to; none where no two share one.
    pub(super) fn of(document: &Document, operations: &[Operation]) -> Self {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let refusals = operations.iter().flat_map(Operation::refusals);
        let mut all = 0;
        for name in refusals.filter_map(|answer| component(document, answer)) {
            all += 1;
            *counts.entry(name).or_default() += 1;
        }
        let most = counts
            .into_iter()
            .max_by_key(|(name, count)| (*count, std::cmp::Reverse(name.clone())));
        Self(
            most.filter(|(_, count)| *count > 1 || all == 1)
                .map(|(name, _)| name),
        )
    }

    /// Whether `Server::reject` writes the answer.
    fn has(&self, document: &Document, answer: &Answer) -> bool {
        let mut headers = answer.headers.iter();
        let knows_headers = headers.all(|header| {
            let name = header.name.to_ascii_lowercase();
            HEADERS_OF_PROBLEMS.contains(&name.as_str())
        });
        let is_bare = answer.media.is_empty() && answer.headers.is_empty();
        let is_envelope = self.0.is_some() && component(document, answer) == self.0;
        is_bare || (is_envelope && knows_headers)
    }
}

/// What `Server::reject` can say in headers, because a problem holds it.
const HEADERS_OF_PROBLEMS: [&str; 2] = ["retry-after", "www-authenticate"];

/// The component schema of an answer that is JSON.
fn component(document: &Document, answer: &Answer) -> Option<String> {
    let [media] = answer.media.as_slice() else {
        return None;
    };
    let reference = document
        .get(media.schema_at.as_ref()?)
        .and_then(shape::reference)?;
    (media.codec == crate::operation::Codec::Json).then(|| pointer::last(reference))
}

/// The error of an operation: `list_webhooks` → `ListWebhooksError`.
pub(super) fn name(operation: &Operation) -> Ident {
    format_ident!("{}Error", names::type_name(&operation.id))
}

/// Whether `Server::reject` writes every refusal of the operation.
pub(super) fn is_uniform(document: &Document, operation: &Operation, envelope: &Envelope) -> bool {
    let mut refusals = operation.refusals();
    refusals.all(|answer| envelope.has(document, answer))
}

/// What the enumeration is written from.
#[derive(Default)]
struct Parts {
    variants: TokenStream,
    /// Arms from a status.
    from: TokenStream,
    /// The same for ranges, which stand behind single statuses.
    from_ranges: TokenStream,
    into: TokenStream,
    /// The arm for a status that the document does not name.
    rest: Option<TokenStream>,
    taken: BTreeSet<Ident>,
}

pub(super) fn generate(
    document: &Document,
    operation: &Operation,
    envelope: &Envelope,
    types: &mut TypeNames<'_>,
) -> Result<TokenStream, Error> {
    let name = name(operation);
    let is_uniform = is_uniform(document, operation, envelope);
    let mut parts = Parts::default();
    for answer in operation.refusals() {
        if envelope.has(document, answer) {
            parts.add_problem(answer, is_uniform);
            continue;
        }
        for variant in answers::typed_variants(answer, types)? {
            if !parts.taken.insert(variant.name.clone()) {
                let message = format!("`{}` stands for two refusals; keep one", variant.name);
                return Err(document.unsupported(&answer.at, message));
            }
            parts.variants.extend(variant.definition);
            parts.into.extend(variant.arm);
        }
    }
    let rest = parts.rest(is_uniform);
    let Parts {
        variants,
        from,
        from_ranges,
        into,
        ..
    } = parts;
    let documentation = names::doc(&format!("Why `{}` is refused.", operation.id));
    let into = match is_uniform {
        true => quote! {
            /// The refusal as it is answered.
            pub fn into_refusal(self) -> Refusal {
                match self { #into }
            }
        },
        false => quote! {
            /// The refusal as it is answered.
            ///
            /// # Errors
            /// A refusal that `Server::reject` writes.
            pub fn into_answer(self) -> Result<Answer, Refusal> {
                match self { #into }
            }
        },
    };
    Ok(quote! {
        #documentation
        #[derive(Debug)]
        pub enum #name { #variants }

        /// A refusal whose status the document does not name becomes an internal error, and the log says so.
        impl<E: Into<Refusal>> From<E> for #name {
            fn from(refusal: E) -> Self {
                let refusal = refusal.into();
                match refusal.status() {
                    #from
                    #from_ranges
                    #rest
                }
            }
        }

        impl #name { #into }
    })
}

impl Parts {
    /// A refusal that `Server::reject` writes, or that has no body.
    fn add_problem(&mut self, answer: &Answer, is_uniform: bool) {
        let variant = answer.status.variant();
        self.taken.insert(variant.clone());
        let documentation = names::doc(&format!("{}: {}", answer.status, answer.description));
        let bare = answer.media.is_empty().then(|| quote! { .without_body() });
        let (pattern, value) = match answer.status {
            Status::Code(status) => {
                self.variants
                    .extend(quote! { #documentation #variant(Problem), });
                self.from
                    .extend(quote! { #status => Self::#variant(refusal.into_problem()), });
                (
                    quote! { problem },
                    quote! { Refusal::new(#status, problem)#bare },
                )
            }
            Status::Range(class) => {
                self.variants
                    .extend(quote! { #documentation #variant(Refusal), });
                let (first, last) = (class * 100, class * 100 + 99);
                self.from_ranges
                    .extend(quote! { #first..=#last => Self::#variant(refusal), });
                (quote! { refusal }, quote! { refusal.in_range(#class)#bare })
            }
            Status::Default => {
                self.variants
                    .extend(quote! { #documentation #variant(Refusal), });
                self.rest = Some(quote! { _ => Self::#variant(refusal), });
                (quote! { refusal }, quote! { refusal #bare })
            }
        };
        let value = match is_uniform {
            true => value,
            false => quote! { Err(#value) },
        };
        self.into
            .extend(quote! { Self::#variant(#pattern) => #value, });
        if answer.status == Status::Code(500) {
            self.rest
                .get_or_insert(quote! { _ => Self::#variant(refusal.into_undocumented()), });
        } else if answer.status == Status::Range(5) {
            self.rest.get_or_insert(quote! {
                _ => Self::#variant(Refusal::new(500u16, refusal.into_undocumented())),
            });
        }
    }

    /// The arm for every other status. An operation can fail whatever the document says, and so
    /// there is always a variant to fail with.
    fn rest(&mut self, is_uniform: bool) -> TokenStream {
        if let Some(rest) = self.rest.take() {
            return rest;
        }
        let variant = match self.taken.contains(&Status::Code(500).variant()) {
            true => format_ident!("Undocumented"),
            false => Status::Code(500).variant(),
        };
        let documentation =
            names::doc("500: The server failed, for which the document has no answer");
        self.variants
            .extend(quote! { #documentation #variant(Problem), });
        let value = match is_uniform {
            true => quote! { Refusal::new(500u16, problem) },
            false => quote! { Err(Refusal::new(500u16, problem)) },
        };
        self.into
            .extend(quote! { Self::#variant(problem) => #value, });
        quote! { _ => Self::#variant(refusal.into_undocumented()), }
    }
}
