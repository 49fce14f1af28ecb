//! What cannot be read does not look harmless: for every action, successful and denied, and for each fact that cannot be
//! looked up, there is no mail less than if everything was known.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails may panic")]

mod common;

use common::calls::{calls, denied, event};
use common::{account, as_snapshot, draft, settings};
use iam_security_alert::detection::{Case, PriorActivity, assess};
use iam_security_alert::event::{Activity, Delivery};
use iam_security_alert::history::{HistoryError, RelatedActivity};
use iam_security_alert::lookup::identity_center::{Identity, IdentityQuestion, PermissionSet, PermissionSetQuestion};
use iam_security_alert::lookup::inventory::{Page, Place};
use iam_security_alert::lookup::organization::{OrganizationsPolicy, OrganizationsPolicyQuestion};
use iam_security_alert::lookup::snapshot::Snapshot;
use iam_security_alert::lookup::{
    AccountId, AttachedPolicies, AttachedPolicy, Attachment, Directory, Group, GroupQuestion, KnownAccount, Lookup,
    ManagedPolicy, Membership, PolicyQuestion, Role, RoleQuestion, Unavailable, User, UserQuestion, enrich,
};
use iam_security_alert::policy::Parsed;
use iam_security_alert::severity::Severity;
use serde_json::Value;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::Instant;

/// A kind of fact that has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    Nothing,
    Entry,
    Groups,
    Policies,
    Documents,
    MfaDevices,
    AccessKeys,
    Password,
    LastUse,
    Members,
    Holders,
    Alias,
    Everything,
}

const MISSING: [Missing; 12] = {
    use Missing::*;
    [Entry, Groups, Policies, Documents, MfaDevices, AccessKeys, Password, LastUse, Members, Holders, Alias, Everything]
};

/// What everybody in the account has besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Besides {
    Nothing,
    /// Administrator access: what is handed on is full access.
    Administrator,
    /// AWS's quarantine.
    Quarantine,
}

/// The saved account, with something that everybody has, and something that is not answered.
struct Doctored {
    account: Rc<Snapshot>,
    besides: Besides,
    missing: Missing,
}

impl Doctored {
    fn lacks(&self, fact: Missing) -> bool {
        self.missing == fact || self.missing == Missing::Everything
    }

    fn unless<T>(&self, fact: Missing, answer: Lookup<T>) -> Lookup<T> {
        if self.lacks(fact) { Lookup::Unavailable(Unavailable::Throttled) } else { answer }
    }

    fn policies(&self, mut attached: AttachedPolicies) -> AttachedPolicies {
        let name = match self.besides {
            Besides::Nothing => None,
            Besides::Administrator => Some("AdministratorAccess"),
            Besides::Quarantine => Some("AWSCompromisedKeyQuarantineV3"),
        };
        attached.policies.extend(name.map(|name| AttachedPolicy {
            name: name.into(),
            via: Attachment::Attached,
            arn: Some(format!("arn:aws:iam::aws:policy/{name}").into()),
            document: Lookup::not_asked("its content is known"),
        }));
        if self.lacks(Missing::Policies) {
            return AttachedPolicies::gap(&"attached policies".into(), &Unavailable::Throttled);
        }
        if self.lacks(Missing::Groups) {
            attached.extend(AttachedPolicies::gap(&"groups".into(), &Unavailable::Throttled));
            attached.policies.retain(|policy| !matches!(policy.via, Attachment::Group(_)));
        }
        if self.lacks(Missing::Documents) {
            for policy in attached.policies.iter_mut().filter(|policy| policy.document.found().is_some()) {
                policy.document = Lookup::Unavailable(Unavailable::Throttled);
            }
        }
        attached
    }

    fn user(&self, user: &User) -> Rc<User> {
        let user = user.clone();
        Rc::new(User {
            profile: self.unless(Missing::Entry, user.profile),
            groups: self.unless(Missing::Groups, user.groups),
            attached: self.policies(user.attached),
            mfa_devices: self.unless(Missing::MfaDevices, user.mfa_devices),
            access_keys: self.unless(Missing::AccessKeys, user.access_keys),
            password: self.unless(Missing::Password, user.password),
            key_last_used: self.unless(Missing::LastUse, user.key_last_used),
            provenance: user.provenance,
        })
    }

    fn role(&self, role: &Role) -> Rc<Role> {
        let role = role.clone();
        let (profile, attached) = (self.unless(Missing::Entry, role.profile), self.policies(role.attached));
        Rc::new(Role { profile, attached, provenance: role.provenance })
    }
}

