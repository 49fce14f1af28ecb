//! Reads the rows of a file, and names everything that is wrong with its line.

use super::check::contradictions;
use super::nodes::{Node, Value, document};
use super::problem::Problem;
use super::{EFFECTS, Expectation, Limit, What, Who};
use crate::arn::{Arn, wildcard};
use crate::catalog;
use crate::config::places::Place;
use crate::severity::Severity;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// The most rows of a file.
pub const MAX_ROWS: usize = 1_000;
/// The longest file in bytes. A parameter has 8 KB at most; a file on disk may have more, to be divided.
const MAX_FILE: usize = 512 * 1024;
/// The most problems that are named at once.
const MAX_PROBLEMS: usize = 20;
/// The longest reason in characters: it stands in mails.
const LONGEST_REASON: usize = 200;

const FIELDS: &str = "who, why, what, target, where, up_to, including and until";

/// Reads the rows of a file. `source` is its name; `names` are the names of accounts, by id.
///
/// # Errors
/// Everything that is wrong. Then no row of the file counts: half a file may silence what the other half would not.
pub fn read(text: &str, source: &str, names: &BTreeMap<String, String>) -> Result<Vec<Expectation>, Vec<Problem>> {
    if text.len() > MAX_FILE {
        return Err(vec![Problem::new(1, format!("the file has more than {} KB", MAX_FILE / 1024))]);
    }
    let rows = rows(text).map_err(|problem| vec![problem])?;
    if rows.len() > MAX_ROWS {
        return Err(vec![Problem::new(rows[MAX_ROWS].line, format!("a file has at most {MAX_ROWS} expectations"))]);
    }
    let (mut read, mut problems, known) = (Vec::with_capacity(rows.len()), Vec::new(), RefCell::default());
    for row in rows {
        let mut reader = Reader { problems: &mut problems, names, known: &known };
        read.extend(reader.row(row, source));
    }
    if problems.is_empty() {
        problems.extend(contradictions(&read).into_iter().map(|found| Problem::new(found.line, found.text)));
    }
    problems.truncate(MAX_PROBLEMS);
    if problems.is_empty() { Ok(read) } else { Err(problems) }
}

/// The rows, which stand in a list under `expectations`.
fn rows(text: &str) -> Result<Vec<Node<'_>>, Problem> {
    const WANTED: &str = "the file must begin with \"expectations:\", and a list of rows under it";
    let Some(Node { line, value }) = document(text)? else { return Err(Problem::new(1, WANTED)) };
    let Value::Fields(fields) = value else { return Err(Problem::new(line, WANTED)) };
    let mut found = None;
    for (field, node) in fields {
        match (field.name.as_ref(), node.value) {
            ("expectations", Value::List(rows)) => found = Some(rows),
            // No rows yet.
            ("expectations", Value::Text(text)) if matches!(text.as_ref(), "" | "~") => found = Some(Vec::new()),
            ("expectations", _) => return Err(Problem::new(node.line, WANTED)),
            ("$schema", _) => {}
            (other, _) => {
                return Err(Problem::new(field.line, format!("{other:?} is not known here; {WANTED}")));
            }
        }
    }
    found.ok_or_else(|| Problem::new(line, WANTED))
}

/// Reads one row.
struct Reader<'a> {
    problems: &'a mut Vec<Problem>,
    names: &'a BTreeMap<String, String>,
    /// The patterns of actions that were found in the catalogue.
    known: &'a RefCell<BTreeSet<String>>,
}

