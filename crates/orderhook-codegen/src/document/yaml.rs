//! YAML text → JSON value and the place of each of its parts.
//!
//! Written on parser events, because the ready-made trees lose what we need: the text of a
//! key such as `200:`, the place of both keys when one is doubled, a limit on depth.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use saphyr::Scalar;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};
use serde_json::{Number, Value};

use super::error::{Error, Place};
use super::{flatten, json};

/// Deeper nesting is refused, so that later recursion can't exhaust the stack.
pub(super) const MAX_DEPTH: usize = 64;

/// A document with more values is refused: a few lines of nested aliases can ask for billions.
pub(super) const MAX_VALUES: usize = 1_000_000;

/// The key of YAML 1.1 whose value, a mapping or a list of them, lends its members.
pub(super) const MERGE: &str = "<<";

/// Line and column in the text, both counted from 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Position {
    /// Which of the files behind a document; 0 for its own.
    pub(super) file: usize,
    pub(super) line: usize,
    pub(super) column: usize,
}

impl Position {
    /// The beginning of the text.
    pub(super) const START: Self = Self {
        file: 0,
        line: 1,
        column: 1,
    };
}

impl From<Marker> for Position {
    fn from(marker: Marker) -> Self {
        Self {
            file: 0,
            line: marker.line(),
            column: marker.col() + 1,
        }
    }
}

/// The place of each value by its JSON pointer: for a member its key, for an item its start.
pub(super) type Positions = HashMap<String, Position>;

/// Reads the one YAML document in `text`; `file` only names it in errors.
pub(super) fn parse(file: &str, text: &str) -> Result<(Value, Positions), Error> {
    let text = json::without_surrogates(text);
    let tree = TreeBuilder::new(file).build(&text)?;
    flatten::flatten(file, &tree)
}

/// A node of the text; shared when aliases name it, copied only when it is flattened.
pub(super) struct Node {
    pub(super) position: Position,
    pub(super) content: Content,
}

pub(super) enum Content {
    Scalar(Value),
    Sequence(Vec<Rc<Node>>),
    Mapping(Vec<Member>),
}

pub(super) struct Member {
    pub(super) key: String,
    pub(super) position: Position,
    pub(super) value: Rc<Node>,
}

/// A collection whose end has not been seen yet.
struct Open {
    anchor: usize,
    position: Position,
    content: OpenContent,
}

enum OpenContent {
    Sequence(Vec<Rc<Node>>),
    /// The members so far, and the key that waits for its value.
    Mapping(Vec<Member>, Option<(String, Position)>),
}

struct TreeBuilder<'a> {
    file: &'a str,
    open: Vec<Open>,
    anchors: HashMap<usize, Rc<Node>>,
    root: Option<Rc<Node>>,
}

impl<'a> TreeBuilder<'a> {
    fn new(file: &'a str) -> Self {
        Self {
            file,
            open: Vec::new(),
            anchors: HashMap::new(),
            root: None,
        }
    }