impl Directory for Doctored {
    async fn inventory(&self, account: &AccountId, place: &Place, deadline: Instant) -> Result<Page, Unavailable> {
        self.account.inventory(account, place, deadline).await
    }

    fn is_busy(&self, account: Option<&str>) -> bool {
        self.account.is_busy(account)
    }

    fn knows(&self, account: Option<&str>) -> bool {
        self.account.knows(account)
    }

    async fn known_user(&self, question: &UserQuestion, deadline: Instant) -> Rc<User> {
        self.user(&*self.account.known_user(question, deadline).await)
    }

    async fn fresh_user(&self, question: &UserQuestion, just_created: bool, deadline: Instant) -> Rc<User> {
        self.user(&*self.account.fresh_user(question, just_created, deadline).await)
    }

    async fn known_role(&self, question: &RoleQuestion, deadline: Instant) -> Rc<Role> {
        self.role(&*self.account.known_role(question, deadline).await)
    }

    async fn fresh_role(&self, question: &RoleQuestion, deadline: Instant) -> Rc<Role> {
        self.role(&*self.account.fresh_role(question, deadline).await)
    }

    async fn group(&self, question: &GroupQuestion, deadline: Instant) -> Rc<Group> {
        let group = (*self.account.group(question, deadline).await).clone();
        let (members, attached) = (self.unless(Missing::Members, group.members), self.policies(group.attached));
        Rc::new(Group { members, attached, provenance: group.provenance })
    }

    async fn managed_policy(&self, question: &PolicyQuestion, deadline: Instant) -> Rc<ManagedPolicy> {
        let policy = (*self.account.managed_policy(question, deadline).await).clone();
        Rc::new(ManagedPolicy {
            profile: self.unless(Missing::Entry, policy.profile),
            document: self.unless(Missing::Documents, policy.document),
            holders: self.unless(Missing::Holders, policy.holders),
            provenance: policy.provenance,
        })
    }

    async fn policy_document(&self, question: &PolicyQuestion, deadline: Instant) -> Lookup<Parsed> {
        self.unless(Missing::Documents, self.account.policy_document(question, deadline).await)
    }

    async fn account(&self, account: &AccountId, deadline: Instant) -> KnownAccount {
        let known = self.account.account(account, deadline).await;
        KnownAccount { name: self.unless(Missing::Alias, known.name), ..known }
    }

    async fn membership(&self, account: &str, deadline: Instant) -> Membership {
        self.account.membership(account, deadline).await
    }

    async fn closed(&self, account: &AccountId, deadline: Instant) -> Option<Unavailable> {
        self.account.closed(account, deadline).await
    }

    async fn permission_set(&self, question: &PermissionSetQuestion, deadline: Instant) -> Rc<PermissionSet> {
        let set = (*self.account.permission_set(question, deadline).await).clone();
        Rc::new(PermissionSet {
            name: self.unless(Missing::Entry, set.name),
            attached: self.policies(set.attached),
            accounts: self.unless(Missing::Holders, set.accounts),
            provenance: set.provenance,
        })
    }

    async fn identity(&self, question: &IdentityQuestion, deadline: Instant) -> Rc<Identity> {
        let identity = (*self.account.identity(question, deadline).await).clone();
        Rc::new(Identity {
            name: self.unless(Missing::Entry, identity.name),
            assignments: self.unless(Missing::Holders, identity.assignments),
            provenance: identity.provenance,
        })
    }

    async fn organizations_policy(
        &self,
        question: &OrganizationsPolicyQuestion,
        deadline: Instant,
    ) -> Rc<OrganizationsPolicy> {
        let policy = (*self.account.organizations_policy(question, deadline).await).clone();
        Rc::new(OrganizationsPolicy {
            name: self.unless(Missing::Entry, policy.name),
            kind: self.unless(Missing::Entry, policy.kind),
            document: self.unless(Missing::Documents, policy.document),
            ..policy
        })
    }
}

/// Every action, successful and denied.
fn events() -> Vec<(String, Value)> {
    let calls = calls();
    let both = |(name, call): (&String, &Value)| {
        [(name.clone(), event(name, call)), (format!("{name}, denied"), denied(name, call))]
    };
    calls.iter().flat_map(both).collect()
}

/// The worlds in which something is missing: what everybody has besides, and which principal is expected.
const WORLDS: [(Besides, &str); 4] = [
    (Besides::Nothing, ""),
    (Besides::Administrator, ""),
    (Besides::Quarantine, ""),
    (Besides::Quarantine, "arn:aws:iam::123456789012:user/dana"),
];

