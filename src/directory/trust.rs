//! Who may assume a role, read from its trust policy, in words.
//!
//! Follows "AWS JSON policy elements: Principal" and the pages on roles for federation in the IAM user
//! guide. Of conditions it asks only whether they say who may come; which keys they ask for is told.

use super::power::{Effect, OneOrMany};
use crate::arn::{Arn, wildcard_ignoring_case};
use crate::phrase;
use crate::text::{Phrase, Untrusted};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Who may assume a role.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    /// Everyone who is let in, in the order of the policy.
    pub trusted: Vec<Trusted>,
    /// What of the policy could not be told.
    pub doubts: Vec<Phrase>,
    /// Whether it denies some, which is not counted in.
    pub denies: bool,
}

/// One that is let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trusted {
    /// Who it is.
    pub who: Who,
    /// What they have to fulfil: the keys of the conditions, and what is demanded of the subject. Empty where there are none.
    pub conditions: Vec<Phrase>,
    /// How wide that opens the role.
    pub reach: Reach,
}

/// Who is let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// Any principal of any account, and the anonymous.
    Anyone,
    /// All of an account whom the account itself allows it.
    Account(Untrusted),
    /// A user, a role or a session, by ARN or by the id that is left of a deleted one.
    Principal(Untrusted),
    /// An AWS service.
    Service(Untrusted),
    /// Whom a SAML provider vouches for.
    Saml(Untrusted),
    /// Whom a web identity provider vouches for, by ARN or host.
    WebIdentity(Untrusted),
}

/// How wide a role is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// To a service of AWS.
    Service,
    /// To principals of the role's own account, or to whom a provider of the account's own vouches for.
    Own,
    /// To another account, to some customers of a public provider, or to anyone of whom a condition says who.
    Outside,
    /// To anyone, or to every customer of a provider that anyone can be a customer of.
    Anyone,
}

/// The calls that let somebody act by a role.
const ASSUMING: [&str; 4] =
    ["sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoot"];

/// Services that hand the role on to whoever shows them a certificate.
const HANDING_ON: [&str; 2] = ["rolesanywhere.amazonaws.com", "credentials.iot.amazonaws.com"];

/// Condition keys that say who may come, if they demand something. An external id or a source identity is chosen by
/// whoever comes.
const IDENTIFYING: [&str; 8] = [
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceorgid",
    "aws:userid",
];

