//! Parameters and forms: from texts to values, in the styles of OpenAPI.

use std::borrow::Cow;

use crate::encoding::{Encoding, decode};
use crate::input::Checked;
use crate::json::{self, Json};
use crate::shape::{Checker, Member, Parameter, Place, Shape, Style};
use crate::{Fault, Location, Rule};

/// What stands at one name.
pub(crate) struct Given<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) text: Cow<'a, str>,
    /// Before it was decoded: a comma in an item is another than one between items.
    pub(crate) raw: &'a str,
    /// How an item of `raw` is decoded.
    pub(crate) encoding: Encoding,
}

impl<'a> Given<'a> {
    /// What is not encoded, or not any more.
    pub(crate) fn plain(name: &'a str, text: &'a str) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
            raw: text,
            encoding: Encoding::Nothing,
        }
    }
}

/// The values of `parameters`, unless one of them has a fault.
pub(crate) fn read(
    location: Location,
    parameters: &[Parameter],
    mut given: Vec<Given<'_>>,
    faults: &mut Vec<Fault>,
) -> Option<Checked<'static>> {
    let before = faults.len();
    let mut checker = Checker { location, faults };
    let mut values = Vec::new();
    for parameter in parameters {
        let name = parameter.name;
        match value_of(parameter, &mut given, &mut checker) {
            Some(value) => {
                checker.check(&parameter.shape, &value, &Place::Member(&Place::Root, name));
                values.push((name.into(), value));
            }
            // One that can't be read is there.
            None if parameter.required && !is_told(&checker, name) => {
                checker.fault(Rule::Required, "must be present", name);
            }
            None => {}
        }
    }
    (faults.len() == before).then_some(Checked {
        location,
        value: Json::Object(values),
    })
}

fn is_told(checker: &Checker<'_>, name: &str) -> bool {
    let mut faults = checker.faults.iter();
    faults.any(|fault| fault.location == checker.location && fault.field == name)
}

/// The value of `parameter`, or what stands for it where it is absent.
fn value_of(
    parameter: &Parameter,
    given: &mut [Given<'_>],
    checker: &mut Checker<'_>,
) -> Option<Json<'static>> {
    match &parameter.shape {
        Shape::Written(style, shape) => styled(*style, shape, parameter, given, checker),
        Shape::Default(default, shape) => {
            let value = match shape {
                Shape::Written(style, shape) => styled(*style, shape, parameter, given, checker),
                shape => plain(shape, parameter, given, checker),
            };
            value.or_else(|| json::read(default.as_bytes(), checker.faults))
        }
        shape => plain(shape, parameter, given, checker),
    }
}

fn plain(
    shape: &Shape,
    parameter: &Parameter,
    given: &mut [Given<'_>],
    checker: &mut Checker<'_>,
) -> Option<Json<'static>> {
    let text = only(parameter, given, checker)?;
    Some(scalar(shape, std::mem::take(&mut text.text)))
}

/// The one place where `parameter` stands; a fault if there are several.
fn only<'g, 'a>(
    parameter: &Parameter,
    given: &'g mut [Given<'a>],
    checker: &mut Checker<'_>,
) -> Option<&'g mut Given<'a>> {
    let mut texts = given
        .iter_mut()
        .filter(|given| given.name == parameter.name);
    let text = texts.next();
    if texts.next().is_some() {
        checker.fault(Rule::Duplicate, "must stand once only", parameter.name);
    }
    text.filter(|given| !(parameter.allow_empty && given.text.is_empty()))
}

/// What the parts of a value become.
enum Made<'s> {
    Scalar,
    List(&'s Shape),
    Object(Vec<&'s Member>),
}

fn made(shape: &Shape) -> Made<'_> {
    match shape {
        Shape::Named(shape) | Shape::Nullable(shape) | Shape::Limited(shape, _) => made(shape),
        Shape::Array(array) => Made::List(array.items),
        Shape::Object(members) => Made::Object(members.iter().collect()),
        Shape::All(shapes) => together(shapes.iter()),
        Shape::OneOf(variants) | Shape::AnyOf(variants) => {
            together(variants.iter().map(|variant| &variant.shape))
        }
        Shape::Tagged(tagged) => together(tagged.variants.iter().map(|variant| &variant.shape)),
        _ => Made::Scalar,
    }
}