/// Compares the alert on an event with the alerts if something is missing. Returns how many were compared, and how many
/// are more severe.
fn compare(name: &str, event: &Value, account: &Rc<Snapshot>) -> (usize, usize) {
    let (mut compared, mut raised) = (0, 0);
    // Of other services, little is looked up besides the caller.
    let looked_up = ["aws.iam", "aws.sso", "aws.identitystore", "aws.sso-directory", "aws.signin"];
    let much = looked_up.iter().any(|source| event["source"] == *source);
    let matters = |missing: &Missing| much || matches!(missing, Missing::Documents | Missing::Everything);
    let worlds = if much { &WORLDS[..] } else { &WORLDS[..1] };
    for (besides, expected) in worlds.iter().copied() {
        let alert = |missing| {
            let directory = Doctored { account: account.clone(), besides, missing };
            draft(directory, event.clone(), settings(&[("EXPECTED_PRINCIPALS", expected)])).alert
        };
        let known = alert(Missing::Nothing);
        assert!(!known.incomplete, "{name}: {:?}", known.reasons);
        for missing in MISSING.into_iter().filter(matters) {
            let unknown = alert(missing);
            for minimum in Severity::ALL {
                let lost = known.severity >= minimum && unknown.severity < minimum && !unknown.incomplete;
                assert!(!lost, "{name}, {besides:?}, without {missing:?}: {} is no mail", known.severity);
            }
            // A mail that is only there because something is missing says what.
            if unknown.incomplete {
                let says = |text: &str| text.starts_with("Not evaluated: ") || text.contains("could not be read");
                assert!(unknown.reasons.iter().any(|reason| says(&reason.text.plain())), "{name} {missing:?}");
            }
            compared += 1;
            raised += usize::from(unknown.severity > known.severity);
        }
    }
    (compared, raised)
}

#[test]
fn a_fact_that_is_missing_costs_no_mail() {
    let events = events();
    let (first, second) = events.split_at(events.len() / 2);
    let all = |events: &[(String, Value)]| {
        let account = Rc::new(account());
        events
            .iter()
            .map(|(name, event)| compare(name, event, &account))
            .fold((0, 0), |all, of| (all.0 + of.0, all.1 + of.1))
    };
    let (first, second) = std::thread::scope(|scope| {
        let first = scope.spawn(|| all(first));
        (all(second), first.join().unwrap())
    });
    let (compared, raised) = (first.0 + second.0, first.1 + second.1);
    assert!(compared > 5_000 && raised > 100, "{compared} compared, {raised} raised");
}

#[test]
fn handed_on_access_that_is_not_known_is_high() {
    for name in
        ["CreateAccessKey", "UpdateAssumeRolePolicy", "AddRoleToInstanceProfile", "DeleteUserPermissionsBoundary"]
    {
        let (_, event) = events().into_iter().find(|(of, _)| of == name).unwrap();
        let directory = Doctored { account: Rc::new(account()), besides: Besides::Nothing, missing: Missing::Policies };
        let alert = draft(directory, event, settings(&[])).alert;
        assert!(alert.severity >= Severity::High && alert.incomplete, "{name}: {}", alert.severity);
    }
}

#[test]
fn a_mail_says_what_is_not_known_and_what_that_can_mean() {
    let (_, event) = events().into_iter().find(|(of, _)| of == "AddRoleToInstanceProfile").unwrap();
    let directory = Doctored { account: Rc::new(account()), besides: Besides::Nothing, missing: Missing::Everything };
    let email = draft(directory, event, settings(&[])).email;
    insta::assert_snapshot!("nothing_is_known", as_snapshot(&email.subject, &email.body));
}

#[test]
fn a_history_that_does_not_answer_costs_no_mail() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let settings = settings(&[]);
    for (name, event) in events() {
        let delivery = Delivery::from_file(event).unwrap().remove(0).unwrap();
        let activity = Activity::from_delivery(&delivery).unwrap().activity().unwrap();
        let account = account();
        let dossier = runtime.block_on(enrich(&account, &activity, Instant::now() + Duration::from_secs(1)));
        let related = RelatedActivity { unknown: Some(HistoryError::TimedOut), ..RelatedActivity::default() };
        let prior = PriorActivity { related, ..PriorActivity::default() };
        let assessment = assess(&Case::new(&activity, &dossier, &settings).after(Some(&prior)));
        assert!(assessment.incomplete && assessment.severity >= Severity::Medium, "{name}");
    }
}
