//! The callers of a resource, in groups that a policy can tell apart. `known` says which values their keys have.
//!
//! A group is all callers of the same reach: strangers, anonymous callers, the accounts and organizations that the
//! policy names, the resource's own account and organization, and AWS services, by the account for which they act.
//! Of each key, a group has all values that a caller in it can have. A text that stands for any other one consists of a
//! character that no policy can contain, so that only a wildcard matches.

use super::callers::{Home, PolicyOf, Reach};
use super::document::{Document, Principals};
use super::matching::ANY;
use crate::arn::{Arn, wildcard};
use std::collections::BTreeSet;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Who {
    /// Principals of the accounts; `named` if the policy's `Principal` names them, and not everyone.
    Principals {
        named: bool,
    },
    /// One principal, by ARN.
    Exact(String),
    Anonymous,
    /// A service that acts for a resource of the accounts.
    AnyService,
    Service(String),
    /// An id of which the account is not known, by type and name.
    Id(String, String),
    /// The identities of an identity provider, by its name, that ask for a session of a role.
    Provider(String),
}

#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) of: PolicyOf,
    pub(super) who: Who,
    pub(super) reach: Reach,
    pub(super) accounts: Vec<String>,
    pub(super) arns: Vec<String>,
    /// The ids of organizations, and the paths in them. An empty text stands for no organization.
    pub(super) organizations: Vec<String>,
    pub(super) paths: Vec<String>,
    /// Whether a caller can be in the networks, and have the ids, that the policy names.
    pub(super) inside: bool,
}

/// What the conditions of a policy say of callers.
#[derive(Debug, Default)]
pub(super) struct Names {
    of: PolicyOf,
    accounts: BTreeSet<String>,
    account_patterns: BTreeSet<String>,
    principals: BTreeSet<String>,
    sources: BTreeSet<String>,
    organizations: BTreeSet<String>,
    organization_patterns: BTreeSet<String>,
    paths: BTreeSet<String>,
}

impl Names {
    pub(super) fn size(&self) -> usize {
        let arns = self.principals.len() + self.sources.len();
        arns + self.organizations.len() + self.organization_patterns.len() + self.paths.len()
    }

    pub(super) fn none(of: PolicyOf) -> Self {
        Self { of, ..Self::default() }
    }

    pub(super) fn of(document: &Document, of: PolicyOf) -> Self {
        let mut names = Self::none(of);
        for statement in &document.statements {
            for condition in &statement.conditions {
                for value in condition.texts().filter(|value| !value.contains("${")) {
                    names.add(&condition.key.to_ascii_lowercase(), &value);
                }
            }
            if let Some(Principals::AllBut(principals)) = &statement.principals {
                for (_, name) in principals.iter().filter(|(kind, _)| kind == "AWS") {
                    let key = if Arn::parse(name).is_some() { "aws:principalarn" } else { "aws:principalaccount" };
                    names.add(key, name);
                }
            }
        }
        names
    }

    fn add(&mut self, key: &str, value: &str) {
        match key {
            "aws:principalaccount" | "aws:sourceaccount" | "aws:sourceowner" | "kms:calleraccount" => {
                let set = if is_pattern(value) { &mut self.account_patterns } else { &mut self.accounts };
                set.insert(filled(value));
            }
            "aws:principalarn" | "aws:sourcearn" => {
                let account = Arn::parse(value).map_or("", |arn| arn.account);
                if !account.is_empty() && !is_pattern(account) {
                    self.accounts.insert(account.to_owned());
                }
                let set = if key == "aws:sourcearn" { &mut self.sources } else { &mut self.principals };
                set.insert(value.to_owned());
            }
            "aws:principalorgid" | "aws:sourceorgid" => self.add_organization(value, None),
            "aws:principalorgpaths" | "aws:sourceorgpaths" => {
                let (id, rest) = value.split_once('/').unwrap_or((value, ""));
                self.add_organization(id, Some(rest));
                // A wildcard can stand for the slash, too.
                self.paths.extend(organization(value).filter(|id| id.contains(ANY) && !id.contains('/')));
            }
            _ => {}
        }
    }

