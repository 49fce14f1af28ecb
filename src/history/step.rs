//! What an event may be a step of, as far as the event alone tells. It is remembered with each line, so that a
//! [chain](crate::assessment::chains) is found by reading lines, in whichever order its events arrive.

use crate::cloudtrail::{Activity, Change, Failure, Outcome, Thing};
use crate::directory::trust::Trust;
use crate::directory::{Reach, decoded, power};

/// A step of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A user was created.
    UserCreated,
    /// A user got a credential, a policy or a group.
    UserEquipped,
    /// A version of a managed policy was written that does not count yet.
    VersionWritten,
    /// Another version of a managed policy counts from now on.
    DefaultSet,
    /// An MFA device was taken from a user.
    MfaTaken,
    /// A user got a password, its first or another.
    PasswordSet,
    /// A permissions boundary was removed.
    BoundaryRemoved,
    /// A user or role got a policy that gives something.
    PolicyGiven,
    /// A role may be assumed by principals outside of its account, or nobody knows by whom.
    TrustOpened,
    /// A call was denied.
    Denied,
    /// A call worked that does more than take away or tag.
    Worked,
}

impl Step {
    /// Every step, by the word that is remembered for it.
    const WORDS: [(Self, &'static str); 11] = [
        (Self::UserCreated, "user-created"),
        (Self::UserEquipped, "user-equipped"),
        (Self::VersionWritten, "version-written"),
        (Self::DefaultSet, "default-set"),
        (Self::MfaTaken, "mfa-taken"),
        (Self::PasswordSet, "password-set"),
        (Self::BoundaryRemoved, "boundary-removed"),
        (Self::PolicyGiven, "policy-given"),
        (Self::TrustOpened, "trust-opened"),
        (Self::Denied, "denied"),
        (Self::Worked, "worked"),
    ];

    /// The word that is remembered for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(step, _)| *step == self).map_or("", |(_, word)| word)
    }

    /// The step of a word; `None` where there is none.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(_, other)| *other == word).map(|(step, _)| *step)
    }

    /// All that an activity may be a step of.
    #[must_use]
    pub fn of(activity: &Activity) -> Vec<Self> {
        let (action, thing) = (activity.action, activity.target.thing);
        match &activity.outcome {
            Outcome::Succeeded => {}
            Outcome::Failed { failure: Failure::Denied, .. } => return vec![Self::Denied],
            Outcome::Failed { .. } => return Vec::new(),
        }
        let gives = matches!(action.change, Change::Attaches | Change::Embeds) && !only_denies(activity);
        let equips = gives || matches!(action.change, Change::Credential | Change::Joins);
        let of_person = matches!(thing, Thing::User | Thing::RootUser);
        let steps = [
            (action.change == Change::Creates && thing == Thing::User, Self::UserCreated),
            (equips && thing == Thing::User, Self::UserEquipped),
            (action.change == Change::Drafts, Self::VersionWritten),
            (action.event_name == "SetDefaultPolicyVersion", Self::DefaultSet),
            (action.change == Change::WeakensMfa && of_person, Self::MfaTaken),
            (
                matches!(action.event_name, "CreateLoginProfile" | "UpdateLoginProfile" | "ChangePassword"),
                Self::PasswordSet,
            ),
            (action.change == Change::Unbounds, Self::BoundaryRemoved),
            (gives && matches!(thing, Thing::User | Thing::Role), Self::PolicyGiven),
            (action.change == Change::Trusts && opens(activity), Self::TrustOpened),
            (!action.is_chore(), Self::Worked),
        ];
        steps.into_iter().filter_map(|(is, step)| is.then_some(step)).collect()
    }
}

/// Whether the policy that was given only takes away: somebody is being contained.
fn only_denies(activity: &Activity) -> bool {
    match &activity.policy_document {
        Some(document) => power::only_denies(&decoded(document)),
        None => activity.object.arn.as_ref().is_some_and(|arn| power::is_containment(arn.raw())),
    }
}

