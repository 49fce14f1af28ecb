//! Sentences about what happened: the words of the catalogue with the names of the event.

use crate::catalog::words::{Order, Reference, article};
use crate::catalog::{AccessEffect, TargetKind};
use crate::event::{Activity, FailureKind, Outcome};
use crate::phrase;
use crate::text::{Phrase, Untrusted};

/// The form of a noun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// "policy P"
    Named,
    /// "the policy P"
    Definite,
    /// "a policy"
    Indefinite,
    /// "policy"
    Bare,
}

/// A noun with a name, in its form.
fn named(noun: &'static str, name: Option<&Untrusted>, form: Form) -> Phrase {
    match (form, name) {
        (Form::Named, Some(name)) => phrase!(noun, " ", name),
        (Form::Definite, Some(name)) => phrase!("the ", noun, " ", name),
        (Form::Definite, None) => phrase!(article(noun), noun, " (name not in the event)"),
        (Form::Named | Form::Indefinite, _) => phrase!(article(noun), noun),
        (Form::Bare, _) => noun.into(),
    }
}

fn target(activity: &Activity, form: Form) -> Phrase {
    let target = &activity.target;
    match target.kind {
        TargetKind::RootUser if form == Form::Bare => target.kind.noun().into(),
        TargetKind::RootUser | TargetKind::Account => phrase!("the ", target.kind.noun()),
        // The name of a trail is often a common word, such as "management".
        TargetKind::Trail => match (form, &target.name) {
            (Form::Named | Form::Definite, Some(name)) => phrase!("trail \"", name, "\""),
            _ => named(target.kind.noun(), None, form),
        },
        kind => named(kind.noun(), target.name.as_ref(), form),
    }
}

fn object(activity: &Activity, form: Form) -> Phrase {
    let (kind, name) = (activity.action.object, activity.object.name.as_ref());
    match (kind.reference(activity.action.operation), form) {
        // A new name is written without a noun before it.
        (Reference::ByName, _) if kind == crate::catalog::ObjectKind::NewName => {
            name.filter(|_| matches!(form, Form::Named | Form::Definite)).map_or("another name".into(), Phrase::from)
        }
        (Reference::ByName, _) => named(kind.noun(), name, form),
        (Reference::Uncountable, _) | (Reference::Indefinite | Reference::Definite, Form::Named | Form::Bare) => {
            kind.noun().into()
        }
        (Reference::Indefinite, Form::Definite | Form::Indefinite) => phrase!(article(kind.noun()), kind.noun()),
        (Reference::Definite, Form::Definite | Form::Indefinite) => phrase!("the ", kind.noun()),
    }
}

/// "the policy P to the IAM user U", each noun in its form.
fn both(activity: &Activity, first: Form, second: Form) -> Phrase {
    match activity.action.order() {
        Order::TargetOnly => target(activity, first),
        Order::ObjectOnly => object(activity, first),
        Order::ObjectThenTarget(preposition) => {
            phrase!(object(activity, first), " ", preposition, " ", target(activity, second))
        }
        Order::TargetThenObject(preposition) => {
            phrase!(target(activity, first), " ", preposition, " ", object(activity, second))
        }
    }
}

/// "an access key for IAM user U", "policy P to IAM user U": a noun without a name keeps its article.
fn attempt(activity: &Activity) -> Phrase {
    let by_name = activity.action.object.reference(activity.action.operation) == Reference::ByName;
    let of_object = if by_name { Form::Named } else { Form::Definite };
    match activity.action.order() {
        Order::TargetOnly | Order::TargetThenObject(_) => both(activity, Form::Named, of_object),
        Order::ObjectOnly | Order::ObjectThenTarget(_) => both(activity, of_object, Form::Named),
    }
}