/// Of several shapes the members of all, or the list that one of them is.
fn together<'s>(shapes: impl Iterator<Item = &'s Shape>) -> Made<'s> {
    let mut members = Vec::new();
    for shape in shapes {
        match made(shape) {
            Made::Scalar => {}
            Made::List(items) => return Made::List(items),
            Made::Object(more) => members.extend(more),
        }
    }
    match members.is_empty() {
        true => Made::Scalar,
        false => Made::Object(members),
    }
}

fn styled(
    style: Style,
    shape: &Shape,
    parameter: &Parameter,
    given: &mut [Given<'_>],
    checker: &mut Checker<'_>,
) -> Option<Json<'static>> {
    let name = parameter.name;
    match (style, made(shape)) {
        (Style::FormExploded, Made::List(items)) => {
            let texts = given.iter_mut().filter(|given| given.name == name);
            let values: Vec<_> = texts
                .map(|given| scalar(items, std::mem::take(&mut given.text)))
                .collect();
            (!values.is_empty()).then_some(Json::Array(values))
        }
        (Style::FormExploded, Made::Object(members)) => {
            let is_member = |given: &&mut Given<'_>| {
                let mut members = members.iter();
                members.any(|member| member.name == given.name)
            };
            let pairs = given.iter_mut().filter(is_member).map(|given| {
                let name = given.name.clone().into_owned();
                (name, std::mem::take(&mut given.text).into_owned())
            });
            object(&members, pairs)
        }
        (Style::DeepObject, Made::Object(members)) => {
            let pairs = given.iter_mut().filter_map(|given| {
                let member = given.name.strip_prefix(name)?.strip_prefix('[')?;
                let member = member.strip_suffix(']')?.to_owned();
                Some((member, std::mem::take(&mut given.text).into_owned()))
            });
            object(&members, pairs)
        }
        (style, made) => {
            let given = only(parameter, given, checker)?;
            let value = one(style, &made, name, given, shape);
            if value.is_none() {
                let message = format!("must be written as {}", style.example());
                checker.fault(Rule::Syntax, message, name);
            }
            value
        }
    }
}

/// The value that one text stands for; `None` for a text that the style does not write.
fn one(
    style: Style,
    made: &Made<'_>,
    name: &str,
    given: &Given<'_>,
    shape: &Shape,
) -> Option<Json<'static>> {
    match made {
        _ if style == Style::Json => {
            json::read(given.text.as_bytes(), &mut Vec::new()).map(Json::owned)
        }
        Made::Scalar => {
            let text = match style {
                Style::Label | Style::LabelExploded => given.text.strip_prefix('.')?,
                Style::Matrix | Style::MatrixExploded => matrix(&given.text, name)?,
                _ => &given.text,
            };
            Some(scalar(shape, text.to_owned().into()))
        }
        Made::List(items) => {
            let pieces = pieces(style, name, given)?.into_iter();
            let values = pieces.map(|piece| match style {
                Style::MatrixExploded => {
                    let text = after_name(&piece, name)?;
                    Some(scalar(items, text.to_owned().into()))
                }
                _ => Some(scalar(items, piece)),
            });
            values.collect::<Option<Vec<_>>>().map(Json::Array)
        }
        Made::Object(members) => {
            let pieces = pieces(style, name, given)?;
            let pairs = match style {
                Style::SimpleExploded | Style::LabelExploded | Style::MatrixExploded => {
                    let pairs = pieces.iter().map(|piece| piece.split_once('='));
                    let pairs = pairs.collect::<Option<Vec<_>>>()?;
                    pairs
                        .into_iter()
                        .map(|(name, text)| (name.to_owned(), text.to_owned()))
                        .collect()
                }
                _ => alternating(pieces)?,
            };
            object(members, pairs.into_iter())
        }
    }
}

