//! The rules: a table, one function each. A rule says what it sees, not what somebody should do.
//!
//! None lowers a severity because of a user agent, or because "it came from CloudFormation": whoever
//! attacks chooses both. Only an explicit list of principals does.

use super::{Case, Effect, Opinion, Rule};
use crate::cloudtrail::identity::{Operator, Principal, RoleSession};
use crate::cloudtrail::{Change, Failure, Outcome, Thing};
use crate::directory::power::{self, Level};
use crate::directory::trust::Trusted;
use crate::directory::{Holdings, Lookup, Policy, Power, Reach, Subject, Via, decoded};
use crate::phrase;
use crate::severity::Severity;
use crate::text::{Phrase, Untrusted, counted};
use chrono::TimeDelta;

/// Every rule. The first has an opinion on every case.
pub const RULES: &[Rule] = &[
    Rule { name: "action", judge: action },
    Rule { name: "root_user", judge: root_user },
    Rule { name: "root_sign_in", judge: root_sign_in },
    Rule { name: "own_ground", judge: own_ground },
    Rule { name: "grants_administrator", judge: grants_administrator },
    Rule { name: "grants_iam", judge: grants_iam },
    Rule { name: "target_is_administrator", judge: target_is_administrator },
    Rule { name: "target_can_change_iam", judge: target_can_change_iam },
    Rule { name: "target_may_be_more", judge: target_may_be_more },
    Rule { name: "was_administrator", judge: was_administrator },
    Rule { name: "only_denies", judge: only_denies },
    Rule { name: "role_opened", judge: role_opened },
    Rule { name: "quarantined", judge: quarantined },
    Rule { name: "containment_taken_off", judge: containment_taken_off },
    Rule { name: "credential_for_another", judge: credential_for_another },
    Rule { name: "target_has_credentials", judge: target_has_credentials },
    Rule { name: "protection_lost", judge: protection_lost },
    Rule { name: "weak_passwords", judge: weak_passwords },
    Rule { name: "outside_principal", judge: outside_principal },
    Rule { name: "workload", judge: workload },
    Rule { name: "cloud_shell", judge: cloud_shell },
    Rule { name: "parameters_omitted", judge: parameters_omitted },
    Rule { name: "long_lived_key_without_mfa", judge: long_lived_key_without_mfa },
    Rule { name: "first_sight", judge: first_sight },
    Rule { name: "own_doing", judge: own_doing },
    Rule { name: "deployment", judge: deployment },
    Rule { name: "expected_principal", judge: expected_principal },
];

#[allow(clippy::unnecessary_wraps, reason = "every rule ends with it")]
fn at_least(level: Severity, reason: Phrase) -> Option<Opinion> {
    Some(Opinion { effect: Effect::AtLeast(level), reason })
}

#[allow(clippy::unnecessary_wraps, reason = "every rule ends with it")]
fn never(level: Severity, reason: Phrase) -> Option<Opinion> {
    Some(Opinion { effect: Effect::Never(level), reason })
}

#[allow(clippy::unnecessary_wraps, reason = "every rule ends with it")]
fn context(reason: Phrase) -> Option<Opinion> {
    Some(Opinion { effect: Effect::Context, reason })
}