/// Providers that vouch for anyone who opens an account there: without a condition on the subject, everyone.
const PUBLIC_PROVIDERS: [&str; 8] = [
    "token.actions.githubusercontent.com",
    "accounts.google.com",
    "cognito-identity.amazonaws.com",
    "www.amazon.com",
    "graph.facebook.com",
    "gitlab.com",
    "app.terraform.io",
    "agent.buildkite.com",
];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    statement: OneOrMany<Written>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Written {
    effect: String,
    principal: Option<Principals>,
    not_principal: Option<Value>,
    action: Option<OneOrMany<String>>,
    #[serde(default)]
    condition: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Principals {
    Star(String),
    ByKind(std::collections::BTreeMap<String, OneOrMany<String>>),
}

impl Trust {
    /// Reads the trust policy of a role in the account with this id.
    #[must_use]
    pub fn read(document: &str, account: Option<&Untrusted>) -> Self {
        let Ok(document) = serde_json::from_str::<Document>(document) else {
            return Self { doubts: vec!["the trust policy is none that we understand".into()], ..Self::default() };
        };
        let mut trust = Self::default();
        for statement in document.statement.into_vec() {
            trust.add(statement, account);
        }
        trust
    }

    fn add(&mut self, statement: Written, account: Option<&Untrusted>) {
        match Effect::from_word(&statement.effect) {
            Some(Effect::Allow) => {}
            Some(Effect::Deny) => {
                self.denies = true;
                return;
            }
            None => return self.doubt("a statement of the trust policy neither allows nor denies"),
        }
        let actions = statement.action.map(OneOrMany::into_vec).unwrap_or_default();
        let assumes = |pattern: &String| ASSUMING.iter().any(|action| wildcard_ignoring_case(pattern, action));
        // To tag a session or to set its source identity lets nobody in.
        if !actions.is_empty() && !actions.iter().any(assumes) {
            return;
        }
        if statement.not_principal.is_some() {
            return self.let_in(Who::Anyone, &statement.condition, account);
        }
        match statement.principal {
            Some(Principals::Star(star)) if star == "*" => self.let_in(Who::Anyone, &statement.condition, account),
            Some(Principals::Star(_)) => self.doubt("a statement of the trust policy names nobody that we know"),
            Some(Principals::ByKind(kinds)) => {
                for (kind, names) in kinds {
                    for name in names.into_vec() {
                        match Who::read(&kind, &name) {
                            Some(who) => self.let_in(who, &statement.condition, account),
                            None => self.doubt("it names a kind of principal that we do not know"),
                        }
                    }
                }
            }
            None => self.doubt("a statement of the trust policy names nobody"),
        }
    }

    fn doubt(&mut self, why: &'static str) {
        self.doubts.push(why.into());
    }

    fn let_in(&mut self, who: Who, conditions: &Map<String, Value>, account: Option<&Untrusted>) {
        let reach = who.reach(conditions, account);
        let mut told: Vec<Phrase> = Vec::new();
        for (key, value) in conditions.values().filter_map(Value::as_object).flatten() {
            let name = Untrusted::new(key);
            let subject = first_text(value).filter(|_| key.to_ascii_lowercase().ends_with(":sub"));
            let condition =
                subject.map_or_else(|| phrase!(&name), |subject| phrase!(&name, " (", &Untrusted::new(subject), ")"));
            if !told.contains(&condition) {
                told.push(condition);
            }
        }
        self.trusted.push(Trusted { who, conditions: told, reach });
    }

    /// How wide it opens the role at most.
    #[must_use]
    pub fn reach(&self) -> Option<Reach> {
        self.trusted.iter().map(|trusted| trusted.reach).max()
    }

    /// Everyone who is let in, in words.
    #[must_use]
    pub fn words(&self) -> Vec<Phrase> {
        let mut all: Vec<_> = self.trusted.iter().map(Trusted::words).collect();
        if all.is_empty() && self.doubts.is_empty() {
            all.push("nobody".into());
        }
        all.extend(self.doubts.iter().map(|doubt| phrase!("not certain: ", doubt)));
        if self.denies {
            all.push("it denies some besides, which is not counted in".into());
        }
        all
    }
}

impl Trusted {
    /// Who, and under which conditions.
    #[must_use]
    pub fn words(&self) -> Phrase {
        let who = match &self.who {
            Who::Anyone => "anyone, in any AWS account".into(),
            Who::Account(id) if self.reach == Reach::Own => {
                phrase!("whomever this account's own policies allow it (", id, ")")
            }
            Who::Account(id) => phrase!("whomever account ", id, " allows it"),
            Who::Principal(arn) => Phrase::arn(arn),
            Who::Service(name) => phrase!("the AWS service ", name),
            Who::Saml(arn) => phrase!("whomever the SAML provider ", &last_part(arn), " vouches for"),
            Who::WebIdentity(provider) => phrase!("whomever ", &host(provider), " vouches for"),
        };
        if self.conditions.is_empty() {
            let bare = if self.reach >= Reach::Outside { ", without a condition" } else { "" };
            return phrase!(who, bare);
        }
        let keys = Phrase::joined(self.conditions.iter().map(Phrase::from), ", ");
        let open = match self.who {
            Who::WebIdentity(_) if self.reach == Reach::Anyone => "; none holds the subject down",
            Who::Anyone if self.reach == Reach::Anyone => "; none says who",
            _ => "",
        };
        phrase!(who, ", under conditions on ", keys, open)
    }
}

impl Who {
    fn read(kind: &str, name: &str) -> Option<Self> {
        let told = || Untrusted::new(name);
        Some(match kind {
            "AWS" | "Federated" if name == "*" => Self::Anyone,
            "AWS" if name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_digit()) => Self::Account(told()),
            "AWS" => match Arn::parse(name) {
                Some(arn) if arn.resource == "root" => Self::Account(arn.account.into()),
                _ => Self::Principal(told()),
            },
            "Service" => Self::Service(told()),
            "Federated" if name.contains(":saml-provider/") => Self::Saml(told()),
            "Federated" => Self::WebIdentity(told()),
            _ => return None,
        })
    }

    fn reach(&self, conditions: &Map<String, Value>, account: Option<&Untrusted>) -> Reach {
        let own = |id: &str| account.is_some_and(|account| account.raw() == id);
        let here = |arn: &Untrusted| Arn::parse(arn.raw()).is_some_and(|arn| own(arn.account));
        match self {
            Self::Anyone
                if demands(conditions, |key, value| IDENTIFYING.contains(&key) && says_something(value, false)) =>
            {
                Reach::Outside
            }
            Self::Anyone => Reach::Anyone,
            Self::Account(id) if own(id.raw()) => Reach::Own,
            // An id without an ARN may be of anywhere: IAM takes those of other accounts, too.
            Self::Principal(arn) | Self::Saml(arn) if here(arn) => Reach::Own,
            Self::Service(name) if HANDING_ON.contains(&name.raw()) => Reach::Outside,
            Self::Service(_) => Reach::Service,
            Self::WebIdentity(provider) => {
                let public = is_public(provider);
                let elsewhere = Arn::parse(provider.raw()).is_some_and(|arn| !own(arn.account));
                let held = demands(conditions, |key, value| {
                    let subject = key.ends_with(":sub") || key == "cognito-identity.amazonaws.com:aud";
                    subject && says_something(value, public)
                });
                match (public, held && !elsewhere) {
                    (true, false) => Reach::Anyone,
                    // Whose subject it is that is let in, has to be read: anybody can have one there.
                    (true, true) | (false, false) => Reach::Outside,
                    (false, true) => Reach::Own,
                }
            }
            Self::Account(_) | Self::Principal(_) | Self::Saml(_) => Reach::Outside,
        }
    }
}

