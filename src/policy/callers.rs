//! Who can assume a role: synthetic callers are tried against the whole trust policy, denies included.
//!
//! A caller is a stranger with and without an organization, a member of an organization that the policy names, a
//! principal of another account that it names, or a principal of the role's own account. Values that a condition leaves
//! to the caller (external id, MFA, tags) are as the caller wants them.

use super::condition::Wish;
use super::document::{Condition, Document, Effect, Patterns, Principals, Statement};
use super::matching::{ANY, Variables};
use super::providers::{SharedProvider, shared};
use super::truth::{Truth, Value};
use crate::arn::{Arn, wildcard_ignoring_case};
use crate::text::Untrusted;

/// Who can assume the role, from the narrowest to the widest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Nobody: the conditions or a deny let nobody in.
    Nobody,
    /// An AWS service.
    Service,
    /// Principals of the role's own account, or identities of a provider that only the account's owner uses.
    Own,
    /// Principals of the account's own organization.
    Organization,
    /// Another account or organization, some customers of a shared provider, or every identity of an own provider.
    Outside,
    /// Anyone, or every customer of a provider where anyone can be a customer.
    Anyone,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrincipalKind {
    /// Any principal of any account, and anonymous callers.
    Anyone,
    /// Every principal that the policies of this account authorize.
    Account(Untrusted),
    /// A user, role or session, by ARN; or the unique id that remains of a deleted one.
    Principal(Untrusted),
    Service(Untrusted),
    Saml(Untrusted),
    /// An OIDC identity provider, by ARN or host name.
    WebIdentity(Untrusted),
    /// An account by its canonical user id, which does not contain the account's number. Only in resource policies.
    Canonical(Untrusted),
}

impl PrincipalKind {
    pub(super) fn read(kind: &str, name: &str) -> Option<Self> {
        let named = || Untrusted::new(name);
        Some(match kind {
            "AWS" | "Federated" if name == "*" => Self::Anyone,
            "AWS" if name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_digit()) => Self::Account(named()),
            "AWS" => match Arn::parse(name) {
                Some(arn) if arn.account.contains('*') => Self::Anyone,
                Some(arn) if arn.resource == "root" => Self::Account(arn.account.into()),
                _ => Self::Principal(named()),
            },
            "Service" => Self::Service(named()),
            "Federated" if name.contains(":saml-provider/") => Self::Saml(named()),
            "Federated" => Self::WebIdentity(named()),
            _ => return None,
        })
    }

    /// What a service does with the role for outsiders, if it does something for them.
    pub(super) fn serves_outsiders(&self) -> Option<&'static str> {
        let Self::Service(name) = self else { return None };
        FOR_OUTSIDERS.iter().find(|(service, _)| name.raw().eq_ignore_ascii_case(service)).map(|(_, what)| *what)
    }

    /// The host of an OIDC provider.
    pub(super) fn host(&self) -> Option<&str> {
        match self {
            Self::WebIdentity(provider) => {
                Some(provider.raw().rsplit_once("oidc-provider/").map_or(provider.raw(), |(_, host)| host))
            }
            _ => None,
        }
    }
}

/// The calls that return a session of the role.
const ASSUMING: [&str; 4] =
    ["sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoot"];

/// Whether a statement covers a call that returns a session of the role. Without a plain `Action`, it can cover any.
pub(super) fn assumes(statement: &Statement) -> bool {
    covers(statement, &ASSUMING)
}

/// Whether a statement covers one of these actions.
pub(super) fn covers(statement: &Statement, wanted: &[&str]) -> bool {
    let actions = match &statement.actions {
        Some(Patterns::AnyOf(actions) | Patterns::Invalid(actions)) => actions.as_slice(),
        Some(Patterns::AllBut(_)) | None => return true,
    };
    actions.is_empty()
        || actions.iter().any(|pattern| wanted.iter().any(|action| wildcard_ignoring_case(pattern, action)))
}

/// Services that give sessions of the role to clients outside of AWS, in exchange for a certificate.
const FOR_CLIENTS: [&str; 2] = ["rolesanywhere.amazonaws.com", "credentials.iot.amazonaws.com"];

