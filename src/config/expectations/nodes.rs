//! The file as lists, mappings and texts, each with its line.
//!
//! Every scalar is a text: `012345678901` is an account and no number, and `2027-03-01` a day that the row reads. What a
//! small file does not need is refused: anchors, tags, several documents.

use super::problem::Problem;
use granit_parser::{Event, Parser, ScanError};
use std::borrow::Cow;

/// How deep lists and mappings may be nested: a file, its rows, a field with a list.
const DEEPEST: usize = 6;

#[derive(Debug)]
pub(super) struct Node<'a> {
    pub line: usize,
    pub value: Value<'a>,
}

#[derive(Debug)]
pub(super) enum Value<'a> {
    Text(Cow<'a, str>),
    List(Vec<Node<'a>>),
    Fields(Vec<(Field<'a>, Node<'a>)>),
}

/// The name of a field.
#[derive(Debug)]
pub(super) struct Field<'a> {
    pub line: usize,
    pub name: Cow<'a, str>,
}

type Step<'a> = Result<(Event<'a>, usize), Problem>;

/// Reads the only document of a file; `None` if the file is empty.
pub(super) fn document(text: &str) -> Result<Option<Node<'_>>, Problem> {
    // Comments come only if the parser is built with them.
    let mut events = Parser::new_from_str(text).map(|event| match event {
        Ok((event, span)) => Ok((event, span.start.line())),
        Err(error) => Err(not_yaml(&error)),
    });
    let mut found = None;
    while let Some((event, line)) = events.next().transpose()? {
        match event {
            Event::StreamStart | Event::StreamEnd | Event::DocumentStart(..) | Event::DocumentEnd => {}
            _ if found.is_some() => return Err(Problem::new(line, "the file must have one document only")),
            event => found = Some(node(event, line, &mut events, DEEPEST)?),
        }
    }
    Ok(found)
}

fn not_yaml(error: &ScanError) -> Problem {
    Problem::new(error.marker().line(), format!("this is no YAML: {}", error.info()))
}

fn node<'a>(
    event: Event<'a>,
    line: usize,
    rest: &mut dyn Iterator<Item = Step<'a>>,
    deepest: usize,
) -> Result<Node<'a>, Problem> {
    let Some(deeper) = deepest.checked_sub(1) else { return Err(Problem::new(line, "this is nested too deep")) };
    let refused = |what: &str| Err(Problem::new(line, format!("{what} are not supported here")));
    let value = match event {
        Event::Alias(_) => return refused("anchors and aliases"),
        Event::Scalar(_, _, anchor, _) | Event::SequenceStart(_, anchor, _) | Event::MappingStart(_, anchor, _)
            if anchor != 0 =>
        {
            return refused("anchors and aliases");
        }
        Event::Scalar(.., Some(_)) | Event::SequenceStart(.., Some(_)) | Event::MappingStart(.., Some(_)) => {
            return refused("tags");
        }
        Event::Scalar(text, ..) => Value::Text(text),
        Event::SequenceStart(..) => {
            let mut items = Vec::new();
            loop {
                match next(rest, line)? {
                    (Event::SequenceEnd, _) => break Value::List(items),
                    (event, line) => items.push(node(event, line, rest, deeper)?),
                }
            }
        }
        Event::MappingStart(..) => {
            let mut fields: Vec<(Field<'_>, Node<'_>)> = Vec::new();
            loop {
                match next(rest, line)? {
                    (Event::MappingEnd, _) => break Value::Fields(fields),
                    (Event::Scalar(name, ..), line) => {
                        if fields.iter().any(|(field, _)| field.name == name) {
                            return Err(Problem::new(line, format!("{name} stands here twice")));
                        }
                        let (event, at) = next(rest, line)?;
                        let value = node(event, at, rest, deeper)?;
                        fields.push((Field { line, name }, value));
                    }
                    (_, line) => return Err(Problem::new(line, "the name of a field must be a text")),
                }
            }
        }
        _ => return Err(Problem::new(line, "this is not understood")),
    };
    Ok(Node { line, value })
}

fn next<'a>(events: &mut dyn Iterator<Item = Step<'a>>, line: usize) -> Step<'a> {
    events.next().unwrap_or_else(|| Err(Problem::new(line, "the file ends here too early")))
}
