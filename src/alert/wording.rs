//! Sentences about what happened: the words of the catalogue with the names of the event.

use crate::catalog::words::{Order, Reference, article};
use crate::catalog::{AccessEffect, ObjectKind, TargetKind};
use crate::event::{Activity, FailureKind, Outcome, Principal};
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
        TargetKind::RootUser | TargetKind::IdentityCenter if form == Form::Bare => target.kind.noun().into(),
        TargetKind::RootUser | TargetKind::Account | TargetKind::Organization | TargetKind::OrganizationRoot => {
            phrase!("the ", target.kind.noun())
        }
        TargetKind::IdentityCenter => phrase!(article(target.kind.noun()), target.kind.noun()),
        // The name of a trail is often a common word, such as "management".
        TargetKind::Trail => match (form, &target.name) {
            (Form::Named | Form::Definite, Some(name)) => phrase!("trail \"", name, "\""),
            _ => named(target.kind.noun(), None, form),
        },
        kind => named(kind.noun(), target.name.as_ref(), form),
    }
}

/// An activity, and the name under which its object is shown.
#[derive(Clone, Copy)]
struct Wording<'a> {
    activity: &'a Activity,
    object: Option<&'a Untrusted>,
}

impl<'a> Wording<'a> {
    fn whole(activity: &'a Activity) -> Self {
        Self { activity, object: activity.object.name.as_ref() }
    }