/// Services that act with the role for people or machines outside of AWS: who they are, as the end of a sentence about
/// the role.
const FOR_OUTSIDERS: [(&str, &str); 6] = [
    ("ssm.amazonaws.com", "gives sessions of the role to machines outside of AWS (hybrid activations)"),
    ("greengrass.amazonaws.com", "gives sessions of the role to devices outside of AWS"),
    ("transfer.amazonaws.com", "acts with the role for users of a file server"),
    ("cognito-idp.amazonaws.com", "acts with the role for users of a user pool, where anyone may be able to sign up"),
    ("apigateway.amazonaws.com", "acts with the role for callers of an API"),
    ("appsync.amazonaws.com", "acts with the role for callers of an API"),
];

/// The keys of calls that AWS services make, and the ids of entities.
const OTHER_CALLERS: [&str; 9] = [
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalServiceName",
    "aws:PrincipalServiceNamesList",
    "aws:ViaAWSService",
    "aws:userid",
];

/// The most callers that are tried. A hostile policy can name hundreds of principals and organizations.
const MOST: usize = 4_096;

const COGNITO: &str = "cognito-identity.amazonaws.com";

/// An account that is nobody's, for a stranger.
const STRANGER: &str = "000000000000";

/// The role's own account and organization, as far as they are known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Home<'a> {
    pub account: Option<&'a Untrusted>,
    /// The id of the organization, `o-…`.
    pub organization: Option<&'a str>,
    /// The ids of accounts of which AWS Organizations said that they are the organization's.
    pub members: &'a [Untrusted],
}

impl Home<'_> {
    pub(super) fn is_own(&self, account: &str) -> bool {
        self.account.is_some_and(|own| own.raw() == account)
    }
}

/// A principal of AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Caller {
    arn: String,
    account: String,
    organization: Option<String>,
    /// The path of its account in the organization.
    path: Option<String>,
}

impl Caller {
    fn value(&self, key: &str) -> Value<'static> {
        match key.to_ascii_lowercase().as_str() {
            "aws:principalarn" => Value::one(self.arn.clone()),
            "aws:principalaccount" => Value::one(self.account.clone()),
            "aws:principalorgid" => self.organization.clone().map_or(Value::Absent, Value::one),
            "aws:principalorgpaths" => self.path.clone().map_or(Value::Absent, Value::one),
            "aws:principalisawsservice" | "aws:viaawsservice" | "aws:assumedroot" => Value::one("false"),
            "aws:sourcearn"
            | "aws:sourceaccount"
            | "aws:sourceorgid"
            | "aws:sourceorgpaths"
            | "aws:principalservicename"
            | "aws:principalservicenameslist" => Value::Absent,
            // Only the entity with this id has it.
            "aws:userid" | "aws:principalid" => Value::one(format!("AIDA{ANY}")),
            "aws:securetransport" | "aws:requestedregion" | "aws:currenttime" | "aws:epochtime" | "aws:useragent" => {
                Value::Chosen { optional: false }
            }
            _ => Value::Chosen { optional: true },
        }
    }

    fn reach(&self, home: &Home<'_>) -> Reach {
        if home.is_own(&self.account) {
            return Reach::Own;
        }
        match &self.organization {
            Some(id) if home.organization == Some(id) => Reach::Organization,
            _ if home.members.iter().any(|member| member.raw() == self.account) => Reach::Organization,
            _ if self.account != STRANGER => Reach::Outside,
            // A stranger can be in an organization of any id, but not in one that somebody else has.
            Some(id) if !id.contains(ANY) => Reach::Outside,
            _ => Reach::Anyone,
        }
    }
}

/// A trust policy, with what is asked of it.
pub(super) struct Callers<'a> {
    pub(super) document: &'a Document,
    pub(super) home: Home<'a>,
}