/// What the action is by itself, done or attempted.
fn action(case: &Case<'_>) -> Option<Opinion> {
    let (activity, action) = (case.activity, case.activity.action);
    let who = activity.principal.short_name();
    let signs_in = action.change == Change::SignsIn;
    // Whoever tries what cannot work may be finding out what there is; but pipelines often delete what is gone.
    let attempt = if action.is_chore() { Severity::Low } else { Severity::Medium };
    let (level, reason) = match &activity.outcome {
        // Only AWS can say that a service acted for itself: nobody else comes as one.
        Outcome::Succeeded if matches!(activity.principal, Principal::AwsService(_)) && action.service == "iam" => {
            (Severity::Low, phrase!("The AWS service ", who, " did this for itself; AWS says so, and nobody else can."))
        }
        Outcome::Succeeded => (action.base, action.because.into()),
        Outcome::Failed { .. } if signs_in => {
            (Severity::High, "Somebody tried to sign in as the root user and failed. Nobody should even try.".into())
        }
        Outcome::Failed { .. } if action.change == Change::Silences => {
            (Severity::High, "Somebody tried to change what these alerts depend on, and failed.".into())
        }
        Outcome::Failed { failure: Failure::Denied, .. } => (
            Severity::Medium,
            phrase!("It was denied. An attempt may mean that somebody is finding out what ", who, " may do."),
        ),
        Outcome::Failed { failure: Failure::AlreadyExists, .. } => {
            (Severity::Low, "It failed, because there is one already. Nothing was changed.".into())
        }
        Outcome::Failed { failure: Failure::NotFound, .. } => {
            (attempt, "It failed, because there is no such thing. Nothing was changed.".into())
        }
        Outcome::Failed { failure: Failure::LimitExceeded, .. } => {
            (Severity::Low, "It failed, because a quota of the account is used up. Nothing was changed.".into())
        }
        Outcome::Failed { failure: Failure::Other, .. } => {
            (attempt, "It failed, but it was attempted. Nothing was changed.".into())
        }
    };
    // What the alerts are made with, and root at the console: expected or not, somebody has to look.
    if matches!(action.change, Change::Silences | Change::SignsIn) {
        never(level, reason)
    } else {
        at_least(level, reason)
    }
}

/// The root user is for the few tasks that nobody else can do, and this is none of them
/// ("Root user best practices", IAM user guide).
fn root_user(case: &Case<'_>) -> Option<Opinion> {
    match &case.activity.principal {
        _ if case.activity.action.change == Change::SignsIn => None,
        Principal::Root(root) if root.assumed => at_least(
            Severity::Critical,
            "It was done as the root user, in a privileged session opened by AWS Organizations.".into(),
        ),
        Principal::Root(_) => {
            at_least(Severity::Critical, "It was done by the root user, which should not be used for this.".into())
        }
        Principal::FederatedUser(user) if user.is_by_root() => {
            at_least(Severity::Critical, "It was done in a session that the root user's access key opened.".into())
        }
        _ => None,
    }
}

/// Whether MFA was asked for when the root user signed in.
fn root_sign_in(case: &Case<'_>) -> Option<Opinion> {
    if case.activity.action.change != Change::SignsIn || !case.activity.outcome.succeeded() {
        return None;
    }
    match case.activity.mfa_used {
        Some(true) => context("MFA was used.".into()),
        Some(false) => at_least(Severity::Critical, "Without MFA: the password alone was enough.".into()),
        None => context("The event does not say whether MFA was used.".into()),
    }
}

/// What these alerts are made with: calls of IAM on the role of the function. Those of other services are
/// told only if they are about it, and say so by themselves.
fn own_ground(case: &Case<'_>) -> Option<Opinion> {
    let (activity, change) = (case.activity, case.activity.action.change);
    if matches!(change, Change::Silences | Change::Routine) || !case.settings.is_own(activity) {
        return None;
    }
    let severity = if activity.outcome.succeeded() { Severity::Critical } else { Severity::High };
    never(
        severity,
        phrase!(target_name(case), " belongs to the alerter itself: without what it may do, alerts tell less or stop."),
    )
}

/// Whom IAM told us of: the thing of the event, or one that has its name now.
fn target_name(case: &Case<'_>) -> Phrase {
    let target = &case.activity.target;
    if target.thing == Thing::RootUser {
        return "the root user".into();
    }
    let name = case.activity.name_now().map_or_else(|| phrase!("the ", target.thing.words()), Phrase::from);
    if case.target_is_replaced() { phrase!("Another one, who has the name ", name, " now,") } else { name }
}

