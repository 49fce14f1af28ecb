//! The expectations that count now: those of the settings, and those of the parameters, which are read at the start and
//! every five minutes.
//!
//! A parameter in which something is wrong does not count: of it, the last version does that could be read. What is not
//! known silences nothing.

use crate::config::expectations::{Expectation, read};
use crate::config::{Expectations, Settings};
use crate::lookup::parameters::{Parameter, Parameters};
use crate::telemetry::InvocationLog;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

/// How long the rows that were read count before they are read again.
const FRESH: Duration = Duration::from_mins(5);
/// After a failed read, how long until the next one.
const AGAIN: Duration = Duration::from_secs(30);
/// The longest time that an event waits for them.
const PATIENCE: Duration = Duration::from_secs(2);

/// The expectations of an instance of the function.
#[derive(Debug, Default)]
pub struct Expecting {
    /// Those of the settings.
    settings: Vec<Expectation>,
    /// The names of accounts, by id.
    names: BTreeMap<String, String>,
    parameters: Option<Parameters>,
    /// All rows that count now.
    rows: RefCell<Rc<Expectations>>,
    /// The rows of each parameter, by its name, and its version.
    read: RefCell<BTreeMap<String, (i64, Vec<Expectation>)>>,
    /// When the parameters are read again; `None` for now.
    due: Cell<Option<Instant>>,
    reading: Mutex<()>,
    /// What was wrong when they were read last, until that is logged.
    wrong: RefCell<Vec<String>>,
    /// Whether a row names organizational units: then AWS Organizations is asked for them.
    units: Rc<Cell<bool>>,
}

impl Expecting {
    /// The expectations of the settings, and those of the parameters, if there are some.
    #[must_use]
    pub fn new(settings: &Settings, parameters: Option<Parameters>) -> Self {
        let rows = settings.expectations.0.clone();
        Self {
            names: settings.account_names.clone(),
            parameters,
            rows: RefCell::new(Rc::new(Expectations(rows.clone()))),
            settings: rows,
            units: Rc::new(Cell::new(settings.names_units())),
            ..Self::default()
        }
    }

    /// Whether organizational units of accounts have to be known. It changes when the parameters are read.
    #[must_use]
    pub fn needs_units(&self) -> Rc<Cell<bool>> {
        Rc::clone(&self.units)
    }

    /// The rows that count now. If they are to be read again, waits for them until a time. Logs what is wrong.
    pub async fn now(&self, until: Instant, log: &mut InvocationLog) -> Rc<Expectations> {
        let until = until.min(Instant::now() + PATIENCE);
        Box::pin(self.read_again(until, AGAIN)).await;
        log.expectations_failed(&self.wrong.take());
        Rc::clone(&self.rows.borrow())
    }

    /// Reads the parameters while the function waits for its first event. A failure does not matter: the event reads them
    /// again.
    pub async fn warm_up(&self, until: Instant) {
        Box::pin(self.read_again(until, Duration::ZERO)).await;
    }

    /// Reads the parameters, if that is due. `again`: how long until the next read if this one fails.
    async fn read_again(&self, until: Instant, again: Duration) {
        // Who comes while another reads them waits for that.
        let Ok(_alone) = timeout_at(until, self.reading.lock()).await else { return };
        let due = self.due.get().is_none_or(|due| due <= Instant::now());
        let Some(parameters) = self.parameters.as_ref().filter(|_| due) else { return };
        let (wrong, pause) = match Box::pin(parameters.all(until)).await {
            Ok(all) => (Box::pin(self.take(parameters, all, until)).await, FRESH),
            Err(why) => (vec![format!("the parameters could not be read: {}", why.words().plain())], again),
        };
        self.due.set(Some(Instant::now() + pause));
        self.wrong.replace(wrong);
    }

    /// Takes over what the parameters contain; returns what is wrong.
    async fn take(&self, parameters: &Parameters, all: Vec<Parameter>, until: Instant) -> Vec<String> {
        let (mut wrong, mut read_now) = (Vec::new(), BTreeMap::new());
        for parameter in all {
            let known =
                self.read.borrow().get(&parameter.name).filter(|(version, _)| *version == parameter.version).cloned();
            let rows = match known {
                Some((_, rows)) => rows,
                None => match read(&parameter.value, &parameter.name, &self.names) {
                    Ok(rows) => rows,
                    Err(problems) => {
                        let all: Vec<_> = problems.iter().map(ToString::to_string).collect();
                        let (rows, counts) = Box::pin(self.last_good(parameters, &parameter, until)).await;
                        wrong.push(format!(
                            "{}, version {}: {}. {counts}",
                            parameter.name,
                            parameter.version,
                            all.join("; ")
                        ));
                        // Not remembered under this version: the next read names the problems again.
                        read_now.insert(parameter.name, (-1, rows));
                        continue;
                    }
                },
            };
            read_now.insert(parameter.name, (parameter.version, rows));
        }
        let of_parameters = read_now.values().flat_map(|(_, rows)| rows.iter().cloned());
        let rows = Expectations(self.settings.iter().cloned().chain(of_parameters).collect());
        if rows.names_units() {
            self.units.set(true);
        }
        self.rows.replace(Rc::new(rows));
        self.read.replace(read_now);
        wrong
    }

    /// The rows of the last version of a parameter that could be read, and which that is.
    async fn last_good(&self, parameters: &Parameters, bad: &Parameter, until: Instant) -> (Vec<Expectation>, String) {
        let former = match Box::pin(parameters.former(bad, until)).await {
            Ok(former) => former,
            Err(why) => {
                let known = self.read.borrow().get(&bad.name).map(|(_, rows)| rows.clone());
                let counts = if known.is_some() { "What was read before counts" } else { "No row of it counts" };
                return (
                    known.unwrap_or_default(),
                    format!("{counts}: its former versions could not be read ({})", why.words().plain()),
                );
            }
        };
        let good =
            former.iter().find_map(|former| Some((former, read(&former.value, &former.name, &self.names).ok()?)));
        good.map_or_else(
            || (Vec::new(), "No former version is without a problem, so no row of it counts".to_owned()),
            |(former, rows)| (rows, format!("Version {} counts", former.version)),
        )
    }
}