impl Callers<'_> {
    /// The widest reach of a principal through one statement that allows it.
    pub(super) fn reach(&self, principal: &PrincipalKind, statement: &Statement) -> Reach {
        match principal {
            PrincipalKind::Anyone => self.of_aws(principal, statement, None),
            PrincipalKind::Account(id) => self.of_aws(principal, statement, Some((id.raw(), None))),
            PrincipalKind::Principal(arn) => match Arn::parse(arn.raw()) {
                Some(parsed) => self.of_aws(principal, statement, Some((parsed.account, Some(arn.raw())))),
                // An id without an ARN can be of any account: IAM accepts ids of other accounts, too.
                None => Reach::Outside,
            },
            PrincipalKind::Canonical(_) => Reach::Outside,
            PrincipalKind::Service(name) if FOR_CLIENTS.contains(&name.raw()) => of_clients(&statement.conditions),
            PrincipalKind::Service(_) => Reach::Service,
            PrincipalKind::Saml(arn) => {
                let own = Arn::parse(arn.raw()).is_some_and(|arn| self.home.is_own(arn.account));
                if own { Reach::Own } else { Reach::Outside }
            }
            PrincipalKind::WebIdentity(provider) => {
                let host = principal.host().unwrap_or_default();
                let elsewhere = Arn::parse(provider.raw()).is_some_and(|arn| !self.home.is_own(arn.account));
                let reach = match shared(host) {
                    Some(shared) => self.of_shared_provider(principal, shared, statement),
                    None => of_own_provider(host, &statement.conditions),
                };
                if elsewhere && reach > Reach::Nobody { reach.max(Reach::Outside) } else { reach }
            }
        }
    }

    /// The widest of the callers of AWS that get in; `only` is the account, and perhaps the ARN, of the only ones.
    fn of_aws(&self, principal: &PrincipalKind, statement: &Statement, only: Option<(&str, Option<&str>)>) -> Reach {
        let callers = self.callers(only);
        let mut enter = callers.iter().take(MOST).filter(|caller| {
            let value = |key: &str| caller.value(key);
            self.meets(statement, Wish::Met, &value) > Truth::No && !self.denied(principal, &caller.arn, &value)
        });
        let widest = enter.next().map_or(Reach::Nobody, |caller| caller.reach(&self.home));
        // Those that were not tried can get in.
        let widest = callers.get(MOST).map_or(widest, |caller| widest.max(caller.reach(&self.home)));
        // These keys identify a caller that is not among those that were tried: a service, or the owner of an id.
        let identifies =
            |condition: &Condition| OTHER_CALLERS.iter().any(|key| key.eq_ignore_ascii_case(&condition.key));
        if widest == Reach::Nobody && statement.conditions.iter().any(identifies) { Reach::Outside } else { widest }
    }

    /// The callers that the conditions of the policy can tell apart.
    fn callers(&self, only: Option<(&str, Option<&str>)>) -> Vec<Caller> {
        let own = self.home.account.map_or(STRANGER, Untrusted::raw);
        let mut arns = Vec::new();
        match only {
            Some((_, Some(arn))) => arns.push(arn.to_owned()),
            Some((account, None)) => arns.push(format!("arn:aws:iam::{account}:role/{ANY}")),
            None => {
                arns.push(format!("arn:aws:iam::{STRANGER}:role/{ANY}"));
                arns.push(format!("arn:aws:iam::{own}:role/{ANY}"));
            }
        }
        let member = |id: String| (Some(id.clone()), Some(format!("{id}/{ANY}/{ANY}/")));
        let mut organizations = vec![(None, None), member(format!("o-{ANY}"))];
        organizations.extend(self.home.organization.map(|id| member(id.to_owned())));
        for condition in self.document.statements.iter().flat_map(|statement| &statement.conditions) {
            let key = condition.key.to_ascii_lowercase();
            let values = condition.values().iter().filter_map(|value| value.as_str());
            for value in values {
                let filled = value.replace(['*', '?'], ANY);
                match key.as_str() {
                    "aws:principalarn" => {
                        let Some(arn) = Arn::parse(&filled) else { continue };
                        let account = if arn.account.contains(ANY) { STRANGER } else { arn.account };
                        let partition = if arn.partition.contains(ANY) { "aws" } else { arn.partition };
                        arns.push(format!("arn:{partition}:{}:{}:{account}:{}", arn.service, arn.region, arn.resource));
                    }
                    "aws:principalaccount" if !filled.contains(ANY) => {
                        arns.push(format!("arn:aws:iam::{filled}:role/{ANY}"));
                    }
                    "aws:principalorgid" => organizations.push(member(filled)),
                    "aws:principalorgpaths" => {
                        let id = filled.split('/').next().unwrap_or_default();
                        let id = if id == ANY { format!("o-{ANY}") } else { id.to_owned() };
                        organizations.push((Some(id), Some(filled)));
                    }
                    _ => {}
                }
            }
        }
        let account = |arn: &str| Arn::parse(arn).map_or(STRANGER.to_owned(), |arn| arn.account.to_owned());
        arns.retain(|arn| {
            only.is_none_or(|(wanted, exact)| exact.map_or(account(arn) == wanted, |exact| exact == arn))
        });
        let with = |arn: &String| {
            let (arn, account) = (arn.clone(), account(arn));
            organizations
                .iter()
                .map(move |(id, path)| Caller {
                    arn: arn.clone(),
                    account: account.clone(),
                    organization: id.clone(),
                    path: path.clone(),
                })
                .collect::<Vec<_>>()
        };
        let mut all: Vec<_> = arns.iter().flat_map(with).collect();
        // The widest first: the first that gets in decides.
        all.sort_by_key(|caller| std::cmp::Reverse(caller.reach(&self.home)));
        all
    }

    fn meets(&self, statement: &Statement, wish: Wish, value: &dyn Fn(&str) -> Value<'static>) -> Truth {
        let enabled = self.document.version.as_deref() == Some("2012-10-17");
        let holds = |condition: &Condition| {
            condition.holds(&value(&condition.key), wish, &Variables { enabled, value: &|key| value(key) })
        };
        let written = statement.conditions.iter().filter(|condition| !condition.key.is_empty());
        written.map(holds).min().unwrap_or(Truth::Yes)
    }

    /// Whether a statement certainly denies a caller to assume the role.
    fn denied(&self, principal: &PrincipalKind, arn: &str, value: &dyn Fn(&str) -> Value<'static>) -> bool {
        self.document.statements.iter().any(|statement| {
            statement.effect == Some(Effect::Deny)
                && assumes(statement)
                && names(statement, principal, arn)
                && self.meets(statement, Wish::Unmet, value) == Truth::Yes
        })
    }

    /// Whether a stranger gets a token that the conditions accept.
    fn of_shared_provider(&self, principal: &PrincipalKind, provider: &SharedProvider, statement: &Statement) -> Reach {
        let claims = |condition: &Condition| Some((claim_of(&condition.key, provider)?, condition.requires_exactly()?));
        let value = |key: &str| match key.to_ascii_lowercase().as_str() {
            "aws:principalorgid" | "aws:principalaccount" | "aws:principalarn" => Value::Absent,
            _ => Value::Chosen { optional: true },
        };
        let texts = |condition: &Condition| -> Vec<String> {
            condition.values().iter().map(|value| value.as_str().unwrap_or_default().to_owned()).collect()
        };
        let required = statement.conditions.iter().filter_map(|condition| Some((condition, claims(condition)?)));
        let (mut stranger, mut nobody) = (true, false);
        for (condition, (claim, exact)) in required {
            let values = texts(condition);
            stranger &= values.iter().any(|value| provider.stranger_can_have(&claim, value, exact));
            // No provider issues a subject with a wildcard in it.
            let impossible = |value: &String| exact && value.contains(['*', '?']) && claim != "aud";
            nobody |= values.iter().all(impossible);
        }
        if nobody || self.denied(principal, "", &value) {
            return Reach::Nobody;
        }
        stranger &= !self.denies_stranger(principal, provider);
        stranger |= provider.host == COGNITO && self.lets_guests_in(statement);
        if stranger { Reach::Anyone } else { Reach::Outside }
    }
}