/// Who gains by what was granted: the target, the members of a group, the holders of a policy.
fn gainer(case: &Case<'_>) -> Phrase {
    let name = target_name(case);
    let few = |names: Vec<Phrase>, unread: bool| {
        phrase!(Phrase::few(names, 3, ", "), if unread { " and others" } else { "" })
    };
    match &case.dossier.target {
        Subject::Group(group) => match group.members.found() {
            Some(members) if members.users.items.is_empty() => phrase!("every member of ", name, " (none yet)"),
            Some(members) => {
                let users = members.users.items.iter().map(Phrase::from).collect();
                phrase!("every member of ", name, " (", few(users, members.users.more), ")")
            }
            None => phrase!("every member of ", name),
        },
        Subject::Policy(policy) => match policy.holders.found() {
            Some(holders) if holders.items.is_empty() => phrase!("whoever is given ", name, " (nobody holds it yet)"),
            Some(holders) => {
                let all = holders.items.iter().map(|(thing, name)| phrase!(thing.words(), " ", name)).collect();
                phrase!("whoever holds ", name, " (", few(all, holders.more), ")")
            }
            None => phrase!("whoever holds ", name),
        },
        _ if case.activity.target.thing == Thing::Policy => phrase!("whoever holds ", name),
        _ => name,
    }
}

/// A power that is grave.
struct Grave {
    level: Level,
    severity: Severity,
    /// Of one who has it: "is an administrator".
    is: &'static str,
    /// What gives it "makes" somebody "an administrator".
    makes: (&'static str, &'static str),
    /// What gives it, where one policy does.
    why: Phrase,
}

impl Grave {
    fn of(power: &Power) -> Option<Self> {
        let (severity, is, makes) = match power.level {
            Level::Administrator => (Severity::Critical, "is an administrator", ("makes ", " an administrator")),
            Level::IamCapable => {
                (Severity::High, "can change IAM, and so take the rest", ("lets ", " change IAM, and so take the rest"))
            }
            // What cannot be told for sure must not look harmless: anybody can write a condition that always holds.
            Level::Limited | Level::Broad if power.at_most >= Level::IamCapable => (
                Severity::High,
                "can change IAM under a condition, which we cannot judge; see \"Not certain\"",
                ("lets ", " change IAM under a condition, which we cannot judge; see \"Not certain\""),
            ),
            Level::Limited | Level::Broad => return None,
        };
        let sure = power.level >= Level::IamCapable;
        let why = if sure { phrase!(": ", power.why()) } else { Phrase::default() };
        Some(Self { level: power.level, severity, is, makes, why })
    }

    /// Of a policy that could not be read: what cannot be told must not look harmless. Not asked for is another matter.
    fn unknown(power: &Power) -> Option<Self> {
        let unread = power.unread.iter().any(|gap| gap.reason.is_failure()) || power.unreadable;
        unread.then(|| Self {
            level: power.level,
            severity: Severity::High,
            is: "may be able to do anything: its policy could not be read",
            makes: ("may let ", " do anything: the policy could not be read"),
            why: Phrase::default(),
        })
    }

    fn at_most(self, severity: Severity) -> Self {
        Self { severity: self.severity.min(severity), ..self }
    }
}

/// What was granted, if it is grave, and the reason.
fn grant(case: &Case<'_>) -> Option<(Grave, Phrase)> {
    let granted = case.granted.as_ref()?;
    let change = case.activity.action.change;
    if !case.activity.outcome.succeeded() || matches!(change, Change::Frees | Change::Bounds) {
        return None;
    }
    // The policy may do it only together with those that were there.
    let whole = case.target_power.as_ref().filter(|_| case.activity.action.grants_by_policy());
    let before = granted.before.as_ref().map_or(Level::Limited, |power| power.level);
    let whole = whole.filter(|whole| whole.level > granted.power.level.max(before));
    let grave = Grave::of(whole.unwrap_or(&granted.power)).or_else(|| Grave::unknown(&granted.power))?;
    let unheld = matches!(&case.dossier.target, Subject::Policy(policy)
        if policy.holders.found().is_some_and(|holders| holders.items.is_empty()));
    let (make, end) = grave.makes;
    let sentence = |start: &'static str| phrase!(start, make, gainer(case), end, &grave.why, ".");
    Some(match change {
        Change::Drafts => {
            let reason = sentence("Once this version is made the default, it ");
            (grave.at_most(Severity::High), reason)
        }
        Change::Creates => {
            let reason = phrase!("Once it is attached, it ", make, "its holder", end, &grave.why, ".");
            (grave.at_most(Severity::Medium), reason)
        }
        Change::Rewrites if unheld => {
            let reason = sentence("It ");
            (grave.at_most(Severity::High), reason)
        }
        _ => {
            let reason = sentence("It ");
            (grave, reason)
        }
    })
}