    fn build(mut self, text: &str) -> Result<Rc<Node>, Error> {
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|error| {
                let message = format!("{}; the text is not well-formed YAML", error.info());
                self.error((*error.marker()).into(), message)
            })?;
            self.on_event(event, span.start.into())?;
        }
        let nothing = || {
            self.error(
                Position::START,
                "the document is empty; write an OpenAPI document".into(),
            )
        };
        self.root.clone().ok_or_else(nothing)
    }

    fn on_event(&mut self, event: Event<'_>, position: Position) -> Result<(), Error> {
        match event {
            Event::Scalar(text, style, anchor, tag) if self.expects_key() => {
                self.key(text, style, anchor, tag.as_ref(), position)
            }
            Event::Scalar(text, style, anchor, tag) => {
                let value = self.scalar(text, style, tag.as_ref(), position)?;
                self.place(Content::Scalar(value), anchor, position)
            }
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned().ok_or_else(|| {
                    let message = "the alias stands inside the value it names; write the value out";
                    self.error(position, message.into())
                })?;
                self.attach(node, position)
            }
            Event::SequenceStart(anchor, _) => {
                self.enter(anchor, position, OpenContent::Sequence(Vec::new()))
            }
            Event::MappingStart(anchor, _) => {
                self.enter(anchor, position, OpenContent::Mapping(Vec::new(), None))
            }
            Event::SequenceEnd | Event::MappingEnd => self.leave(),
            Event::DocumentStart(_) if self.root.is_some() => Err(self.error(
                position,
                "a second YAML document begins here; keep one document to a file".into(),
            )),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn expects_key(&self) -> bool {
        self.open
            .last()
            .is_some_and(|open| matches!(open.content, OpenContent::Mapping(_, None)))
    }

    /// Takes the text of a key as it is written, so that `200:` and `'200':` are the same key.
    fn key(
        &mut self,
        text: Cow<'_, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Cow<'_, Tag>>,
        position: Position,
    ) -> Result<(), Error> {
        if text == MERGE && style != ScalarStyle::Plain {
            let message = "a member can't be named `<<`; write another name";
            return Err(self.error(position, message.into()));
        }
        if anchor != 0 {
            let value = self.scalar(text.clone(), style, tag, position)?;
            let node = Node {
                position,
                content: Content::Scalar(value),
            };
            self.anchors.insert(anchor, Rc::new(node));
        }
        self.start_member(text.into_owned(), position)
    }

    fn start_member(&mut self, key: String, position: Position) -> Result<(), Error> {
        let Some(Open {
            content: OpenContent::Mapping(members, waiting),
            ..
        }) = self.open.last_mut()
        else {
            return Ok(());
        };
        // The keys so far are looked through: even the largest documents have some hundreds.
        if let Some(first) = members.iter().find(|member| member.key == key) {
            return Err(Error::DuplicateKey {
                place: place_in(self.file, position),
                first_line: first.position.line,
                key,
            });
        }
        *waiting = Some((key, position));
        Ok(())
    }

    fn scalar(
        &self,
        text: Cow<'_, str>,
        style: ScalarStyle,
        tag: Option<&Cow<'_, Tag>>,
        position: Position,
    ) -> Result<Value, Error> {
        let source = text.clone();
        let scalar = Scalar::parse_from_cow_and_metadata(text, style, tag).ok_or_else(|| {
            let message = format!("`{source}` is not what its tag says; remove the tag");
            self.error(position, message)
        })?;
        Ok(match scalar {
            Scalar::Null => Value::Null,
            Scalar::Boolean(boolean) => Value::Bool(boolean),
            Scalar::String(string) => Value::String(string.into_owned()),
            Scalar::Integer(integer) => Value::Number(integer.into()),
            Scalar::FloatingPoint(float) => {
                // The JSON reading first: it keeps integers beyond 63 bits.
                let number = serde_json::from_str::<Number>(&source)
                    .ok()
                    .or_else(|| Number::from_f64(float.into_inner()));
                Value::Number(number.ok_or_else(|| {
                    let message =
                        format!("`{source}` is no number in JSON; quote it if text is meant");
                    self.error(position, message)
                })?)
            }
        })
    }

    fn enter(
        &mut self,
        anchor: usize,
        position: Position,
        content: OpenContent,
    ) -> Result<(), Error> {
        if self.expects_key() {
            let message = "a key must be a scalar; quote it if it begins with a bracket or brace";
            return Err(self.error(position, message.into()));
        }
        if self.open.len() >= MAX_DEPTH {
            let message = format!("nested deeper than {MAX_DEPTH} levels; flatten it with `$ref`");
            return Err(self.error(position, message));
        }
        self.open.push(Open {
            anchor,
            position,
            content,
        });
        Ok(())
    }

    fn leave(&mut self) -> Result<(), Error> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let content = match open.content {
            OpenContent::Sequence(items) => Content::Sequence(items),
            OpenContent::Mapping(members, _) => Content::Mapping(members),
        };
        self.place(content, open.anchor, open.position)
    }

    fn place(&mut self, content: Content, anchor: usize, position: Position) -> Result<(), Error> {
        let node = Rc::new(Node { position, content });
        if anchor != 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        self.attach(node, position)
    }

    /// Puts a complete node where the text has it: item, key, value or root.
    fn attach(&mut self, node: Rc<Node>, position: Position) -> Result<(), Error> {
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.root = Some(node),
            Some(OpenContent::Sequence(items)) => items.push(node),
            Some(OpenContent::Mapping(members, waiting)) => match waiting.take() {
                Some((key, position)) => members.push(Member {
                    key,
                    position,
                    value: node,
                }),
                None => match &node.content {
                    Content::Scalar(Value::String(key)) => {
                        self.start_member(key.clone(), position)?;
                    }
                    _ => {
                        let message =
                            "an alias in the place of a key must name a text; write the key out";
                        return Err(self.error(position, message.into()));
                    }
                },
            },
        }
        Ok(())
    }

    fn error(&self, position: Position, message: String) -> Error {
        Error::Yaml {
            place: place_in(self.file, position),
            message,
        }
    }
}

pub(super) fn place_in(file: &str, position: Position) -> Place {
    Place {
        file: file.to_owned(),
        line: position.line,
        column: position.column,
        pointer: String::new(),
    }
}