    fn object(self, form: Form) -> Phrase {
        let (kind, name) = (self.activity.action.object, self.object);
        match (kind.reference(self.activity.action.operation), form) {
            // A new name is written without a noun before it.
            (Reference::ByName, _) if kind == ObjectKind::NewName => name
                .filter(|_| matches!(form, Form::Named | Form::Definite))
                .map_or("another name".into(), Phrase::from),
            // An action is called by its name.
            (Reference::ByName, _) if kind == ObjectKind::StackAction => {
                name.map_or_else(|| kind.noun().into(), Phrase::from)
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
    fn both(self, first: Form, second: Form) -> Phrase {
        let activity = self.activity;
        match activity.action.order() {
            Order::TargetOnly => target(activity, first),
            Order::ObjectOnly => self.object(first),
            Order::ObjectThenTarget(preposition) => {
                phrase!(self.object(first), " ", preposition, " ", target(activity, second))
            }
            Order::TargetThenObject(preposition) => {
                phrase!(target(activity, first), " ", preposition, " ", self.object(second))
            }
        }
    }

    /// "an access key for IAM user U", "policy P to IAM user U": a noun without a name keeps its article.
    fn attempt(self) -> Phrase {
        let action = self.activity.action;
        let by_name = action.object.reference(action.operation) == Reference::ByName;
        let of_object = if by_name { Form::Named } else { Form::Definite };
        match action.order() {
            Order::TargetOnly | Order::TargetThenObject(_) => self.both(Form::Named, of_object),
            Order::ObjectOnly | Order::ObjectThenTarget(_) => self.both(of_object, Form::Named),
        }
    }

    /// "policy P attached to IAM user U". An object that belongs to a target stays next to it: "trust policy of role R
    /// changed".
    fn passive(self, first: Form, second: Form) -> Phrase {
        let activity = self.activity;
        let done = activity.action.operation.past();
        match activity.action.order() {
            Order::TargetOnly | Order::ObjectOnly | Order::ObjectThenTarget("of") => {
                phrase!(self.both(first, second), " ", done)
            }
            Order::ObjectThenTarget(preposition) => {
                phrase!(self.object(first), " ", done, " ", preposition, " ", target(activity, second))
            }
            Order::TargetThenObject(preposition) => {
                phrase!(target(activity, first), " ", done, " ", preposition, " ", self.object(second))
            }
        }
    }

    fn subject(self, who: &Phrase, place: &Phrase) -> Phrase {
        let action = self.activity.action;
        let from = || self.activity.origin.address.as_ref().map_or(Phrase::default(), |from| phrase!(" from ", from));
        match &self.activity.outcome {
            Outcome::Succeeded if action.effect == AccessEffect::SignsIn => {
                phrase!(signer(self.activity, Form::Named).capitalized(), " signed in", from(), place)
            }
            Outcome::Failed { .. } if action.effect == AccessEffect::SignsIn => {
                phrase!("Failed: sign-in as ", signer(self.activity, Form::Definite), from(), place)
            }
            Outcome::Succeeded if action.effect == AccessEffect::ChangesRootSignIn => {
                phrase!(self.passive(Form::Bare, Form::Bare).capitalized(), from(), place)
            }
            Outcome::Failed { .. } if action.effect == AccessEffect::ChangesRootSignIn => {
                let tried = self.both(Form::Definite, Form::Definite);
                phrase!("Failed attempt to ", action.operation.infinitive(), " ", tried, from(), place)
            }
            Outcome::Succeeded if action.effect == AccessEffect::SwitchesRole => {
                phrase!(who, " switched to ", target(self.activity, Form::Named), place)
            }
            // The target's noun would leave no room for the names.
            Outcome::Succeeded if action.effect == AccessEffect::AssignsAccess => {
                let name = self.activity.target.name.as_ref();
                let whom = name.map_or_else(|| target(self.activity, Form::Indefinite), Phrase::from);
                phrase!(self.object(Form::Named).capitalized(), " for ", whom, place, " by ", who)
            }
            Outcome::Succeeded => {
                phrase!(self.passive(Form::Named, Form::Named).capitalized(), " by ", who, place)
            }
            Outcome::Failed { failure, .. } => {
                let verdict = if *failure == FailureKind::Denied { "Denied" } else { "Failed" };
                let tried = self.attempt();
                phrase!(verdict, ": ", who, " tried to ", action.operation.infinitive(), " ", tried, place)
            }
        }
    }
}

/// Who signs in, or tries to: the root user, or an IAM user.
fn signer(activity: &Activity, form: Form) -> Phrase {
    if !matches!(activity.principal, Principal::Root(_)) {
        return target(activity, form);
    }
    let noun = TargetKind::RootUser.noun();
    if matches!(form, Form::Named | Form::Bare) { noun.into() } else { phrase!("the ", noun) }
}

/// "policy P attached to IAM user U"
pub(super) fn passive_named(activity: &Activity) -> Phrase {
    Wording::whole(activity).passive(Form::Named, Form::Named)
}

/// What happened, in a few words without names: "Policy attached to an IAM user".
pub(super) fn headline(activity: &Activity) -> Phrase {
    let words = Wording::whole(activity);
    let attempt = || words.both(Form::Indefinite, Form::Indefinite);
    let action = activity.action;
    match &activity.outcome {
        Outcome::Succeeded if action.effect == AccessEffect::SignsIn => {
            phrase!(signer(activity, Form::Bare).capitalized(), " signed in to the console")
        }
        Outcome::Failed { .. } if action.effect == AccessEffect::SignsIn => {
            phrase!("Failed sign-in as ", signer(activity, Form::Indefinite))
        }
        Outcome::Succeeded if action.effect == AccessEffect::SwitchesRole => {
            phrase!("Somebody switched to ", target(activity, Form::Indefinite))
        }
        Outcome::Succeeded if action.effect == AccessEffect::ByRoot => {
            let name = activity.object.name.as_ref().map_or("an action".into(), Phrase::from);
            phrase!(TargetKind::RootUser.noun(), " called ", name).capitalized()
        }
        Outcome::Succeeded if action.effect == AccessEffect::Unfamiliar => {
            words.passive(Form::Named, Form::Indefinite).capitalized()
        }
        Outcome::Succeeded => words.passive(Form::Bare, Form::Indefinite).capitalized(),
        Outcome::Failed { failure: FailureKind::Denied, .. } => {
            phrase!("Denied attempt to ", action.operation.infinitive(), " ", attempt())
        }
        Outcome::Failed { .. } => phrase!("Failed attempt to ", action.operation.infinitive(), " ", attempt()),
    }
}

/// Who did it. Nobody has proven who they are before the sign-in.
fn actor(activity: &Activity) -> Phrase {
    match activity.action.effect {
        AccessEffect::ChangesRootSignIn => "somebody".into(),
        _ => activity.principal.short_name(),
    }
}

/// What happened, with names, for a list of alerts: who did what, and in which account. The best subject comes first,
/// then shorter ones: the name of the object yields first, then the account. The caller and the target stay.
pub(super) fn subjects(activity: &Activity, place: &Phrase) -> Vec<Phrase> {
    let who = activity.principal.brief_name();
    let whole = Wording::whole(activity);
    // Of an object without a target, the name is all that there is.
    let cut = |limit| {
        let name = activity.object.name.as_ref().filter(|_| activity.action.order() != Order::ObjectOnly);
        name.map(|name| Untrusted::new(name.ascii(limit)))
    };
    let (long, short, shortest) = (cut(24), cut(16), cut(12));
    let with = |name: &Option<Untrusted>, place: &Phrase| {
        let object = name.as_ref().or(whole.object);
        Wording { object, ..whole }.subject(&who, place)
    };
    let bare = if long.is_some() { None } else { whole.object };
    let nowhere = Phrase::default();
    vec![
        whole.subject(&who, place),
        with(&long, place),
        whole.subject(&who, &nowhere),
        with(&short, &nowhere),
        with(&shortest, &nowhere),
        Wording { object: bare, ..whole }.subject(&who, &nowhere),
    ]
}

/// AWS attached its quarantine. What that means is more important than who did it.
pub(super) fn quarantine_headline(activity: &Activity) -> Phrase {
    let not = if activity.outcome.succeeded() { "" } else { ", but could not quarantine it" };
    phrase!("AWS found an exposed credential of ", target(activity, Form::Indefinite), not)
}

pub(super) fn quarantine_subjects(activity: &Activity, place: &Phrase) -> Vec<Phrase> {
    let short = phrase!("AWS found an exposed credential of ", target(activity, Form::Named));
    let not = if activity.outcome.succeeded() { "" } else { "; quarantine failed" };
    vec![phrase!(&short, not, place), phrase!(&short, not)]
}

/// What happened, as a sentence without its end; `account` is where it happened, `about` the account that it is about.
pub(super) fn sentence(activity: &Activity, account: &Phrase, about: Option<&Phrase>) -> Phrase {
    let action = activity.action;
    let who = actor(activity).capitalized();
    let what = Wording::whole(activity).both(Form::Definite, Form::Definite);
    let what = match about {
        Some(about) => phrase!(what, " for the account ", about, ","),
        // Two accounts in one sentence.
        None if activity.target.kind == TargetKind::MemberAccount => phrase!(what, ","),
        None => what,
    };
    match &activity.outcome {
        Outcome::Succeeded if action.effect == AccessEffect::SignsIn => {
            phrase!(signer(activity, Form::Definite).capitalized(), " signed in to the console of ", account)
        }
        Outcome::Failed { .. } if action.effect == AccessEffect::SignsIn => {
            phrase!("Somebody tried to sign in to the console of ", account, " as ", signer(activity, Form::Definite))
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