fn grants_administrator(case: &Case<'_>) -> Option<Opinion> {
    let (grave, reason) = grant(case).filter(|(grave, _)| grave.level == Level::Administrator)?;
    at_least(grave.severity, reason)
}

fn grants_iam(case: &Case<'_>) -> Option<Opinion> {
    let (grave, reason) = grant(case).filter(|(grave, _)| grave.level != Level::Administrator)?;
    at_least(grave.severity, reason)
}

/// What whoever has the target's new credential, trust or freedom can do: all that the target can.
fn inherited(case: &Case<'_>) -> Option<(Grave, Phrase)> {
    let (activity, change) = (case.activity, case.activity.action.change);
    if !activity.outcome.succeeded() || !activity.action.hands_on_power() {
        return None;
    }
    // Whoever makes a key for itself can do no more with it than before.
    if (activity.is_own() && change == Change::Credential) || activity.action.is_narrow() {
        return None;
    }
    // To let a service act by the role is not to let anybody in; who can use the service so, has to be let do so.
    let to_services = case.trust.as_ref().is_some_and(|trust| trust.reach() == Some(Reach::Service));
    let grave = Grave::of(case.target_power.as_ref()?)?;
    let name = target_name(case);
    let reason = match change {
        Change::Creates => phrase!(name.capitalized(), " already ", grave.is),
        Change::Credential => phrase!("Whoever has it can act as ", name, ", which ", grave.is),
        Change::Trusts => phrase!("Whoever may assume ", name, " ", grave.is),
        Change::Carries => {
            phrase!("Whoever is on an instance with this profile can act by ", name, ", which ", grave.is)
        }
        Change::Unbounds => phrase!("Without the boundary ", name, " ", grave.is),
        _ => phrase!(name.capitalized(), " ", grave.is),
    };
    let reason = phrase!(reason, &grave.why, ".");
    let milder = activity.is_own() || (change == Change::Trusts && to_services);
    let grave = if milder { grave.at_most(Severity::High) } else { grave };
    Some((grave, reason))
}

fn target_is_administrator(case: &Case<'_>) -> Option<Opinion> {
    let (grave, reason) = inherited(case).filter(|(grave, _)| grave.level == Level::Administrator)?;
    at_least(grave.severity, reason)
}

fn target_can_change_iam(case: &Case<'_>) -> Option<Opinion> {
    let (grave, reason) = inherited(case).filter(|(grave, _)| grave.level == Level::IamCapable)?;
    at_least(grave.severity, reason)
}

fn target_may_be_more(case: &Case<'_>) -> Option<Opinion> {
    let (grave, reason) = inherited(case).filter(|(grave, _)| grave.level < Level::IamCapable)?;
    at_least(grave.severity, reason)
}

/// What only denies takes power away: from who is contained, or from who is locked out.
fn only_denies(case: &Case<'_>) -> Option<Opinion> {
    let gives = matches!(case.activity.action.change, Change::Attaches | Change::Embeds);
    (gives && case.granted.as_ref()?.only_denies).then_some(())?;
    context("It only denies: it gives nothing. Is somebody being contained, or locked out?".into())
}

/// Nobody can be made more than an administrator. But since when it is one, IAM does not tell: of two policies that
/// were given one after the other, each finds the other there.
fn was_administrator(case: &Case<'_>) -> Option<Opinion> {
    let granted = case.granted.as_ref().filter(|granted| !granted.only_denies)?;
    let before = granted.before.as_ref().filter(|power| power.level == Level::Administrator)?;
    case.activity.outcome.succeeded().then_some(())?;
    context(phrase!(
        target_name(case).capitalized(),
        " is an administrator without this, too: ",
        before.why(),
        ". Since when, IAM does not tell."
    ))
}

/// Who may now assume the role.
fn role_opened(case: &Case<'_>) -> Option<Opinion> {
    let trust = case.trust.as_ref().filter(|_| case.activity.outcome.succeeded())?;
    let Some(reach) = trust.reach() else {
        let doubt = trust.doubts.first()?;
        return at_least(Severity::High, phrase!("Who may assume the role could not be told: ", doubt, "."));
    };
    let level = match reach {
        Reach::Service => return None,
        Reach::Own => Severity::Medium,
        Reach::Outside => Severity::High,
        Reach::Anyone => Severity::Critical,
    };
    let widest: Vec<_> = trust.trusted.iter().filter(|trusted| trusted.reach == reach).map(Trusted::words).collect();
    at_least(level, phrase!("The role may be assumed by ", Phrase::few(widest, 2, "; and "), "."))
}

