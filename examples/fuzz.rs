//! Feeds changed events to the function, and checks what must hold for every event: no panic, an answer in bounded time,
//! a subject that SNS accepts, a body within its limit, JSON that is valid, one line of log.
//!
//! The events are those of a folder, with changes that keep them events: fields are removed, moved, copied from other
//! events, or get values that have broken parsers. An input is reproduced by the seed and its number.

#[path = "tool/command.rs"]
mod command;

use chrono::{DateTime, Utc};
use iam_security_alert::app::{Channels, Decision, Expecting, Handler};
use iam_security_alert::channel::email::{MAX_BODY, MAX_SUBJECT};
use iam_security_alert::channel::sns::Publisher;
use iam_security_alert::config::Settings;
use iam_security_alert::event::Delivery;
use iam_security_alert::history::MailStatus;
use iam_security_alert::lookup::snapshot::Snapshot;
use iam_security_alert::telemetry::InvocationLog;
use lexopt::prelude::*;
use serde_json::{Map, Value, json};
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const HELP: &str = "\
Feeds changed events to the function, and checks what must hold for every event.

Usage: cargo run --release --example fuzz -- [--events N] [--seed N] [--only N] [--threads N] [--folder FOLDER]

  --events N       how many events (default 100000)
  --from N         begins with the event of this number (default 0)
  --seed N         another seed gives other events (default 14)
  --only N         shows the event of this number, and its alert
  --threads N      default 2
  --folder FOLDER  the events that are changed, and account.json (default events)
  --help           this
";

/// The longest time for one event. A machine that is busy needs most of it.
const LONGEST: Duration = Duration::from_secs(2);
/// The most memory of the process, in pages of four kilobytes.
const PAGES: u64 = 100_000;

/// What has so many bytes is not repeated.
const LARGE: usize = 100_000;
/// The most memory for two events at a time, in kB: more would end an instance of 256 MB.
const PEAK: u64 = 250_000;

struct Options {
    from: u64,
    events: u64,
    seed: u64,
    only: Option<u64>,
    threads: u64,
    folder: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    command::run(&command::Called::as_example("fuzz"), HELP, options(), async |options: &Options| fuzz(options)).await
}

fn options() -> Result<Option<Options>, lexopt::Error> {
    let mut options =
        Options { from: 0, events: 100_000, seed: 14, only: None, threads: 2, folder: "events".to_owned() };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("from") => options.from = arguments.value()?.parse()?,
            Long("events") => options.events = arguments.value()?.parse()?,
            Long("seed") => options.seed = arguments.value()?.parse()?,
            Long("only") => options.only = Some(arguments.value()?.parse()?),
            Long("threads") => options.threads = arguments.value()?.parse()?,
            Long("folder") => options.folder = arguments.value()?.string()?,
            Short('h') | Long("help") => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(options))
}

fn fuzz(options: &Options) -> Result<bool, Box<dyn Error>> {
    let account = std::fs::read_to_string(format!("{}/account.json", options.folder))?;
    let mut events = Vec::new();
    for file in std::fs::read_dir(&options.folder)? {
        let path = file?.path();
        if path.file_name().is_some_and(|name| name != "account.json") {
            events.push(serde_json::from_str::<Value>(&std::fs::read_to_string(path)?)?);
        }
    }
    events.sort_by_key(Value::to_string);
    if let Some(number) = options.only {
        let event = Fuzzer::new(options.seed, number, &events).event();
        println!("{}", serde_json::to_string_pretty(&event)?);
        // A thread of its own, as below: a runtime cannot wait within another one.
        let check = || Subject::new(&account).map_err(|error| error.to_string())?.check(event);
        let alert = std::thread::scope(|scope| scope.spawn(check).join()).map_err(|_| "a panic")??;
        println!("{}", alert.unwrap_or_else(|| "no alert".to_owned()));
        return Ok(true);
    }
    // The message of a panic is in the failure.
    std::panic::set_hook(Box::new(|_| {}));
    let (next, alerts, refused) = (AtomicU64::new(options.from), AtomicU64::new(0), AtomicU64::new(0));
    let begun = Instant::now();
    let failures: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..options.threads)
            .map(|_| {
                scope.spawn(|| -> Result<(), String> {
                    let subject = Subject::new(&account).map_err(|error| error.to_string())?;
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= options.events {
                            return Ok(());
                        }
                        let event = Fuzzer::new(options.seed, number, &events).event();
                        let since = spent(begun);
                        let checked = catch_unwind(AssertUnwindSafe(|| subject.check(event)));
                        let fails = |why: &str| Err(format!("--seed {} --only {number}: {why}", options.seed));
                        match checked {
                            Ok(Ok(Some(_))) => _ = alerts.fetch_add(1, Ordering::Relaxed),
                            Ok(Ok(None)) => _ = refused.fetch_add(1, Ordering::Relaxed),
                            Ok(Err(why)) => return fails(&why),
                            Err(panic) => {
                                let text = panic.downcast_ref::<String>().map(String::as_str);
                                let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
                                return fails(&format!("panic: {}", text.unwrap_or("without a message")));
                            }
                        }
                        let took = spent(begun).saturating_sub(since);
                        if took > LONGEST {
                            return fails(&format!("it took {took:?}"));
                        }
                        // This event needed so much, or one of another thread at the same moment.
                        if peak() > PEAK {
                            return fails(&format!("the process had {} kB of memory", peak()));
                        }
                        if number % 100_000 == 99_999 {
                            println!("{} events after {} s, {} pages", number + 1, begun.elapsed().as_secs(), pages());
                        }
                    }
                })
            })
            .collect();
        threads
            .into_iter()
            .filter_map(|thread| thread.join().unwrap_or_else(|_| Err("a thread ended".into())).err())
            .collect()
    });
    let (alerts, refused) = (alerts.into_inner(), refused.into_inner());
    println!("{alerts} alerts, {refused} without one, {} s, {} pages", begun.elapsed().as_secs(), pages());
    for failure in &failures {
        println!("{failure}");
    }
    if pages() > PAGES {
        println!("the process has more than {PAGES} pages of memory");
    }
    Ok(failures.is_empty() && pages() <= PAGES)
}

