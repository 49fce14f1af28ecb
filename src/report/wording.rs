//! What happened, as people say it: the words of the catalogue with the names of the event.

use crate::cloudtrail::catalogue::{Change, Noun, Thing};
use crate::cloudtrail::{Activity, Failure, Outcome};
use crate::phrase;
use crate::text::Phrase;

/// How a noun is said.
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

/// "a" or "an", by the sound that the word begins with.
fn article(word: &str) -> &'static str {
    // Letters that are spelled out: "an SSH key", but "a SAML provider".
    let spelled = ["SSH ", "MFA ", "SNS ", "SQS "].iter().any(|letters| word.starts_with(letters));
    if spelled || word.starts_with(['a', 'e', 'i', 'o', 'u', 'A', 'E', 'I', 'O', 'U']) { "an " } else { "a " }
}

fn noun(noun: Noun, activity: &Activity, form: Form) -> Phrase {
    let target = &activity.target;
    let named = |words: &'static str, name: Option<Phrase>| match (form, name) {
        (Form::Named, Some(name)) if words.is_empty() => name,
        (Form::Definite, Some(name)) if words.is_empty() => name,
        (Form::Named, Some(name)) => phrase!(words, " ", name),
        (Form::Definite, Some(name)) => phrase!("the ", words, " ", name),
        (Form::Bare, _) => words.into(),
        (Form::Definite, None) if !words.is_empty() => phrase!(article(words), words, " (name not in the event)"),
        // What has no words of its own is a new name.
        _ if words.is_empty() => "another name".into(),
        _ => phrase!(article(words), words),
    };
    match noun {
        Noun::Target => match target.thing {
            Thing::RootUser if form == Form::Bare => "root user".into(),
            Thing::RootUser => "the root user".into(),
            Thing::Account => "the account".into(),
            thing => named(thing.words(), target.name.as_ref().map(Phrase::from)),
        },
        Noun::Object(words) => named(words, activity.object.name.as_ref().map(Phrase::from)),
        Noun::An(words) => match form {
            Form::Named | Form::Bare => words.into(),
            Form::Definite | Form::Indefinite => phrase!(article(words), words),
        },
        Noun::The(words) => match form {
            Form::Named | Form::Bare => words.into(),
            Form::Definite | Form::Indefinite => phrase!("the ", words),
        },
    }
}

/// "the policy P to the IAM user U", each noun in its form.
fn object(activity: &Activity, first: Form, second: Form) -> Phrase {
    let action = activity.action;
    let what = noun(action.what, activity, first);
    match action.tail {
        Some((preposition, tail)) => phrase!(what, " ", preposition, " ", noun(tail, activity, second)),
        None => what,
    }
}

/// "policy P attached to IAM user U"; what a noun has of its own stays with it: "trust policy of role R changed".
fn passive(activity: &Activity, first: Form, second: Form) -> Phrase {
    let action = activity.action;
    match action.tail {
        None | Some(("of", _)) => phrase!(object(activity, first, second), " ", action.done),
        Some((preposition, tail)) => phrase!(
            noun(action.what, activity, first),
            " ",
            action.done,
            " ",
            preposition,
            " ",
            noun(tail, activity, second)
        ),
    }
}

/// What happened, in a few words and without names: "Policy attached to an IAM user".
pub(super) fn headline(activity: &Activity) -> Phrase {
    let attempt = object(activity, Form::Indefinite, Form::Indefinite);
    match &activity.outcome {
        _ if activity.action.change == Change::SignsIn => match activity.outcome {
            Outcome::Succeeded => "Root user signed in to the console".into(),
            Outcome::Failed { .. } => "Failed attempt to sign in as the root user".into(),
        },
        Outcome::Succeeded if activity.action.change == Change::Unfamiliar => {
            phrase!(passive(activity, Form::Named, Form::Indefinite).capitalized())
        }
        Outcome::Succeeded => passive(activity, Form::Bare, Form::Indefinite).capitalized(),
        Outcome::Failed { failure: Failure::Denied, .. } => {
            phrase!("Denied attempt to ", activity.action.to_do, " ", attempt)
        }
        Outcome::Failed { .. } => phrase!("Failed attempt to ", activity.action.to_do, " ", attempt),
    }
}

/// The same with names, for a list of alerts: who did it, and in which account.
pub(super) fn subject(activity: &Activity, who: &Phrase, place: &Phrase) -> Phrase {
    let action = activity.action;
    match &activity.outcome {
        _ if action.change == Change::SignsIn => {
            let from = activity.origin.address.as_ref().map_or(Phrase::default(), |from| phrase!(" from ", from));
            let did =
                if activity.outcome.succeeded() { "Root user signed in" } else { "Failed: sign in as the root user" };
            phrase!(did, from, place)
        }
        Outcome::Succeeded => {
            phrase!(passive(activity, Form::Named, Form::Named).capitalized(), " by ", who, place)
        }
        Outcome::Failed { failure, .. } => {
            let verb = if *failure == Failure::Denied { "Denied" } else { "Failed" };
            phrase!(verb, ": ", action.to_do, " ", object(activity, Form::Named, Form::Named), " by ", who, place)
        }
    }
}

/// The same as the beginning of a sentence; `account` is where it happened.
pub(super) fn sentence(activity: &Activity, account: &Phrase) -> Phrase {
    let action = activity.action;
    let who = activity.principal.short_name().capitalized();
    let object = || object(activity, Form::Definite, Form::Definite);
    match &activity.outcome {
        Outcome::Succeeded if action.change == Change::SignsIn => {
            phrase!("The root user signed in to the console of ", account)
        }
        Outcome::Failed { .. } if action.change == Change::SignsIn => {
            phrase!("Somebody tried to sign in to the console of ", account, " as the root user, and failed,")
        }
        Outcome::Succeeded => phrase!(who, " ", action.done, " ", object(), " in ", account),
        Outcome::Failed { failure, .. } => {
            phrase!(who, " tried to ", action.to_do, " ", object(), " in ", account, ", and ", failure.words(), ",")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn articles_go_by_sound() {
        for (word, expected) in [
            ("IAM user", "an "),
            ("SSH public key", "an "),
            ("SAML provider", "a "),
            ("MFA device", "an "),
            ("policy", "a "),
            ("unfamiliar IAM change", "an "),
        ] {
            assert_eq!(article(word), expected, "{word}");
        }
    }
}