/// AWS attaches this policy when it finds an access key where everybody can read it.
fn quarantined(case: &Case<'_>) -> Option<Opinion> {
    let policy = case.dossier.caller.holdings()?.quarantine()?;
    never(
        Severity::Critical,
        phrase!(
            "AWS has put ",
            case.activity.principal.short_name(),
            " under quarantine (",
            &policy.name,
            "): it found one of its access keys in public."
        ),
    )
}

/// Names of policies that only forbid: AWS's, and those of the commands in these alerts.
const FORBIDDING: [&str; 3] = ["AWSDenyAll", "incident-deny-all", "incident-revoke-sessions"];

/// To take a policy away frees whoever it held back; so does it to write another one in its place.
fn containment_taken_off(case: &Case<'_>) -> Option<Opinion> {
    let (activity, change) = (case.activity, case.activity.action.change);
    if !matches!(change, Change::Frees | Change::Embeds) || !activity.outcome.succeeded() {
        return None;
    }
    let (object, target) = (activity.object.name.as_ref()?, target_name(case));
    let forbids = |policy: &Untrusted| FORBIDDING.contains(&policy.raw());
    if change == Change::Embeds {
        // Somebody who contains again writes the same once more; the time of the event may be a little ahead of the shell's.
        let since = activity.time.map(|time| time - TimeDelta::minutes(15));
        let document = activity.policy_document.as_deref().map(decoded);
        if !forbids(object) || document.is_some_and(|document| power::denies_everything(&document, since)) {
            return None;
        }
        let reason = phrase!("It is written over ", object, ", which forbade: somebody had contained ", target, ".");
        return at_least(Severity::High, reason);
    }
    let by_aws = activity.object.arn.as_ref().is_some_and(|arn| power::is_aws_managed(arn.raw()));
    if by_aws && object.raw().starts_with("AWSCompromisedKeyQuarantine") {
        return never(
            Severity::Critical,
            phrase!("It frees ", target, " from the quarantine under which AWS had put it, for a key found in public."),
        );
    }
    // The policies of a group that the user left, or the one that was taken.
    let inline = |policy: &&Policy| policy.via == Via::Inline && policy.name == *object;
    let shown = case.dossier.target.holdings().and_then(|held| held.policies.iter().find(inline));
    let still_shown = shown.filter(|_| activity.object.arn.is_none() && !activity.action.is_about_membership());
    let still_shown = still_shown.map(|policy| Holdings::of(policy.clone()));
    let taken = still_shown.as_ref().unwrap_or(&case.dossier.given);
    if let Some(policy) = Some(object)
        .filter(|name| forbids(name))
        .or_else(|| taken.policies.iter().map(|policy| &policy.name).find(|name| forbids(name)))
    {
        let reason = phrase!("It frees ", target, " from ", policy, ", which forbids: somebody had contained it.");
        return at_least(Severity::High, reason);
    }
    let denies = |document: &std::rc::Rc<str>| power::denies(document);
    if let Some(policy) = taken.policies.iter().find(|policy| policy.document.found().is_some_and(denies)) {
        let reason = phrase!("The policy ", &policy.name, " denies something, which ", target, " may do from now on.");
        return at_least(Severity::Medium, reason);
    }
    let known = taken.policies.iter().all(|policy| policy.is_aws_managed() || policy.document.found().is_some());
    // A group may have none.
    let told = !taken.policies.is_empty() || activity.action.is_about_membership();
    if known && told && taken.gaps.is_empty() {
        return None;
    }
    at_least(Severity::Medium, "What the policy said is not known any more: it may have denied something.".into())
}