/// "policy P attached to IAM user U". An object that belongs to a target stays next to it: "trust policy of role R
/// changed".
fn passive(activity: &Activity, first: Form, second: Form) -> Phrase {
    let done = activity.action.operation.past();
    match activity.action.order() {
        Order::TargetOnly | Order::ObjectOnly | Order::ObjectThenTarget("of") => {
            phrase!(both(activity, first, second), " ", done)
        }
        Order::ObjectThenTarget(preposition) => {
            phrase!(object(activity, first), " ", done, " ", preposition, " ", target(activity, second))
        }
        Order::TargetThenObject(preposition) => {
            phrase!(target(activity, first), " ", done, " ", preposition, " ", object(activity, second))
        }
    }
}

/// What happened, in a few words without names: "Policy attached to an IAM user".
pub(super) fn headline(activity: &Activity) -> Phrase {
    let attempt = || both(activity, Form::Indefinite, Form::Indefinite);
    let action = activity.action;
    match &activity.outcome {
        Outcome::Succeeded if action.effect == AccessEffect::SignsIn => "Root user signed in to the console".into(),
        Outcome::Failed { .. } if action.effect == AccessEffect::SignsIn => "Failed sign-in as the root user".into(),
        Outcome::Succeeded if action.effect == AccessEffect::Unfamiliar => {
            passive(activity, Form::Named, Form::Indefinite).capitalized()
        }
        Outcome::Succeeded => passive(activity, Form::Bare, Form::Indefinite).capitalized(),
        Outcome::Failed { failure: FailureKind::Denied, .. } => {
            phrase!("Denied attempt to ", action.operation.infinitive(), " ", attempt())
        }
        Outcome::Failed { .. } => phrase!("Failed attempt to ", action.operation.infinitive(), " ", attempt()),
    }
}

/// What happened, with names, for a list of alerts: who did what, and in which account.
pub(super) fn subject(activity: &Activity, who: &Phrase, place: &Phrase) -> Phrase {
    let action = activity.action;
    let from = || activity.origin.address.as_ref().map_or(Phrase::default(), |from| phrase!(" from ", from));
    match &activity.outcome {
        Outcome::Succeeded if action.effect == AccessEffect::SignsIn => {
            phrase!("Root user signed in", from(), place)
        }
        Outcome::Failed { .. } if action.effect == AccessEffect::SignsIn => {
            phrase!("Failed: sign-in as the root user", from(), place)
        }
        Outcome::Succeeded => {
            phrase!(passive(activity, Form::Named, Form::Named).capitalized(), " by ", who, place)
        }
        Outcome::Failed { failure, .. } => {
            let verdict = if *failure == FailureKind::Denied { "Denied" } else { "Failed" };
            let tried = attempt(activity);
            phrase!(verdict, ": ", who, " tried to ", action.operation.infinitive(), " ", tried, place)
        }
    }
}

/// What happened, as a sentence without its end; `account` is where it happened.
pub(super) fn sentence(activity: &Activity, account: &Phrase) -> Phrase {
    let action = activity.action;
    let who = activity.principal.short_name().capitalized();
    let what = both(activity, Form::Definite, Form::Definite);
    match &activity.outcome {
        Outcome::Succeeded if action.effect == AccessEffect::SignsIn => {
            phrase!("The root user signed in to the console of ", account)
        }
        Outcome::Failed { .. } if action.effect == AccessEffect::SignsIn => {
            phrase!("Somebody tried to sign in to the console of ", account, " as the root user")
        }
        Outcome::Succeeded => phrase!(who, " ", action.operation.past(), " ", what, " in ", account),
        Outcome::Failed { .. } => {
            phrase!(who, " tried to ", action.operation.infinitive(), " ", what, " in ", account)
        }
    }
}

/// The result of an attempt, as a sentence; `None` if the call succeeded.
pub(super) fn result(activity: &Activity) -> Option<Phrase> {
    match &activity.outcome {
        Outcome::Succeeded => None,
        Outcome::Failed { .. } if activity.action.effect == AccessEffect::SignsIn => Some("The sign-in failed.".into()),
        Outcome::Failed { failure, .. } => Some(phrase!("The call ", failure.words(), ".")),
    }
}