/// The parts of a list or an object.
fn pieces<'g>(style: Style, name: &str, given: &'g Given<'_>) -> Option<Vec<Cow<'g, str>>> {
    let raw = given.raw;
    let (text, separator) = match style {
        // Encoded as well: a query can't hold these delimiters.
        Style::SpaceDelimited => (&*given.text, ' '),
        Style::PipeDelimited => (&*given.text, '|'),
        Style::Label => (raw.strip_prefix('.')?, ','),
        Style::LabelExploded => (raw.strip_prefix('.')?, '.'),
        Style::Matrix => (matrix(raw, name)?, ','),
        Style::MatrixExploded => (raw.strip_prefix(';')?, ';'),
        _ => (raw, ','),
    };
    if text.is_empty() || style == Style::MatrixExploded && text == name {
        return Some(Vec::new());
    }
    let is_decoded = matches!(style, Style::SpaceDelimited | Style::PipeDelimited);
    let pieces = text.split(separator).map(|piece| match is_decoded {
        true => Cow::Borrowed(piece),
        false => given.encoding.decode(piece),
    });
    Some(pieces.collect())
}

/// `name,text,name,text`
fn alternating(pieces: Vec<Cow<'_, str>>) -> Option<Vec<(String, String)>> {
    let (pairs, rest) = pieces.as_chunks::<2>();
    let pairs = pairs
        .iter()
        .map(|[name, text]| (name.clone().into_owned(), text.clone().into_owned()));
    rest.is_empty().then(|| pairs.collect())
}

/// `;name=text` → `text`
fn matrix<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    after_name(text.strip_prefix(';')?, name)
}

/// `name=text` → `text`; an empty one is written without `=`.
fn after_name<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    match text.strip_prefix(name)? {
        "" => Some(""),
        rest => rest.strip_prefix('='),
    }
}

/// An object of scalars and of lists of them; `None` if it has no member.
fn object(
    members: &[&Member],
    pairs: impl Iterator<Item = (String, String)>,
) -> Option<Json<'static>> {
    let mut values: Vec<(Cow<'static, str>, Json<'static>)> = Vec::new();
    for (name, text) in pairs {
        let member = members.iter().find(|member| member.name == name);
        let made = member.map_or(Made::Scalar, |member| made(&member.shape));
        let shape = member.map_or(&Shape::Any, |member| &member.shape);
        if let Made::List(items) = made {
            let item = scalar(items, text.into());
            match values.iter_mut().find(|(known, _)| *known == name) {
                Some((_, Json::Array(list))) => list.push(item),
                _ => values.push((name.into(), Json::Array(vec![item]))),
            }
        } else {
            values.push((name.into(), scalar(shape, text.into())));
        }
    }
    (!values.is_empty()).then_some(Json::Object(values))
}

/// The pairs of a query or a form; a fault for each that is not encoded well.
pub(crate) fn pairs<'a>(
    text: &'a str,
    location: Location,
    most: usize,
    faults: &mut Vec<Fault>,
) -> Vec<Given<'a>> {
    let mut given = Vec::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, raw) = pair.split_once('=').unwrap_or((pair, ""));
        match (decode(name), decode(raw)) {
            (Some(name), Some(text)) => given.push(Given {
                name,
                text,
                raw,
                encoding: Encoding::Form,
            }),
            // No more than are told: a query has room for thousands.
            _ if faults.len() >= most => {}
            _ => faults.push(Fault::new(
                location,
                name,
                Rule::Syntax,
                "must be percent-encoded UTF-8",
            )),
        }
    }
    given
}

/// The value that a text stands for; a text that is none stays one, and the check says what it
/// should be.
pub(crate) fn scalar(shape: &Shape, text: Cow<'_, str>) -> Json<'static> {
    let value = match shape {
        Shape::Named(shape) | Shape::Nullable(shape) => return scalar(shape, text),
        Shape::Integer { .. } | Shape::Unsigned { .. } | Shape::Number { .. } => number(&text),
        Shape::Boolean => text.parse().ok().map(Json::Boolean),
        Shape::Any | Shape::Text(_) => None,
        shape => {
            let boolean = text.parse().ok().map(Json::Boolean);
            let values = [number(&text), boolean].into_iter().flatten();
            values.into_iter().find(|value| shape.takes(value))
        }
    };
    value.unwrap_or_else(|| Json::Text(text.into_owned().into()))
}

/// As JSON writes numbers, but with zeros in front if the caller likes.
fn number(text: &str) -> Option<Json<'static>> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    match text.parse::<i64>() {
        Ok(number) => Some(Json::Number(number.into())),
        Err(_) => serde_json::from_str(text).ok().map(Json::Number),
    }
}
