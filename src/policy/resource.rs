//! Who gets in through the statements of a policy with principals, a role's trust policy included: the widest group of
//! callers that an allow lets in, and that no deny keeps out of all that the allow gives.
//!
//! Nothing that an attacker writes makes the answer narrower. An allow lets a group in if each of its conditions can
//! hold for some caller in the group; a deny keeps a group out only if its principals, its conditions and what it
//! covers are certain for all of them. What takes too long to compare lets in.

use super::assume;
use super::callers::{Home, PolicyOf, PrincipalKind, Reach};
use super::condition::Wish;
use super::coverage::covered;
use super::document::{Condition, Document, Effect, Patterns, Principals, Statement};
use super::groups::{Group, Names, Who, is_pattern};
use super::known::is_plain;
use super::matching::Variables;
use super::providers::shared;
use super::truth::{Truth, Value};
use crate::arn::{Arn, is_account_id};
use crate::text::Untrusted;
use std::cell::Cell;

/// The most comparisons for one policy. A hostile policy can name thousands of principals and values.
const MOST: u64 = 2_000_000;

/// A policy with principals, and how it is asked.
pub(super) struct Guests<'a> {
    document: &'a Document,
    pub(super) home: Home<'a>,
    pub(super) of: PolicyOf,
    names: Names,
    /// The groups of everyone, each with the denies that certainly apply to it.
    everyone: Vec<(Group, Vec<&'a Statement>)>,
    budget: Cell<u64>,
}

impl<'a> Guests<'a> {
    pub(super) fn new(document: &'a Document, home: Home<'a>, of: PolicyOf) -> Self {
        let names = Names::of(document, of);
        let mut guests = Self { document, home, of, names, everyone: Vec::new(), budget: Cell::new(MOST) };
        let mut groups = guests.names.everyone(&home);
        // The widest first: the first that gets in decides.
        groups.sort_by_key(|group| std::cmp::Reverse(group.reach));
        guests.everyone = groups.into_iter().map(|group| guests.with_denies(group)).collect();
        guests
    }

    /// Whether the policy contains no character that stands for something else in comparisons.
    pub(super) fn can_read(document: &Document) -> bool {
        document.statements.iter().all(|statement| {
            principals_of(statement).iter().all(|(_, name)| is_plain(name))
                && statement.conditions.iter().all(|condition| condition.texts().all(|text| is_plain(&text)))
        })
    }

    /// The widest reach of a principal through one statement that allows it.
    pub(super) fn reach(&self, principal: &PrincipalKind, statement: &Statement) -> Reach {
        let none = Names::none(self.of);
        let names = if self.can_spend(self.names.size()) { &self.names } else { &none };
        let id = |kind: &str, name: &Untrusted, reach: Reach| {
            vec![names.only(Who::Id(kind.to_owned(), name.raw().to_owned()), reach)]
        };
        let groups = match principal {
            PrincipalKind::Anyone => return self.widest(self.everyone.iter(), statement),
            PrincipalKind::Account(account) => names.account(account.raw(), None, &self.home),
            PrincipalKind::Principal(name) => match Arn::parse(name.raw()) {
                Some(arn) => names.account(arn.account, Some(name.raw()), &self.home),
                // The unique id of a deleted principal can be of any account.
                None => id("AWS", name, Reach::Outside),
            },
            PrincipalKind::Service(name) if is_pattern(name.raw()) => names.services(&self.home),
            PrincipalKind::Service(name) => {
                let reach = if is_of_aws(name.raw()) { Reach::Service } else { Reach::Outside };
                vec![names.only(Who::Service(name.raw().to_owned()), reach)]
            }
            // Of whom an id is, cannot be seen: AWS's own log delivery has one, too.
            PrincipalKind::Canonical(name) => id("CanonicalUser", name, Reach::Outside),
            PrincipalKind::Saml(name) => {
                let own = Arn::parse(name.raw()).is_some_and(|arn| self.home.is_own(arn.account));
                id("Federated", name, if own { Reach::Own } else { Reach::Outside })
            }
            PrincipalKind::WebIdentity(name) => {
                let shared = shared(principal.host().unwrap_or_default()).is_some();
                id("Federated", name, if shared { Reach::Anyone } else { Reach::Outside })
            }
        };
        let mut groups: Vec<_> = groups.into_iter().map(|group| self.with_denies(group)).collect();
        groups.sort_by_key(|(group, _)| std::cmp::Reverse(group.reach));
        self.widest(groups.iter(), statement)
    }