impl Reader<'_> {
    fn problem(&mut self, line: usize, text: impl Into<String>) {
        self.problems.push(Problem::new(line, text));
    }

    /// The row; `None` if there is a problem.
    fn row(&mut self, node: Node<'_>, source: &str) -> Option<Expectation> {
        let before = self.problems.len();
        let Value::Fields(fields) = node.value else {
            self.problem(node.line, format!("an expectation has the fields {FIELDS}"));
            return None;
        };
        let mut row = Expectation {
            source: source.to_owned(),
            line: node.line,
            who: Vec::new(),
            what: Vec::new(),
            target: Vec::new(),
            accounts: Vec::new(),
            up_to: Severity::Medium,
            including: BTreeSet::new(),
            until: None,
            why: String::new(),
        };
        let mut missing = vec!["who", "why"];
        for (field, node) in fields {
            missing.retain(|name| *name != field.name);
            match field.name.as_ref() {
                "who" => row.who = self.texts(&node, "who", Self::who),
                "what" => row.what = self.texts(&node, "what", Self::what),
                "target" => row.target = self.texts(&node, "target", |_, text| target(text)),
                "where" => row.accounts = self.texts(&node, "where", Self::place),
                "including" => {
                    row.including = self.texts(&node, "including", |_, text| limit(text)).into_iter().collect();
                }
                "up_to" => row.up_to = self.one(&node, "up_to", severity).unwrap_or(Severity::Medium),
                "until" => row.until = self.one(&node, "until", until),
                "why" => row.why = self.one(&node, "why", reason).unwrap_or_default(),
                other => self
                    .problem(field.line, format!("{other:?} is no field of an expectation; the fields are {FIELDS}")),
            }
        }
        for name in missing {
            self.problem(node.line, format!("the expectation has no {name:?}"));
        }
        (self.problems.len() == before).then_some(row)
    }

    /// A text, or a list of texts that is not empty.
    fn texts<T>(&mut self, node: &Node<'_>, name: &str, read: impl Fn(&Self, &str) -> Result<T, String>) -> Vec<T> {
        let texts: Vec<_> = match &node.value {
            Value::Text(text) => vec![(node.line, text.as_ref())],
            Value::List(items) => {
                let text = |item: &Node<'_>| if let Value::Text(_) = item.value { None } else { Some(item.line) };
                if let Some(line) = items.iter().find_map(text) {
                    self.problem(line, format!("{name:?} must be a text or a list of texts"));
                    return Vec::new();
                }
                items.iter().filter_map(|item| Some((item.line, as_text(item)?))).collect()
            }
            Value::Fields(_) => {
                self.problem(node.line, format!("{name:?} must be a text or a list of texts"));
                return Vec::new();
            }
        };
        if texts.is_empty() {
            self.problem(node.line, format!("{name:?} is empty"));
        }
        let mut all = Vec::new();
        for (line, text) in texts {
            match read(self, text.trim()) {
                Ok(value) => all.push(value),
                Err(why) => self.problem(line, format!("{name:?}: {why}")),
            }
        }
        all
    }

    fn one<T>(&mut self, node: &Node<'_>, name: &str, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let Some(text) = as_text(node) else {
            self.problem(node.line, format!("{name:?} must be a text"));
            return None;
        };
        read(text.trim()).map_err(|why| self.problem(node.line, format!("{name:?}: {why}"))).ok()
    }

    fn who(&self, text: &str) -> Result<Who, String> {
        let who = who(text, self.names)?;
        let name = Arn::parse(text).and_then(|arn| arn.resource.split_once('/')).map(|(_, name)| name);
        if name.is_some_and(|name| name.trim_matches(['*', '?', '/']).is_empty()) {
            return Err(format!("{text:?} covers every principal of its kind; name a part of the path or of the name"));
        }
        Ok(who)
    }

    fn place(&self, text: &str) -> Result<Place, String> {
        Place::read(text, self.names).ok_or_else(|| {
            format!(
                "{text:?} is no account; name an account by its id or by its name in AccountNames, or an organizational unit \
                 by its id"
            )
        })
    }

    fn what(&self, text: &str) -> Result<What, String> {
        if let Some(effect) = EFFECTS.into_iter().find(|effect| *effect == text) {
            return Ok(What::Effect(effect));
        }
        let (service, name) = text.split_once(':').unwrap_or(("iam", text));
        // Of a thousand rows, most name the same actions.
        let known = self.known.borrow().contains(text)
            || catalog::rows().any(|row| wildcard(name, row.event_name) && wildcard(service, row.service));
        if text.is_empty() || !known {
            return Err(format!(
                "{text:?} is no action that is alerted on, as iam:AttachRolePolicy or iam:Attach*, and no effect; the \
                 effects are {}",
                EFFECTS.join(", ")
            ));
        }
        self.known.borrow_mut().insert(text.to_owned());
        Ok(What::Action(format!("{service}:{name}")))
    }
}