    /// An organization, with the rest of the path.
    fn add_organization(&mut self, pattern: &str, rest: Option<&str>) {
        let Some(id) = organization(pattern) else { return };
        self.paths.extend(rest.map(|rest| filled(&format!("{id}/{rest}"))));
        let set = if id.contains(ANY) { &mut self.organization_patterns } else { &mut self.organizations };
        set.insert(id);
    }

    /// The groups of a policy whose `Principal` is everyone.
    pub(super) fn everyone(&self, home: &Home<'_>) -> Vec<Group> {
        let anonymous = |inside: bool| Group {
            who: Who::Anonymous,
            reach: if inside { Reach::Outside } else { Reach::Anyone },
            inside,
            ..self.group(Who::Anonymous, Reach::Anyone, &[])
        };
        let mut all = vec![anonymous(false), anonymous(true)];
        all.extend(self.accounts_of(&Who::Principals { named: false }, home));
        all.extend(self.services(home));
        all
    }

    /// The services that act for anyone, and for the accounts and resources that the policy names.
    pub(super) fn services(&self, home: &Home<'_>) -> Vec<Group> {
        let mut all = self.accounts_of(&Who::AnyService, home);
        let unknown = self.group(Who::AnyService, Reach::Outside, &self.strangers());
        let is_open =
            |arn: &String| Arn::parse(arn).is_none_or(|arn| arn.account.is_empty() || arn.account.contains(ANY));
        let arns: Vec<_> = self
            .sources
            .iter()
            .filter(|source| !is_anyones(source))
            .map(|source| filled(source))
            .filter(is_open)
            .collect();
        for arns in self.apart(&arns) {
            all.extend(self.by_organization(&Group { arns: arns.to_vec(), ..unknown.clone() }, home));
        }
        if self.of == PolicyOf::Role {
            // A service takes a role from whom the role's account lets pass it; some then act for people elsewhere.
            for group in &mut all {
                group.reach = Reach::Outside;
            }
        }
        all
    }

    fn strangers(&self) -> Vec<String> {
        std::iter::once(ANY.to_owned()).chain(self.account_patterns.iter().cloned()).collect()
    }

    /// Strangers, and the accounts that the policy names, each by their organization.
    fn accounts_of(&self, who: &Who, home: &Home<'_>) -> Vec<Group> {
        let stranger = self.group(who.clone(), Reach::Anyone, &self.strangers());
        let mut all = self.by_organization(&stranger, home);
        let own: Vec<String> = home.account.iter().map(|own| own.raw().to_owned()).collect();
        let known = |account: &String| home.members.iter().any(|member| member.raw() == account);
        let named = self.accounts.iter().filter(|account| !own.contains(account));
        let (members, others): (Vec<_>, Vec<_>) = named.cloned().partition(known);
        for accounts in self.apart(&others) {
            all.extend(self.by_organization(&self.group(who.clone(), Reach::Outside, accounts), home));
        }
        for (accounts, reach) in [(members, Reach::Organization), (own, Reach::Own)] {
            let groups = self.apart(&accounts).map(|accounts| self.group(who.clone(), reach, accounts));
            all.extend(groups.map(|group| self.of_any_organization(group, home)));
        }
        all
    }