    /// The reach of the first group that gets in.
    fn widest<'g>(&self, groups: impl Iterator<Item = &'g (Group, Vec<&'g Statement>)>, allow: &Statement) -> Reach {
        let mut enter = groups.filter(|(group, denies)| {
            let meets = allow.conditions.iter().all(|condition| self.truth(group, condition, Wish::Met) > Truth::No);
            meets && !self.takes_all(denies, allow, group)
        });
        enter.next().map_or(Reach::Nobody, |(group, _)| group.reach)
    }

    /// Whether these denies together certainly cover all that the allow gives to the group.
    fn takes_all(&self, denies: &[&Statement], allow: &Statement, group: &Group) -> bool {
        let mut left = self.budget.get();
        let all = match self.of {
            PolicyOf::Role => {
                let given = assume::given(allow, &group.who);
                given.is_empty() || covered(Some(&Patterns::AnyOf(given)), None, denies, &mut left)
            }
            PolicyOf::Resource => covered(allow.actions.as_ref(), allow.resources.as_ref(), denies, &mut left),
        };
        self.budget.set(left);
        all
    }

    /// Whether a caller of whom only the name is known is kept out of all that the allow gives. `holds`: whether a
    /// condition of a deny certainly holds for them, beside those that hold for everyone of this name.
    pub(super) fn keeps_out(&self, who: &Who, allow: &Statement, holds: &dyn Fn(&Condition) -> bool) -> bool {
        let group = Names::none(self.of).only(who.clone(), Reach::Own);
        self.takes_all(&self.denies(&group, holds), allow, &group)
    }

    fn with_denies(&self, group: Group) -> (Group, Vec<&'a Statement>) {
        let denies = self.denies(&group, &|_| false);
        (group, denies)
    }

    /// The denies that certainly apply to all of the group.
    fn denies(&self, group: &Group, holds: &dyn Fn(&Condition) -> bool) -> Vec<&'a Statement> {
        let applies =
            |condition: &Condition| holds(condition) || self.truth(group, condition, Wish::Unmet) == Truth::Yes;
        let denies = self.document.statements.iter().filter(|statement| {
            statement.effect == Some(Effect::Deny)
                && self.can_spend(principals_of(statement).len())
                && is_named(statement, group)
                && statement.conditions.iter().all(applies)
        });
        denies.collect()
    }

    /// Whether a condition holds: of an allow for some caller in the group, of a deny for all of them.
    fn truth(&self, group: &Group, condition: &Condition, wish: Wish) -> Truth {
        let unclear = if wish == Wish::Met { Truth::Yes } else { Truth::Depends };
        // An operator without a key, and a caller of whom only an id is known.
        if condition.key.is_empty() || matches!(group.who, Who::Id(..)) {
            return unclear;
        }
        let of_all = |all: Vec<Truth>| match wish {
            Wish::Met => all.into_iter().max().unwrap_or(Truth::Yes),
            Wish::Unmet => all.into_iter().min().unwrap_or(Truth::Depends),
        };
        if let Some(all) = group.addresses(condition) {
            return of_all(all);
        }
        let values = group.values(condition, &self.home);
        if !self.can_spend(values.len().saturating_mul(condition.values().len() + 1)) {
            return unclear;
        }
        let is_known = values.iter().any(|value| matches!(value, Value::Is(_)));
        let is_bool = condition.key.eq_ignore_ascii_case("aws:PrincipalIsAWSService")
            && condition.texts().all(|text| ["true", "false"].iter().any(|word| text.eq_ignore_ascii_case(word)));
        if is_known && ((Group::is_beyond_text(condition) && !is_bool) || self.has_open_variable(condition)) {
            return Truth::Depends;
        }
        // A text that stands for others has another length than they have: that `?` matches it is not certain.
        let must_match = condition.is_negated() == (wish == Wish::Met);
        if is_known && must_match && condition.texts().any(|text| text.contains('?')) {
            return Truth::Depends;
        }
        let enabled = self.has_variables();
        let variable = |key: &str| self.variable(key).map_or(Value::Unknown, |known| Value::one(known.to_owned()));
        let variables = Variables { enabled, value: &variable };
        of_all(values.iter().map(|value| condition.holds(value, wish, &variables)).collect())
    }

    /// Whether so many comparisons are left. Once they are not, none is.
    fn can_spend(&self, comparisons: usize) -> bool {
        let left = self.budget.get().checked_sub(comparisons as u64 + 1);
        self.budget.set(left.unwrap_or(0));
        left.is_some()
    }

    fn has_variables(&self) -> bool {
        self.document.version.as_deref() == Some("2012-10-17")
    }

    /// The variables whose values are known: those of the resource.
    fn variable(&self, key: &str) -> Option<&str> {
        match key.to_ascii_lowercase().as_str() {
            "aws:resourceaccount" => self.home.account.map(Untrusted::raw),
            "aws:resourceorgid" => self.home.organization,
            _ => None,
        }
    }

    /// Whether a value contains a variable whose value is not known.
    fn has_open_variable(&self, condition: &Condition) -> bool {
        self.has_variables()
            && condition.texts().any(|text| {
                text.split("${").skip(1).any(|rest| self.variable(rest.split('}').next().unwrap_or_default()).is_none())
            })
    }
}