fn as_text<'a>(node: &'a Node<'_>) -> Option<&'a str> {
    match &node.value {
        Value::Text(text) => Some(text),
        Value::List(_) | Value::Fields(_) => None,
    }
}

/// Reads a pattern of principals. In the place of the account stands its id, a name from `names`, or the id of an
/// organizational unit.
pub(crate) fn who(text: &str, names: &BTreeMap<String, String>) -> Result<Who, String> {
    const WANTED: &str = "give the ARN of a user or a role, arn:aws:iam::123456789012:role/path/name, with * and ? in the \
                          path and the name";
    let arn = Arn::parse(text).filter(|arn| arn.service == "iam" && arn.region.is_empty());
    let Some(arn) = arn else {
        if text.contains(":sts:") {
            return Err(format!(
                "{text:?} is a session, and whoever assumes a role chooses the name of the session; give the ARN of the role"
            ));
        }
        return Err(format!("{text:?} is no principal; {WANTED}"));
    };
    let name = ["user/", "role/"].into_iter().find_map(|kind| arn.resource.strip_prefix(kind));
    if name.is_none_or(str::is_empty) && arn.resource != "root" {
        return Err(format!("{text:?} is no user and no role; {WANTED}"));
    }
    let place = Place::read(arn.account, names).ok_or_else(|| {
        format!(
            "{text:?} has no account; give its id, its name in AccountNames, or the id of an organizational unit, \
             r-… for the whole organization"
        )
    })?;
    Ok(Who { pattern: text.to_owned(), place })
}

fn target(text: &str) -> Result<String, String> {
    if text.trim_matches(['*', '?', '/']).is_empty() {
        return Err(format!("{text:?} covers every target; leave \"target\" out if that is meant"));
    }
    if !text.contains('/') && !text.starts_with("arn:") && !text.contains(':') {
        return Err(format!("{text:?} is no target; give its kind and name, as role/app-*, or its ARN"));
    }
    Ok(text.to_owned())
}

fn limit(text: &str) -> Result<Limit, String> {
    Limit::from_word(text).ok_or_else(|| {
        let known: Vec<_> = Limit::ALL.into_iter().map(Limit::word).collect();
        format!("{text:?} is not known; the words are {}", known.join(", "))
    })
}

fn severity(text: &str) -> Result<Severity, String> {
    Severity::from_word(text)
        .filter(|severity| *severity > Severity::Low)
        .ok_or_else(|| format!("{text:?} must be MEDIUM, HIGH or CRITICAL"))
}

/// A day counts to its end.
fn until(text: &str) -> Result<DateTime<Utc>, String> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().and_then(|day| day.checked_add_days(Days::new(1)));
    day.map(|next| next.and_time(NaiveTime::MIN).and_utc())
        .or_else(|| DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc()))
        .ok_or_else(|| format!("{text:?} must be a day, 2027-03-01, or a time, 2027-03-01T18:00:00Z"))
}

fn reason(text: &str) -> Result<String, String> {
    // The command in a mail has "..." where the reason belongs.
    if !text.contains(char::is_alphanumeric) || text.to_ascii_uppercase().starts_with("TODO") {
        return Err(format!("{text:?} is no reason; say who decided this, and where it is written down"));
    }
    if text.chars().count() > LONGEST_REASON {
        return Err(format!("the reason has more than {LONGEST_REASON} characters"));
    }
    Ok(text.to_owned())
}