/// The processor time of this thread, since a busy machine makes no event slow; where that cannot be read, the time since
/// the beginning.
fn spent(begun: Instant) -> Duration {
    let scheduled = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = scheduled.split(' ').next().and_then(|spent| spent.parse().ok());
    nanoseconds.map_or_else(|| begun.elapsed(), Duration::from_nanos)
}

/// The most memory that this process ever had, in kB; 0 if that cannot be read.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// The resident memory of this process; 0 if it cannot be read.
fn pages() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0)
}

/// The function.
struct Subject {
    handler: Handler<Snapshot>,
    runtime: tokio::runtime::Runtime,
}

impl Subject {
    fn new(account: &str) -> Result<Self, Box<dyn Error>> {
        let settings = Settings::read(|name| match name {
            "AWS_SAM_LOCAL" => Some("true".to_owned()),
            "WATCHED_EVENT_NAMES" => Some("*".to_owned()),
            _ => None,
        })?;
        let handler = Handler {
            directory: Snapshot::from_json(account)?,
            publisher: Publisher::Print,
            channels: Channels::default(),
            expecting: Expecting::new(&settings, None),
            settings,
            history: None,
            watchdog: None,
            clock: || DateTime::<Utc>::from_timestamp(1_795_327_211, 0).unwrap_or_default(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        Ok(Self { handler, runtime })
    }

    /// Handles an event. Returns the mail; `None` if there is no alert.
    ///
    /// # Errors
    /// What does not hold.
    fn check(&self, event: Value) -> Result<Option<String>, String> {
        let mut log = InvocationLog::default();
        let Ok(delivery) = Delivery::from_eventbridge(event) else { return Ok(None) };
        let drafted = self.runtime.block_on(self.handler.draft(&delivery, Duration::from_secs(30), &mut log));
        let line = log.line("alerter", (self.handler.clock)()).to_string();
        let holds = |holds: bool, what: &str| if holds { Ok(()) } else { Err(what.to_owned()) };
        holds(line.lines().count() == 1 && line.len() < 100_000, "the line of log is not one line")?;
        let Ok(Decision::Alert(draft)) = drafted else { return Ok(None) };
        let subject = draft.email.subject.clone();
        let printable = |byte: u8| (b' '..=b'~').contains(&byte);
        holds(subject.starts_with('[') && subject.bytes().all(printable), "SNS would not take the subject")?;
        holds(subject.len() <= MAX_SUBJECT && draft.email.body.len() <= MAX_BODY, "SNS would not take the length")?;
        let visible = |c: char| c == '\n' || !c.is_control();
        holds(draft.email.body.chars().all(visible), "the mail has control characters")?;
        holds(draft.email.repeated().body.len() <= MAX_BODY + 200, "the repeated mail is too long")?;
        let mail = format!("Subject: {subject}\n\n{}", draft.email.body);
        let text =
            serde_json::to_string(&draft.into_json(MailStatus::Published, None)).map_err(|error| error.to_string())?;
        serde_json::from_str::<Value>(&text).map_err(|error| error.to_string())?;
        Ok(Some(mail))
    }
}

/// Makes one event.
struct Fuzzer<'a> {
    random: fastrand::Rng,
    events: &'a [Value],
}

impl<'a> Fuzzer<'a> {
    fn new(seed: u64, number: u64, events: &'a [Value]) -> Self {
        Self { random: fastrand::Rng::with_seed(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ number), events }
    }