fn principals_of(statement: &Statement) -> &[(String, String)] {
    match &statement.principals {
        Some(Principals::AnyOf(names) | Principals::AllBut(names)) => names,
        _ => &[],
    }
}

/// Whether a name has the form of a service principal. AWS owns these domains.
fn is_of_aws(service: &str) -> bool {
    let service = service.to_ascii_lowercase();
    [".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".aws.internal", ".api.aws", ".amazon.com"]
        .iter()
        .any(|domain| service.ends_with(domain))
}

/// Whether the `Principal` of a deny certainly names every caller in the group.
fn is_named(deny: &Statement, group: &Group) -> bool {
    match &deny.principals {
        Some(Principals::Anyone) => true,
        Some(Principals::AnyOf(principals)) => principals.iter().any(|(kind, name)| names_all(kind, name, group)),
        // A list that is empty or was not understood: a deny that rests on it keeps nobody out.
        Some(Principals::AllBut(principals)) => {
            !principals.is_empty() && principals.iter().all(|(kind, name)| names_none(kind, name, group))
        }
        Some(Principals::Unknown | Principals::Invalid) | None => false,
    }
}

fn names_all(kind: &str, name: &str, group: &Group) -> bool {
    match (kind, &group.who) {
        // "The same as `*`", which lets services take a role, too.
        ("AWS", Who::AnyService) => name == "*" && group.of == PolicyOf::Role,
        ("AWS", Who::Service(_)) => false,
        ("AWS", _) if name == "*" => true,
        ("AWS", Who::Exact(arn)) if name == arn => true,
        ("AWS", Who::Exact(_) | Who::Principals { .. }) => {
            !group.accounts.is_empty()
                && account_of(name).is_some_and(|id| group.accounts.iter().all(|account| account == id))
        }
        (_, Who::Id(of, id)) => kind == of && name == id,
        ("Federated", Who::Provider(provider)) => name == provider,
        ("Service", Who::Service(service)) => name == service,
        _ => false,
    }
}

/// The account of a `Principal` that stands for a whole account.
fn account_of(name: &str) -> Option<&str> {
    if is_account_id(name) {
        return Some(name);
    }
    Arn::parse(name).filter(|arn| arn.resource == "root" && is_account_id(arn.account)).map(|arn| arn.account)
}

fn names_none(kind: &str, name: &str, group: &Group) -> bool {
    if kind == "Service" && !is_pattern(name) {
        return match &group.who {
            Who::AnyService => false,
            Who::Service(service) => !service.eq_ignore_ascii_case(name),
            _ => true,
        };
    }
    let account = Arn::parse(name).map_or(name, |arn| arn.account);
    let is_principal = matches!(group.who, Who::Principals { .. } | Who::Exact(_));
    kind == "AWS"
        && is_account_id(account)
        && !matches!(group.who, Who::Id(..) | Who::Provider(_))
        && !(is_principal && group.accounts.iter().any(|id| id == account))
}
