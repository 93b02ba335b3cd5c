//! Shapes that are made of others: all of them, one of them, none of them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ptr;

use super::check::Walk;
use super::{Place, Shape};
use crate::Rule;
use crate::json::Json;

/// One of several shapes, with what a caller is told it by.
#[derive(Debug)]
pub struct Variant {
    pub name: &'static str,
    pub shape: Shape,
}

/// Shapes of which a text in the member `property` chooses one: the variant of that name.
#[derive(Debug)]
pub struct Tagged {
    pub property: &'static str,
    pub variants: &'static [Variant],
}

/// Which values have which shapes, each by its address. Without it a choice within a choice would
/// be made anew for each variant around it, and a deep body would take for ever.
#[derive(Default)]
pub(super) struct Memory(BTreeMap<(usize, usize), bool>);

impl Shape {
    /// Whether values of the same JSON type as `value` can have the shape.
    pub(crate) fn takes(&self, value: &Json<'_>) -> bool {
        match (self, value) {
            (Self::Any | Self::Not(_), _) | (Self::Nullable(_), Json::Null) => true,
            (
                Self::Nullable(shape)
                | Self::Named(shape)
                | Self::Written(_, shape)
                | Self::Default(_, shape),
                value,
            ) => shape.takes(value),
            (Self::Limited(shape, limits), value) => {
                shape.takes(value) && limits.iter().all(|limit| limit.takes(value))
            }
            (Self::All(shapes), value) => shapes.iter().all(|shape| shape.takes(value)),
            (Self::OneOf(variants) | Self::AnyOf(variants), value) => {
                variants.iter().any(|variant| variant.shape.takes(value))
            }
            (Self::Boolean, Json::Boolean(_))
            | (
                Self::Integer { .. } | Self::Unsigned { .. } | Self::Number { .. },
                Json::Number(_),
            )
            | (Self::Text(_), Json::Text(_))
            | (Self::Array(_), Json::Array(_))
            | (Self::Object(_) | Self::Tagged(_), Json::Object(_)) => true,
            _ => false,
        }
    }
}

impl Walk<'_> {
    /// A value of the wrong type is told once, and so is what two shapes say of the same member.
    pub(super) fn all(&mut self, shapes: &[Shape], value: &Json<'_>, place: &Place<'_>) {
        if let Some(shape) = shapes.iter().find(|shape| !shape.takes(value)) {
            return self.check(shape, value, place);
        }
        let first = self.faults.len();
        for shape in shapes {
            let own = self.faults.len();
            self.check(shape, value, place);
            let found = self.faults.split_off(own);
            for fault in found {
                let mut told = self.faults[first..own].iter();
                if !told.any(|told| told.field == fault.field && told.rule == fault.rule) {
                    self.faults.push(fault);
                }
            }
        }
    }

    pub(super) fn one_of(&mut self, variants: &[Variant], value: &Json<'_>, place: &Place<'_>) {
        let mut fitting = 0;
        for variant in variants {
            fitting += usize::from(self.fits(&variant.shape, value));
        }
        match fitting {
            0 => self.no_variant(Rule::OneOf, variants, value, place),
            1 => {}
            _ => {
                let message = format!("must match only one of {}", names(variants));
                self.fault(Rule::OneOf, message, place);
            }
        }
    }

    pub(super) fn any_of(&mut self, variants: &[Variant], value: &Json<'_>, place: &Place<'_>) {
        let is_any = variants
            .iter()
            .any(|variant| self.fits(&variant.shape, value));
        if !is_any {
            self.no_variant(Rule::AnyOf, variants, value, place);
        }
    }

    /// Where the type leaves one variant only, its faults say more than that there are others.
    fn no_variant(
        &mut self,
        rule: Rule,
        variants: &[Variant],
        value: &Json<'_>,
        place: &Place<'_>,
    ) {
        let mut meant = variants.iter().filter(|variant| variant.shape.takes(value));
        match (meant.next(), meant.next()) {
            (Some(variant), None) => self.check(&variant.shape, value, place),
            _ => {
                let message = format!("must match one of {}", names(variants));
                self.fault(rule, message, place);
            }
        }
    }

    pub(super) fn tagged(
        &mut self,
        tagged: &Tagged,
        members: &[(Cow<'_, str>, Json<'_>)],
        value: &Json<'_>,
        place: &Place<'_>,
    ) {
        let tag = members.iter().find(|(name, _)| name == tagged.property);
        let tag_place = Place::Member(place, tagged.property);
        let Some((_, Json::Text(tag))) = tag else {
            return match tag {
                Some(_) => self.fault(Rule::Type, "must be a text", tag_place),
                None => self.fault(Rule::Required, "must be present", tag_place),
            };
        };
        match tagged.variants.iter().find(|variant| variant.name == tag) {
            Some(variant) => self.check(&variant.shape, value, place),
            None => {
                let message = format!("must be one of {}", names(tagged.variants));
                self.fault(Rule::OneOf, message, tag_place);
            }
        }
    }

    pub(super) fn not(&mut self, shape: &Shape, value: &Json<'_>, place: &Place<'_>) {
        if self.fits(shape, value) {
            self.fault(Rule::Not, "must not be what the schema rules out", place);
        }
    }

    fn fits(&mut self, shape: &Shape, value: &Json<'_>) -> bool {
        let key = (ptr::from_ref(shape).addr(), ptr::from_ref(value).addr());
        if let Some(&fits) = self.memory.0.get(&key) {
            return fits;
        }
        let mut faults = Vec::new();
        let mut trial = Walk {
            location: self.location,
            faults: &mut faults,
            memory: &mut *self.memory,
        };
        trial.check(shape, value, &Place::Root);
        let fits = faults.is_empty();
        self.memory.0.insert(key, fits);
        fits
    }
}

fn names(variants: &[Variant]) -> String {
    let names: Vec<_> = variants.iter().map(|variant| variant.name).collect();
    names.join(", ")
}