impl Callers<'_> {
    /// Whether a statement denies everybody whose token has not one of the values that a stranger cannot have.
    fn denies_stranger(&self, principal: &PrincipalKind, provider: &SharedProvider) -> bool {
        let strangers = |condition: &Condition| {
            let claim = claim_of(&condition.key, provider).zip(condition.excludes_exactly());
            claim.is_some_and(|(claim, exact)| {
                let mut values = condition.values().iter().filter_map(|value| value.as_str());
                !values.any(|value| provider.stranger_can_have(&claim, value, exact))
            })
        };
        self.document.statements.iter().any(|statement| {
            statement.effect == Some(Effect::Deny)
                && assumes(statement)
                && names(statement, principal, "")
                && statement.conditions.iter().all(strangers)
        })
    }

    /// Whether a guest of the identity pool that the conditions name gets in. The id of a pool is no secret: it is in
    /// every app that uses the pool.
    fn lets_guests_in(&self, statement: &Statement) -> bool {
        let value = |key: &str| {
            let key = key.to_ascii_lowercase();
            match key.strip_prefix(COGNITO) {
                Some(":amr") => Value::one("unauthenticated"),
                Some(":sub") => Value::one(ANY),
                _ => Value::Chosen { optional: false },
            }
        };
        self.meets(statement, Wish::Met, &value) > Truth::No
    }
}