/// Whether some condition demands this of a key, in small letters, and its value. What need not be there, or must be
/// otherwise, demands nothing.
fn demands(conditions: &Map<String, Value>, what: impl Fn(&str, &Value) -> bool) -> bool {
    conditions.iter().any(|(operator, keys)| {
        let operator = operator.to_ascii_lowercase();
        let positive = ["string", "arn"].iter().any(|kind| operator.contains(kind))
            && !operator.contains("not")
            && !operator.ends_with("ifexists")
            && !operator.starts_with("forallvalues");
        positive && keys.as_object().into_iter().flatten().any(|(key, value)| what(&key.to_ascii_lowercase(), value))
    })
}

/// Whether a value, or each of several, says more than a wildcard does. Text before the wildcard has to be of some
/// length, an ARN has to have its account, and a subject of a public provider has to say whose it is: `repo:OWNER/…`,
/// `organization:NAME:…`.
fn says_something(value: &Value, public: bool) -> bool {
    let says = |text: &str| {
        let literal = text.split(['*', '?']).next().unwrap_or_default();
        if literal.len() == text.len() {
            return !text.is_empty();
        }
        if public {
            let owner = literal.split_once(':').map(|(_, owner)| owner);
            return owner.is_some_and(|owner| owner.find(['/', ':']).is_some_and(|end| end > 0));
        }
        if literal.starts_with("arn:") {
            return literal.split(':').nth(4).is_some_and(|account| account.len() == 12);
        }
        literal.len() > 4
    };
    match value {
        Value::String(text) => says(text),
        Value::Array(texts) => !texts.is_empty() && texts.iter().all(|text| text.as_str().is_some_and(says)),
        _ => false,
    }
}