    fn event(&mut self) -> Value {
        let mut event = self.some_event().clone();
        for _ in 0..self.random.usize(1..6) {
            self.change(&mut event);
        }
        // EventBridge delivers no larger event ("Amazon EventBridge quotas").
        if event.to_string().len() > 1_000_000 { self.some_event().clone() } else { event }
    }

    fn some_event(&mut self) -> &'a Value {
        &self.events[self.random.usize(..self.events.len())]
    }

    /// Changes one place somewhere in the value.
    fn change(&mut self, value: &mut Value) {
        let deeper = self.random.u8(..8) > 0;
        match value {
            Value::Object(fields) if deeper && !fields.is_empty() => self.change_fields(fields),
            Value::Array(items) if deeper && !items.is_empty() => {
                let index = self.random.usize(..items.len());
                match self.random.u8(..6) {
                    0 => _ = items.remove(index),
                    1 => items.insert(index, items[index].clone()),
                    // No larger than an event can be, several times over: the rest would only be thrown away.
                    2 if items[index].to_string().len() < LARGE => *items = vec![items[index].clone(); 40],
                    _ => self.change(&mut items[index]),
                }
            }
            Value::String(text) if self.random.bool() => self.change_text(text),
            _ => *value = self.some_value(),
        }
    }

    fn change_fields(&mut self, fields: &mut Map<String, Value>) {
        let names: Vec<_> = fields.keys().cloned().collect();
        let name = &names[self.random.usize(..names.len())];
        match self.random.u8(..10) {
            0 => _ = fields.remove(name),
            // The same field of another event, somewhere in it.
            1 | 2 => {
                let other = find(self.some_event(), name).cloned();
                fields.extend(other.map(|other| (name.clone(), other)));
            }
            3 => {
                let value = fields.remove(name).unwrap_or_default();
                fields.insert(self.some_name(), value);
            }
            4 => _ = fields.insert(self.some_name(), json!({"a": [1, null, "b"]})),
            _ => {
                if let Some(value) = fields.get_mut(name) {
                    self.change(value);
                }
            }
        }
    }

    fn change_text(&mut self, text: &mut String) {
        // Often the text is JSON: a policy.
        if let Ok(mut inner @ Value::Object(_)) = serde_json::from_str::<Value>(text) {
            self.change(&mut inner);
            *text = inner.to_string();
            return;
        }
        let place = text.floor_char_boundary(self.random.usize(..=text.len()));
        match self.random.u8(..4) {
            0 => text.truncate(place),
            1 => text.insert_str(place, self.some_text()),
            2 if text.len() < LARGE => *text = text.repeat(self.random.usize(2..40)),
            _ => self.some_text().clone_into(text),
        }
    }

    fn some_name(&mut self) -> String {
        const NAMES: [&str; 12] = [
            "userName",
            "roleName",
            "policyDocument",
            "policyArn",
            "arn",
            "userIdentity",
            "sessionContext",
            "errorCode",
            "responseElements",
            "requestParameters",
            "Statement",
            "",
        ];
        NAMES[self.random.usize(..NAMES.len())].to_owned()
    }

    fn some_text(&mut self) -> &'static str {
        const TEXTS: [&str; 24] = [
            "",
            " ",
            "\0",
            "\n\nWHY LOW\n",
            "\u{202e}evil",
            "\u{1F600}",
            "é",
            "*",
            "arn:aws:iam::aws:policy/AdministratorAccess",
            "arn:aws:iam::123456789012:root",
            "arn:::::",
            "AccessDenied",
            "-1",
            "99999999999999999999",
            "1e400",
            "null",
            "true",
            "2026-11-22T05:59:57Z",
            "9999-12-31T23:59:59Z",
            "0000-00-00T00:00:00Z",
            "$(id)",
            "'; rm -rf /",
            "<script>",
            "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}]}",
        ];
        TEXTS[self.random.usize(..TEXTS.len())]
    }

    fn some_value(&mut self) -> Value {
        match self.random.u8(..9) {
            0 => Value::Null,
            1 => json!(self.random.bool()),
            2 => json!(self.random.i64(..)),
            3 => json!(self.random.f64() * 1e300),
            4 => json!([]),
            5 => json!({}),
            6 => json!(self.some_text().repeat(self.random.usize(1..3_000))),
            7 => (0..60).fold(json!("deep"), |inner, _| json!([{"a": inner}])),
            _ => json!(self.some_text()),
        }
    }
}

/// A field of this name, somewhere in the value.
fn find<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Object(fields) => fields.get(name).or_else(|| fields.values().find_map(|field| find(field, name))),
        Value::Array(items) => items.iter().find_map(|item| find(item, name)),
        _ => None,
    }
}