/// "Made for oneself" is told by the exact identity of the caller, never by the name of a session.
fn credential_for_another(case: &Case<'_>) -> Option<Opinion> {
    let (activity, change) = (case.activity, case.activity.action.change);
    if !activity.outcome.succeeded() || activity.is_own() {
        return None;
    }
    let (who, whom) = (activity.principal.short_name(), target_name(case));
    match change {
        Change::Credential if activity.action.is_narrow() => at_least(
            Severity::High,
            phrase!("It is somebody else's credential: ", who, " can use the service that it is for as ", whom, "."),
        ),
        Change::Credential => at_least(
            Severity::High,
            phrase!("It is somebody else's credential: ", who, " can act as ", whom, " with it."),
        ),
        Change::AddsMfa => at_least(
            Severity::Medium,
            phrase!(who.capitalized(), " did this for ", whom, ", who may not know. Whose device is it?"),
        ),
        _ => None,
    }
}

/// A user that was just created cannot have made its first credential itself.
fn target_has_credentials(case: &Case<'_>) -> Option<Opinion> {
    let Subject::User(user) = &case.dossier.target else { return None };
    (case.activity.outcome.succeeded() && case.activity.action.change == Change::Creates).then_some(())?;
    let keys = user.access_keys.found().map_or(0, |keys| keys.items.iter().filter(|key| key.active).count());
    let keys = (keys > 0).then(|| Phrase::ours(counted(keys, "active access key")));
    let password = matches!(user.password, Lookup::Found(_)).then_some("a console password".into());
    let has: Vec<_> = keys.into_iter().chain(password).collect();
    if has.is_empty() {
        return None;
    }
    let has = Phrase::joined(has, " and ");
    at_least(Severity::High, phrase!(target_name(case), " already has ", has, ", made by somebody else for it."))
}

/// What is left of the protection, as far as IAM still knows it.
fn protection_lost(case: &Case<'_>) -> Option<Opinion> {
    let (activity, change) = (case.activity, case.activity.action.change);
    activity.outcome.succeeded().then_some(())?;
    match (change, &case.dossier.target) {
        (Change::WeakensMfa, _) if activity.target.thing == Thing::RootUser => {
            at_least(Severity::Critical, "It was an MFA device of the root user.".into())
        }
        (Change::WeakensMfa, Subject::User(user)) => {
            let name = target_name(case);
            let left = user.mfa_devices.found()?.items.len();
            if left > 0 {
                return context(Phrase::ours(format!("{} left.", counted_are(left, "MFA device"))));
            }
            match &user.password {
                Lookup::Missing => {
                    context(phrase!("No MFA device is left; ", name, " has no console password to protect."))
                }
                Lookup::Found(_) => at_least(
                    Severity::High,
                    phrase!("No MFA device is left: the console password of ", name, " alone is enough to sign in."),
                ),
                Lookup::Unavailable(_) => at_least(
                    Severity::High,
                    phrase!("No MFA device is left; whether ", name, " has a console password is not known."),
                ),
            }
        }
        (Change::Unbounds, Subject::User(user)) => boundary_again(user.profile.found()?.boundary.as_ref()?),
        (Change::Unbounds, Subject::Role(role)) => boundary_again(role.profile.found()?.boundary.as_ref()?),
        (Change::Bounds, _) => {
            let power = &case.granted.as_ref()?.power;
            if Grave::of(power).is_some() {
                let reason = "The boundary that was set is no limit to who wants all power: see what it amounts to.";
                return at_least(Severity::High, reason.into());
            }
            if Grave::unknown(power).is_some() {
                return at_least(Severity::High, "What the boundary that was set allows could not be read.".into());
            }
            if power.level < Level::Broad && !power.named_only {
                return None;
            }
            at_least(Severity::Medium, "The boundary that was set limits little, or nobody read it.".into())
        }
        _ => None,
    }
}

/// "1 device is", "2 devices are".
fn counted_are(number: usize, noun: &str) -> String {
    format!("{} {}", counted(number, noun), if number == 1 { "is" } else { "are" })
}

fn boundary_again(boundary: &Untrusted) -> Option<Opinion> {
    context(phrase!("IAM shows a boundary again: ", Phrase::arn(boundary), "."))
}