    /// Each name for a group of its own, so that a deny of one name can be certain. Of a huge policy, all together.
    fn apart<'n, T>(&self, names: &'n [T]) -> std::slice::Chunks<'n, T> {
        let groups = (self.accounts.len() + 1) * (self.organizations.len() + 1) + self.sources.len();
        names.chunks(if groups <= MOST_APART { 1 } else { names.len().max(1) })
    }

    /// The principals of one account, or one of them.
    pub(super) fn account(&self, account: &str, exact: Option<&str>, home: &Home<'_>) -> Vec<Group> {
        let who = exact.map_or(Who::Principals { named: true }, |arn| Who::Exact(arn.to_owned()));
        let reach = if home.is_own(account) {
            Reach::Own
        } else if home.members.iter().any(|member| member.raw() == account) {
            Reach::Organization
        } else if self.of == PolicyOf::Resource && LOAD_BALANCING.contains(&account) {
            Reach::Service
        } else {
            Reach::Outside
        };
        let mut group = self.group(who, reach, &[account.to_owned()]);
        if let Some(arn) = exact {
            // `aws:PrincipalArn` of a session is the ARN of its role.
            if Arn::parse(arn).is_some_and(|arn| arn.resource.starts_with("role/") || arn.resource.starts_with("user/"))
            {
                group.arns.clear();
            }
            group.arns.push(arn.to_owned());
        }
        match reach {
            Reach::Outside => self.by_organization(&group, home),
            _ => vec![self.of_any_organization(group, home)],
        }
    }

    /// A group of one caller of which only the name is known.
    pub(super) fn only(&self, who: Who, reach: Reach) -> Group {
        self.group(who, reach, &[])
    }

    /// Principals of these accounts, or services that act for them, in no organization that the policy names.
    fn group(&self, who: Who, reach: Reach, accounts: &[String]) -> Group {
        let organizations = std::iter::once(String::new())
            .chain(std::iter::once(format!("o-{ANY}")))
            .chain(self.organization_patterns.iter().cloned())
            .collect();
        let mut paths = vec![String::new(), format!("o-{ANY}/{ANY}/{ANY}/")];
        paths.extend(self.paths.iter().filter(|path| organization_of(path).contains(ANY)).cloned());
        let arns = match who {
            Who::AnyService => arns(accounts, &self.sources, true),
            _ => arns(accounts, &self.principals, false),
        };
        let (of, accounts, inside) = (self.of, accounts.to_vec(), reach < Reach::Anyone);
        Group { of, who, reach, accounts, arns, organizations, paths, inside }
    }

    /// The group as it is, in a named network, in another organization that the policy names, and in the own one.
    fn by_organization(&self, group: &Group, home: &Home<'_>) -> Vec<Group> {
        let mut all = vec![group.clone()];
        let narrower = Group { reach: group.reach.min(Reach::Outside), inside: true, ..group.clone() };
        if group.reach == Reach::Anyone {
            all.push(narrower.clone());
        }
        let others: Vec<_> = self.organizations.iter().filter(|id| home.organization != Some(id.as_str())).collect();
        all.extend(self.apart(&others).map(|ids| self.within(&narrower, ids.iter().map(|id| id.as_str()))));
        if let Some(own) = home.organization {
            let reach = group.reach.min(Reach::Organization);
            all.push(Group { reach, ..self.within(&narrower, std::iter::once(own)) });
        }
        all
    }

    fn of_any_organization(&self, mut group: Group, home: &Home<'_>) -> Group {
        let named = self.organizations.iter().map(String::as_str).chain(home.organization);
        let within = self.within(&group, named);
        group.organizations.extend(within.organizations);
        group.paths.extend(within.paths);
        group
    }

    fn within<'a>(&self, group: &Group, organizations: impl Iterator<Item = &'a str>) -> Group {
        let organizations: Vec<String> = organizations.map(str::to_owned).collect();
        let mut paths: Vec<_> = organizations.iter().map(|id| format!("{id}/{ANY}/{ANY}/")).collect();
        for path in &self.paths {
            let (of, rest) = path.split_once('/').unwrap_or((path, ""));
            match organizations.iter().find(|id| id.as_str() == of) {
                Some(_) => paths.push(path.clone()),
                // A pattern that leaves the organization open.
                None if of.contains(ANY) => paths.extend(organizations.first().map(|id| format!("{id}/{rest}"))),
                None => {}
            }
        }
        Group { organizations, paths, ..group.clone() }
    }
}