/// The claim in a condition key of the provider.
fn claim_of(key: &str, provider: &SharedProvider) -> Option<String> {
    let key = key.to_ascii_lowercase();
    if key.starts_with("sts:") {
        return Some(key);
    }
    Some(key.strip_prefix(provider.host)?.strip_prefix(':')?.to_owned())
}

/// Whether the `Principal` of a statement names the caller.
fn names(statement: &Statement, principal: &PrincipalKind, arn: &str) -> bool {
    match &statement.principals {
        Some(Principals::Anyone) => true,
        Some(Principals::AnyOf(principals)) => principals.iter().any(|(kind, name)| is(kind, name, principal, arn)),
        // A list that is empty or was not understood: a deny that rests on it keeps nobody out.
        Some(Principals::AllBut(principals)) => {
            !principals.is_empty() && !principals.iter().any(|(kind, name)| is(kind, name, principal, arn))
        }
        Some(Principals::Unknown | Principals::Invalid) | None => false,
    }
}

fn is(kind: &str, name: &str, principal: &PrincipalKind, arn: &str) -> bool {
    match PrincipalKind::read(kind, name) {
        Some(PrincipalKind::Anyone) => true,
        Some(PrincipalKind::Account(id)) => Arn::parse(arn).is_some_and(|arn| arn.account == id.raw()),
        Some(PrincipalKind::Principal(named)) => named.raw() == arn,
        Some(other) => other == *principal,
        None => false,
    }
}

/// For IAM Roles Anywhere and AWS's `IoT` service: everybody with a certificate, unless conditions name both who issues
/// it and its subject.
fn of_clients(conditions: &[Condition]) -> Reach {
    let requires = |is: &dyn Fn(&str) -> bool| {
        conditions.iter().any(|condition| {
            let key = condition.key.to_ascii_lowercase();
            is(&key)
                && condition.requires_exactly().is_some()
                && condition.values().iter().all(|value| is_specific(value.as_str()))
        })
    };
    let subject = requires(&|key| key.starts_with("aws:principaltag/x509") || key.starts_with("credentials-iot:"));
    let issuer = requires(&|key| key == "aws:sourcearn");
    if subject && issuer { Reach::Own } else { Reach::Outside }
}

fn is_specific(value: Option<&str>) -> bool {
    value.is_some_and(|value| value.split(['*', '?']).next().is_some_and(|literal| literal.len() > 1))
}

/// A provider that only the account's owner uses: every identity, unless a condition names some.
fn of_own_provider(host: &str, conditions: &[Condition]) -> Reach {
    let names_some = |condition: &&Condition| {
        let key = condition.key.to_ascii_lowercase();
        let claim = key.strip_prefix(&host.to_ascii_lowercase()).and_then(|rest| rest.strip_prefix(':'));
        let identifies = claim.is_some_and(|claim| claim != "aud" && claim != "iss");
        let values = condition.values();
        identifies
            && condition.requires_exactly().is_some()
            && !values.is_empty()
            && values.iter().all(|value| value.as_str().is_some_and(names_identity))
    };
    if conditions.iter().any(|condition| names_some(&condition)) { Reach::Own } else { Reach::Outside }
}

/// Whether a subject pattern names some identities: of Kubernetes, at least the namespace.
fn names_identity(pattern: &str) -> bool {
    let literal = pattern.split(['*', '?']).next().unwrap_or_default();
    if let Some(account) = pattern.strip_prefix("system:serviceaccount:") {
        let namespace = account.split(':').next().unwrap_or_default();
        return !namespace.is_empty() && !namespace.contains(['*', '?']) && account.contains(':');
    }
    if literal.len() == pattern.len() {
        !pattern.is_empty()
    } else {
        literal.len() > 4 && !literal.starts_with("system:")
    }
}