/// What passwords must be from now on. AWS's own default asks for 8 characters of three kinds ("Set an
/// account password policy for IAM users", IAM user guide); what it was before, IAM does not keep.
fn weak_passwords(case: &Case<'_>) -> Option<Opinion> {
    const DEFAULT_LENGTH: u64 = 8;
    const DEFAULT_KINDS: usize = 3;
    let activity = case.activity;
    if activity.action.change != Change::PasswordPolicy || !activity.outcome.succeeded() {
        return None;
    }
    if activity.action.done == "deleted" {
        return context("AWS's default counts from now on: 8 characters of three kinds, used as often and as long as one likes. IAM does not keep what was asked before.".into());
    }
    let set =
        |name: &str| activity.parameters.iter().find(|(path, _)| path.raw() == name).map(|(_, value)| value.raw());
    // What the call does not mention is set back to its default.
    let length = set("minimumPasswordLength").and_then(|length| length.parse().ok()).unwrap_or(6);
    let kinds = ["requireSymbols", "requireNumbers", "requireUppercaseCharacters", "requireLowercaseCharacters"];
    let required = kinds.iter().filter(|kind| set(kind) == Some("true")).count();
    let kinds = match required {
        0 => "no particular kind of characters".to_owned(),
        4 => "characters of all four kinds".to_owned(),
        some => format!("characters of {some} of the four kinds"),
    };
    let length_words = counted(usize::try_from(length).unwrap_or(usize::MAX), "character");
    let words = Phrase::ours(format!(
        "Passwords now need {length_words} at least, and {kinds}. IAM does not keep what was asked before."
    ));
    if length < DEFAULT_LENGTH || required < DEFAULT_KINDS { at_least(Severity::High, words) } else { context(words) }
}

fn outside_principal(case: &Case<'_>) -> Option<Opinion> {
    let principal = &case.activity.principal;
    let who = principal.short_name();
    let anonymous = |id: Option<&Untrusted>| id.is_some_and(|id| id.raw().to_ascii_lowercase().contains("anonymous"));
    if !principal.is_identified() {
        return at_least(Severity::High, "The event does not say who did it in a way that we know.".into());
    }
    match principal {
        Principal::AwsAccount(other) if anonymous(other.principal_id.as_ref()) => {
            return at_least(Severity::High, "It was done anonymously.".into());
        }
        Principal::AwsAccount(other) if other.account.is_some() && other.account == case.activity.account => {
            return at_least(
                Severity::High,
                "The event tells only the account that did it, which is this one, and not who in it.".into(),
            );
        }
        Principal::AwsAccount(_) => {
            return at_least(
                Severity::High,
                phrase!("It was done from another account, and only by ", who, " is known."),
            );
        }
        _ => {}
    }
    let (theirs, here) = (principal.account()?, case.activity.account.as_ref()?);
    if theirs == here {
        return None;
    }
    at_least(Severity::High, phrase!(who.capitalized(), " belongs to another account, ", theirs, "."))
}

fn role_session<'a>(case: &Case<'a>) -> Option<&'a RoleSession> {
    match &case.activity.principal {
        Principal::AssumedRole(session) => Some(session),
        _ => None,
    }
}

/// Whether the program says that it runs there. Only to raise a severity: whoever calls can say anything.
fn runs_in(case: &Case<'_>, environment: &str) -> bool {
    case.activity.origin.user_agent.as_ref().is_some_and(|agent| agent.raw().contains(environment))
}