fn first_text(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| value.as_array()?.first()?.as_str())
}

fn is_public(provider: &Untrusted) -> bool {
    PUBLIC_PROVIDERS.contains(&host(provider).raw())
}

fn last_part(arn: &Untrusted) -> Untrusted {
    Arn::parse(arn.raw()).map_or_else(|| arn.clone(), |arn| arn.name().into())
}

fn host(provider: &Untrusted) -> Untrusted {
    provider.raw().rsplit_once("oidc-provider/").map_or_else(|| provider.clone(), |(_, host)| host.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn trust(principal: &Value, condition: &Value) -> Trust {
        let document = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": principal, "Condition": condition}]});
        Trust::read(&document.to_string(), Some(&"111122223333".into()))
    }

    fn words(principal: &Value, condition: &Value) -> (Reach, String) {
        let trust = trust(principal, condition);
        let words: Vec<_> = trust.words().iter().map(Phrase::plain).collect();
        (trust.reach().unwrap(), words.join("; "))
    }

    const GITHUB: &str = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";

    #[test]
    fn who_may_assume_a_role_is_told_in_words() {
        let none = || json!({});
        let sub = |value: &str| json!({"StringLike": {"token.actions.githubusercontent.com:sub": value}});
        let table = [
            (json!("*"), none(), Reach::Anyone, "anyone, in any AWS account, without a condition"),
            (
                json!({"AWS": "*"}),
                json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
                Reach::Outside,
                "anyone, in any AWS account, under conditions on aws:PrincipalOrgID",
            ),
            (
                json!({"AWS": "*"}),
                json!({"Bool": {"aws:SecureTransport": "true"}}),
                Reach::Anyone,
                "anyone, in any AWS account, under conditions on aws:SecureTransport; none says who",
            ),
            (
                json!({"AWS": "*"}),
                json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}}),
                Reach::Anyone,
                "anyone, in any AWS account, under conditions on aws:PrincipalArn; none says who",
            ),
            (
                json!({"AWS": "111122223333"}),
                none(),
                Reach::Own,
                "whomever this account's own policies allow it (111122223333)",
            ),
            (
                json!({"AWS": "arn:aws:iam::999900001111:root"}),
                none(),
                Reach::Outside,
                "whomever account 999900001111 allows it, without a condition",
            ),
            (
                json!({"AWS": ["arn:aws:iam::111122223333:role/a"]}),
                none(),
                Reach::Own,
                "arn:aws:iam::111122223333:role/a",
            ),
            (
                json!({"AWS": "AROAEXAMPLEELSEWHERE"}),
                none(),
                Reach::Outside,
                "AROAEXAMPLEELSEWHERE, without a condition",
            ),
            (
                json!({"AWS": "arn:aws:iam::999900001111:user/eve"}),
                json!({"StringEquals": {"sts:ExternalId": "x"}}),
                Reach::Outside,
                "arn:aws:iam::999900001111:user/eve, under conditions on sts:ExternalId",
            ),
            (json!({"Service": "ec2.amazonaws.com"}), none(), Reach::Service, "the AWS service ec2.amazonaws.com"),
            (
                json!({"Service": "rolesanywhere.amazonaws.com"}),
                none(),
                Reach::Outside,
                "the AWS service rolesanywhere.amazonaws.com, without a condition",
            ),
            (
                json!({"Federated": "arn:aws:iam::111122223333:saml-provider/okta"}),
                none(),
                Reach::Own,
                "whomever the SAML provider okta vouches for",
            ),
            (
                json!({"Federated": "arn:aws:iam::999900001111:saml-provider/okta"}),
                none(),
                Reach::Outside,
                "whomever the SAML provider okta vouches for, without a condition",
            ),
            (
                json!({"Federated": GITHUB}),
                json!({"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}}),
                Reach::Anyone,
                "whomever token.actions.githubusercontent.com vouches for, under conditions on \
             token.actions.githubusercontent.com:aud; none holds the subject down",
            ),
            (
                json!({"Federated": GITHUB}),
                sub("repo:acme/*"),
                Reach::Outside,
                "whomever token.actions.githubusercontent.com vouches for, under conditions on \
             token.actions.githubusercontent.com:sub (repo:acme/*)",
            ),
            (
                json!({"Federated": GITHUB}),
                sub("repo:*"),
                Reach::Anyone,
                "whomever token.actions.githubusercontent.com vouches for, under conditions on \
             token.actions.githubusercontent.com:sub (repo:*); none holds the subject down",
            ),
            (
                json!({"Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A"}),
                none(),
                Reach::Outside,
                "whomever oidc.eks.eu-west-1.amazonaws.com/id/A vouches for, without a condition",
            ),
            (
                json!({"Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A"}),
                json!({"StringEquals": {"oidc.eks.eu-west-1.amazonaws.com/id/A:sub": "system:serviceaccount:shop:web"}}),
                Reach::Own,
                "whomever oidc.eks.eu-west-1.amazonaws.com/id/A vouches for, under conditions on \
             oidc.eks.eu-west-1.amazonaws.com/id/A:sub (system:serviceaccount:shop:web)",
            ),
            (
                json!({"Federated": "arn:aws:iam::111122223333:oidc-provider/gitlab.com"}),
                json!({"StringLike": {"gitlab.com:sub": "project_path:acme*"}}),
                Reach::Anyone,
                "whomever gitlab.com vouches for, under conditions on gitlab.com:sub (project_path:acme*); none holds the subject down",
            ),
            (
                json!({"AWS": "*"}),
                json!({"StringEquals": {"sts:ExternalId": "x"}}),
                Reach::Anyone,
                "anyone, in any AWS account, under conditions on sts:ExternalId; none says who",
            ),
        ];
        for (principal, condition, reach, expected) in table {
            assert_eq!(words(&principal, &condition), (reach, expected.to_owned()));
        }
    }

    #[test]
    fn what_lets_nobody_in_or_is_not_understood_is_told_as_such() {
        let of = |document: &Value| Trust::read(&document.to_string(), None);
        let tag = json!({"Statement": {"Effect": "Allow", "Action": "sts:TagSession", "Principal": "*"}});
        assert_eq!(of(&tag).words(), ["nobody".into()]);
        let deny = json!({"Statement": {"Effect": "Deny", "Action": "sts:AssumeRole", "Principal": "*"}});
        assert!(of(&deny).trusted.is_empty() && of(&deny).denies && of(&deny).doubts.is_empty());
        let but = json!({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "NotPrincipal": {"AWS": "1"}}});
        assert_eq!(of(&but).reach(), Some(Reach::Anyone));
        assert!(!Trust::read("no json", None).doubts.is_empty());
    }

    #[test]
    fn wildcards_in_the_action_let_in_all_the_same() {
        for action in ["*", "sts:*", "sts:Assume*", "sts:?ssumeRole", "STS:assumerole"] {
            let document = json!({"Statement": {"Effect": "Allow", "Action": action, "Principal": "*"}});
            assert_eq!(Trust::read(&document.to_string(), None).reach(), Some(Reach::Anyone), "{action}");
        }
    }

    #[test]
    fn a_condition_that_need_not_be_there_holds_nobody() {
        for operator in ["StringNotEquals", "StringEqualsIfExists", "ForAllValues:StringLike", "Null"] {
            let condition = json!({operator: {"token.actions.githubusercontent.com:sub": "repo:acme/x"}});
            assert_eq!(trust(&json!({"Federated": GITHUB}), &condition).reach(), Some(Reach::Anyone), "{operator}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(document in ".{0,60}", account in "[0-9]{0,12}") {
            let _ = Trust::read(&document, Some(&account.into()));
        }
    }
}