/// The ARNs that principals or resources of these accounts can have, as far as patterns tell them apart.
fn arns(accounts: &[String], patterns: &BTreeSet<String>, sources: bool) -> Vec<String> {
    let strangers = accounts.first().is_some_and(|account| account == ANY);
    let region = if sources { ANY } else { "" };
    let known: BTreeSet<&str> = accounts.iter().map(String::as_str).collect();
    let mut all: Vec<_> = accounts.iter().map(|account| format!("arn:{ANY}:{ANY}:{region}:{account}:{ANY}")).collect();
    let can_match = |pattern: &&String| {
        let account = Arn::parse(pattern).map(|arn| arn.account);
        match account {
            // Some ARNs of resources contain no account, such as those of buckets.
            Some(account) if !is_pattern(account) && (!sources || !account.is_empty()) => known.contains(account),
            // No principal has an ARN that is none.
            None if !sources && !is_pattern(pattern) => false,
            _ if !strangers => true,
            Some(_) if !sources => true,
            _ => is_anyones(pattern),
        }
    };
    all.extend(patterns.iter().filter(can_match).map(|pattern| filled(pattern)));
    all
}

/// Whether anyone can have a resource whose ARN matches. The names of buckets are unique, so that an account is not
/// needed to name one.
fn is_anyones(source: &str) -> bool {
    let Some(arn) = Arn::parse(source) else { return is_pattern(source) };
    let bucket = arn.resource.split('/').next().unwrap_or_default();
    if arn.service == "s3" && !is_pattern(bucket) && !bucket.is_empty() && !bucket.contains(':') {
        return false;
    }
    is_pattern(arn.account) || (arn.account.is_empty() && is_pattern(arn.resource))
}

/// The id of an organization that a pattern matches: every id starts with `o-`.
fn organization(pattern: &str) -> Option<String> {
    let lower = pattern.to_ascii_lowercase();
    if lower.starts_with("o-") {
        return Some(filled(&lower));
    }
    let any = format!("o-{ANY}");
    let rest = |skipped: usize| lower.get(skipped..).map(filled).unwrap_or_default();
    [format!("{any}{}", rest(1)), format!("{any}{}", rest(2)), format!("o-{}", rest(2))]
        .into_iter()
        .find(|id| is_pattern(&lower) && wildcard(&lower, id))
}

fn organization_of(path: &str) -> &str {
    path.split('/').next().unwrap_or_default()
}

pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?'])
}

pub(super) fn filled(pattern: &str) -> String {
    pattern.replace(['*', '?'], ANY)
}

/// The most groups of a policy before names share one.
const MOST_APART: usize = 300;

/// The accounts with which AWS delivers the access logs of load balancers, one a region ("Enable access logs for your
/// Application Load Balancer" in the guide of Elastic Load Balancing).
const LOAD_BALANCING: [&str; 26] = [
    "127311923021", // us-east-1
    "033677994240", // us-east-2
    "027434742980", // us-west-1
    "797873946194", // us-west-2
    "098369216593", // af-south-1
    "754344448648", // ap-east-1
    "718504428378", // ap-south-1
    "582318560864", // ap-northeast-1
    "600734575887", // ap-northeast-2
    "383597477331", // ap-northeast-3
    "114774131450", // ap-southeast-1
    "783225319266", // ap-southeast-2
    "589379963580", // ap-southeast-3
    "985666609251", // ca-central-1
    "054676820928", // eu-central-1
    "897822967062", // eu-north-1
    "635631232127", // eu-south-1
    "156460612806", // eu-west-1
    "652711504416", // eu-west-2
    "009996457667", // eu-west-3
    "076674570225", // me-south-1
    "507241528517", // sa-east-1
    "190560391635", // us-gov-east-1
    "048591011584", // us-gov-west-1
    "638102146993", // cn-north-1
    "037604701340", // cn-northwest-1
];