/// Whether a trust policy lets in more than the account itself and services of AWS. What cannot be read may.
fn opens(activity: &Activity) -> bool {
    let Some(document) = activity.trust_document.as_deref() else { return true };
    let trust = Trust::read(&decoded(document), activity.account.as_ref());
    !trust.doubts.is_empty() || trust.reach().is_some_and(|reach| reach >= Reach::Outside)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{activity, denied};
    use super::*;
    use serde_json::{Value, json};

    fn steps(name: &str, request: &Value) -> Vec<Step> {
        Step::of(&activity(name, request, &json!(null)))
    }

    #[test]
    fn a_word_is_read_back() {
        for (step, word) in Step::WORDS {
            assert_eq!((step.word(), Step::from_word(word)), (word, Some(step)));
        }
        assert_eq!(Step::from_word("of-another-version"), None);
    }

    #[test]
    fn calls_are_the_steps_that_they_may_be() {
        let user = json!({"userName": "x"});
        for (name, request, expected) in [
            ("CreateUser", user.clone(), vec![Step::UserCreated, Step::Worked]),
            ("CreateAccessKey", user.clone(), vec![Step::UserEquipped, Step::Worked]),
            ("CreateLoginProfile", user.clone(), vec![Step::UserEquipped, Step::PasswordSet, Step::Worked]),
            ("AddUserToGroup", json!({"userName": "x", "groupName": "g"}), vec![Step::UserEquipped, Step::Worked]),
            ("DeactivateMFADevice", user.clone(), vec![Step::MfaTaken, Step::Worked]),
            ("DeleteUserPermissionsBoundary", user.clone(), vec![Step::BoundaryRemoved, Step::Worked]),
            ("SetDefaultPolicyVersion", json!({"policyArn": "p"}), vec![Step::DefaultSet, Step::Worked]),
            ("CreatePolicyVersion", json!({"policyArn": "p"}), vec![Step::VersionWritten, Step::Worked]),
            ("TagUser", user.clone(), vec![]),
            ("DeleteUser", user, vec![]),
        ] {
            assert_eq!(steps(name, &request), expected, "{name}");
        }
        assert_eq!(Step::of(&denied("CreateUser")), [Step::Denied]);
    }

    #[test]
    fn to_contain_somebody_is_to_give_nothing() {
        let put = |effect: &str| {
            let document = json!({"Version": "2012-10-17",
                "Statement": [{"Effect": effect, "Action": "*", "Resource": "*"}]});
            steps("PutUserPolicy", &json!({"userName": "x", "policyName": "p", "policyDocument": document.to_string()}))
        };
        assert!(put("Allow").contains(&Step::PolicyGiven) && put("Allow").contains(&Step::UserEquipped));
        assert_eq!(put("Deny"), [Step::Worked]);
        let attach = |arn: &str| steps("AttachRolePolicy", &json!({"roleName": "x", "policyArn": arn}));
        assert_eq!(attach("arn:aws:iam::aws:policy/ReadOnlyAccess"), [Step::PolicyGiven, Step::Worked]);
        assert_eq!(attach("arn:aws:iam::aws:policy/AWSDenyAll"), [Step::Worked]);
        assert_eq!(attach("arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3"), [Step::Worked]);
        // Anybody may give a policy of their own that name.
        assert_eq!(attach("arn:aws:iam::1:policy/AWSDenyAll"), [Step::PolicyGiven, Step::Worked]);
    }

    #[test]
    fn a_trust_is_opened_to_outsiders_and_when_in_doubt() {
        let trust = |principal: Value| {
            let document =
                json!({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}]});
            let request = json!({"roleName": "x", "policyDocument": document.to_string()});
            steps("UpdateAssumeRolePolicy", &request).contains(&Step::TrustOpened)
        };
        assert!(trust(json!({"AWS": "arn:aws:iam::999988887777:root"})) && trust(json!("*")));
        assert!(!trust(json!({"AWS": "arn:aws:iam::111122223333:root"})));
        assert!(!trust(json!({"Service": "ec2.amazonaws.com"})));
        assert!(steps("UpdateAssumeRolePolicy", &json!({"roleName": "x"})).contains(&Step::TrustOpened));
    }
}