/// `i-` and 8 or 17 hexadecimal digits: somebody called i-am-carol is none.
fn is_instance_id(name: &Untrusted) -> bool {
    let digits = name.raw().strip_prefix("i-").unwrap_or_default();
    matches!(digits.len(), 8 | 17) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn workload(case: &Case<'_>) -> Option<Opinion> {
    let session = role_session(case).filter(|_| !case.activity.action.is_chore())?;
    let what = match &session.operator {
        Operator::Ec2Instance(_) => "an EC2 instance",
        Operator::LambdaFunction(_) => "a Lambda function",
        // Whoever assumes a role may name the session like an instance: no reason to be easier on it.
        Operator::Unstated if session.session_name.as_ref().is_some_and(is_instance_id) => {
            "an EC2 instance, by the name of the session"
        }
        Operator::Unstated if runs_in(case, "exec-env/AWS_Lambda") => "a Lambda function, by the program's own word",
        _ => return None,
    };
    at_least(Severity::High, phrase!("The credentials are those of ", what, "; workloads do not do this."))
}

fn cloud_shell(case: &Case<'_>) -> Option<Opinion> {
    (runs_in(case, "exec-env/CloudShell") && !case.activity.action.is_chore()).then_some(())?;
    at_least(Severity::High, "It was done from CloudShell, by the program's own word.".into())
}

fn parameters_omitted(case: &Case<'_>) -> Option<Opinion> {
    case.activity.omitted.then_some(())?;
    let carries_policy = match case.activity.action.change {
        Change::Embeds | Change::Rewrites | Change::Drafts | Change::Trusts => true,
        Change::Creates => matches!(case.activity.target.thing, Thing::Role | Thing::Policy),
        _ => false,
    };
    let hides_policy = carries_policy && case.activity.outcome.succeeded();
    at_least(
        if hides_policy { Severity::High } else { Severity::Medium },
        "The request was too large for CloudTrail, which left its parameters out; padding can hide a policy.".into(),
    )
}

fn long_lived_key_without_mfa(case: &Case<'_>) -> Option<Opinion> {
    let session = case.activity.principal.session()?;
    (session.has_long_lived_key() && session.mfa != Some(true)).then(|| Opinion {
        effect: Effect::OneStepUp,
        reason: phrase!(
            case.activity.principal.short_name().capitalized(),
            " signed with a long-lived access key and without MFA: one step up."
        ),
    })
}

/// For how long there has to be a history before it means anything that somebody is not in it.
const TELLING: TimeDelta = TimeDelta::days(14);

/// Whoever has never changed access before may be somebody new, or somebody with a stolen credential.
fn first_sight(case: &Case<'_>) -> Option<Opinion> {
    let since = case.story?.lately.first_sight_since?;
    let principal = &case.activity.principal;
    if matches!(principal, Principal::AwsService(_)) || !principal.is_identified() {
        return None;
    }
    let who = principal.short_name();
    let covered = case.activity.time? - since;
    if covered < TELLING {
        let day = Phrase::ours(since.format("%Y-%m-%d").to_string());
        return context(phrase!(
            "Nothing else by ",
            who,
            " is remembered, but the history goes back only to ",
            day,
            "."
        ));
    }
    let days = Phrase::ours(covered.num_days().to_string());
    let reason = phrase!(
        "It is the first that ",
        who,
        " changes, or tries to, in the ",
        days,
        " days that the history covers: one step up."
    );
    Some(Opinion { effect: Effect::OneStepUp, reason })
}

/// For somebody else would be another matter.
fn own_doing(case: &Case<'_>) -> Option<Opinion> {
    let concerns = matches!(case.activity.action.change, Change::Credential | Change::AddsMfa | Change::WeakensMfa);
    if !concerns || !case.activity.is_own() || !case.activity.outcome.succeeded() {
        return None;
    }
    context(phrase!(
        case.activity.principal.short_name().capitalized(),
        " did this to what is its own, not to somebody else's."
    ))
}

/// A deployment of the stack touches what the alerts are made with. It is told, and lowers nothing: whoever
/// attacks can have CloudFormation do it too.
fn deployment(case: &Case<'_>) -> Option<Opinion> {
    const CLOUDFORMATION: &str = "cloudformation.amazonaws.com";
    let by = |name: &Option<Untrusted>| name.as_ref().is_some_and(|name| name.raw() == CLOUDFORMATION);
    let origin = &case.activity.origin;
    if !(by(&origin.address) || by(&origin.invoked_by)) || !case.settings.is_own(case.activity) {
        return None;
    }
    context(
        "AWS CloudFormation made the call: a deployment of the alerter itself makes such calls. Was one under way?"
            .into(),
    )
}

fn expected_principal(case: &Case<'_>) -> Option<Opinion> {
    let arn = case.activity.principal.lasting_arn()?;
    let pattern = case.settings.expected_principals.covering(arn.raw())?;
    Some(Opinion {
        effect: Effect::Expected,
        reason: phrase!(
            "This principal is expected to do this: the setting ExpectedPrincipals has ",
            &Untrusted::new(pattern),
            "."
        ),
    })
}

#[cfg(test)]
mod tests;
