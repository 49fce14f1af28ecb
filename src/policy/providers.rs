//! Identity providers for OpenID Connect that are shared by all their customers, and what identifies one customer.
//!
//! Follows "Identity-provider controls for shared OIDC providers" in the IAM user guide, with the social providers of
//! "Roles for OIDC federation", and the documents of the providers on their subjects. A claim that identifies nobody
//! (`environment:production`, an audience that every customer can request) can be in a stranger's token.

/// A provider that is shared by all its customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SharedProvider {
    /// The host, with the path if it has one, as in the provider's ARN.
    pub(super) host: &'static str,
    /// The claims that can identify a customer.
    pub(super) claims: &'static [(&'static str, Identifies)],
}

/// How a claim's value identifies a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Identifies {
    /// The whole value, without a wildcard.
    Whole,
    /// The part before the first slash: `OWNER/repository`.
    Owner,
    /// Pairs such as `repo:OWNER/name` or `organization:NAME`, for these names.
    Pairs(&'static [&'static str]),
}

use Identifies::{Owner, Pairs, Whole};

const ORGANIZATION: &[(&str, Identifies)] = &[("sub", Pairs(&["organization"]))];
const ANY_SUBJECT: &[(&str, Identifies)] = &[("sub", Whole)];

const GITHUB_PAIRS: &[&str] = &[
    "repo",
    "repository",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
    "job_workflow_ref",
    "enterprise",
    "enterprise_id",
];

const SHARED: [SharedProvider; 24] = [
    SharedProvider {
        host: "token.actions.githubusercontent.com",
        claims: &[
            ("sub", Pairs(GITHUB_PAIRS)),
            ("repository", Owner),
            ("repository_id", Whole),
            ("repository_owner", Whole),
            ("repository_owner_id", Whole),
            ("job_workflow_ref", Owner),
            ("workflow_ref", Owner),
            ("enterprise", Whole),
            ("enterprise_id", Whole),
        ],
    },
    SharedProvider { host: "vstoken.actions.githubusercontent.com", claims: &[("sub", Pairs(GITHUB_PAIRS))] },
    SharedProvider { host: "oidc-configuration.audit-log.githubusercontent.com", claims: ANY_SUBJECT },
    SharedProvider {
        host: "gitlab.com",
        claims: &[
            ("sub", Pairs(&["project_path", "group_path", "namespace_path"])),
            ("project_path", Owner),
            ("namespace_path", Whole),
            ("project_id", Whole),
            ("namespace_id", Whole),
        ],
    },
    SharedProvider { host: "app.terraform.io", claims: ORGANIZATION },
    SharedProvider { host: "agent.buildkite.com", claims: ORGANIZATION },
    SharedProvider { host: "oidc.vercel.com", claims: &[("aud", Whole), ("sub", Pairs(&["owner"]))] },
    SharedProvider {
        host: "api.pulumi.com/oidc",
        claims: &[("aud", Whole), ("sub", Pairs(&["org", "pulumi:environments:org", "pulumi:deploy:org"]))],
    },
    SharedProvider { host: "oidc.codefresh.io", claims: &[("sub", Pairs(&["account"]))] },
    SharedProvider { host: "scalr.io", claims: &[("sub", Pairs(&["account"]))] },
    SharedProvider { host: "studio.datachain.ai/api", claims: &[("sub", Pairs(&["credentials"]))] },
    SharedProvider { host: "proidc.upbound.io", claims: &[("sub", Pairs(&["mcp", "org", "account"]))] },
    SharedProvider { host: "tokens.cloud.shisho.dev", claims: &[("sub", Pairs(&["job", "org"]))] },
    SharedProvider { host: "sandboxes.cloud", claims: &[("aud", Whole), ("sub", Pairs(&["org"]))] },
    SharedProvider { host: "rh-oidc.s3.us-east-1.amazonaws.com/22ejnvnnturfmt6km08idd0nt4hekbn7", claims: ANY_SUBJECT },
    SharedProvider { host: "rh-oidc.s3.us-east-1.amazonaws.com/23e3sd27sju1hoou6ohfs68vbno607tr", claims: ANY_SUBJECT },
    SharedProvider { host: "rh-oidc.s3.us-east-1.amazonaws.com/23ne21h005qjl3n33d8dui5dlrmv2tmg", claims: ANY_SUBJECT },
    SharedProvider { host: "rh-oidc.s3.us-east-1.amazonaws.com/24jrf12m5dj7ljlfb4ta2frhrcoadm26", claims: ANY_SUBJECT },
    SharedProvider {
        host: "sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d",
        claims: &[("sts:rolesessionname", Whole), ("sub", Whole)],
    },
    SharedProvider { host: "cognito-identity.amazonaws.com", claims: &[("aud", Whole), ("sub", Whole)] },
    SharedProvider {
        host: "accounts.google.com",
        claims: &[("sub", Whole), ("aud", Whole), ("oaud", Whole), ("email", Whole)],
    },
    SharedProvider { host: "www.amazon.com", claims: &[("app_id", Whole), ("user_id", Whole), ("sub", Whole)] },
    SharedProvider { host: "graph.facebook.com", claims: &[("app_id", Whole), ("id", Whole), ("sub", Whole)] },
    SharedProvider { host: "appleid.apple.com", claims: &[("aud", Whole), ("sub", Whole)] },
];

/// The shared provider with this host, if it is one.
pub(super) fn shared(host: &str) -> Option<&'static SharedProvider> {
    let host = host.trim_end_matches('/');
    SHARED.iter().find(|provider| provider.host.eq_ignore_ascii_case(host))
}

impl SharedProvider {
    /// Whether a stranger, who is a customer of the provider too, can get a token whose claim matches this value.
    /// `exact` says whether the value's `*` and `?` are no wildcards.
    pub(super) fn stranger_can_have(&self, claim: &str, value: &str, exact: bool) -> bool {
        let literal = if exact { value } else { value.split(['*', '?']).next().unwrap_or_default() };
        let has_wildcard = literal.len() < value.len();
        let Some(identifies) = self.identified_by(claim) else { return true };
        if exact && self.nobody_can_have(claim, value) {
            return false;
        }
        match identifies {
            Whole => has_wildcard || value.is_empty(),
            Owner => !ends_owner(literal, has_wildcard),
            Pairs(names) => {
                let mut starts = std::iter::once(0).chain(literal.match_indices(':').map(|(i, _)| i + 1));
                !starts
                    .any(|start| owner_at(start, literal, names).is_some_and(|owner| ends_owner(owner, has_wildcard)))
            }
        }
    }

    fn identified_by(&self, claim: &str) -> Option<Identifies> {
        self.claims.iter().find(|(name, _)| name.eq_ignore_ascii_case(claim)).map(|(_, identifies)| *identifies)
    }

    /// Whether no token has this very value: no customer's name contains a `*` or `?`. Other parts of a value, such as
    /// an environment's name, can; and an audience is as its customer wants it.
    pub(super) fn nobody_can_have(&self, claim: &str, value: &str) -> bool {
        let has_wildcard = |owner: &str| owner.split(['/', ':']).next().unwrap_or_default().contains(['*', '?']);
        match self.identified_by(claim) {
            None => false,
            _ if claim.eq_ignore_ascii_case("aud") => false,
            Some(Whole) => value.contains(['*', '?']),
            Some(Owner) => has_wildcard(value),
            Some(Pairs(names)) => owner_at(0, value, names).is_some_and(has_wildcard),
        }
    }
}

/// What follows the name of a pair that starts there: `OWNER/name:…` of `repo:OWNER/name:…`.
fn owner_at<'a>(start: usize, text: &'a str, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| text[start..].strip_prefix(name)?.strip_prefix(':'))
}

/// Whether a text starts with a whole name: closed by `/` or `:`, or at its end if no wildcard follows.
fn ends_owner(text: &str, has_wildcard: bool) -> bool {
    match text.find(['/', ':']) {
        Some(end) => end > 0,
        None => !has_wildcard && !text.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_identifies_a_customer_only_by_the_owner() {
        let github = shared("token.actions.githubusercontent.com").unwrap();
        for owned in [
            "repo:acme/infra:*",
            "repo:acme/*",
            "repo:acme/infra:environment:production",
            "repository_owner:acme:*",
            "environment:production:repository_owner_id:42",
            "job_workflow_ref:acme/workflows/.github/workflows/deploy.yml@refs/heads/main",
        ] {
            assert!(!github.stranger_can_have("sub", owned, false), "{owned}");
        }
        for open in ["*", "repo:*", "repo:acme*", "environment:production", "ref:refs/heads/main", "repo:*/infra:*"] {
            assert!(github.stranger_can_have("sub", open, false), "{open}");
        }
        assert!(!github.stranger_can_have("sub", "repo:*", true), "no subject is `repo:*`");
        assert!(!github.stranger_can_have("repository", "acme/infra", false));
        assert!(github.stranger_can_have("repository", "*/infra", false));
        assert!(github.stranger_can_have("environment", "production", true));
        assert!(github.stranger_can_have("aud", "sts.amazonaws.com", true));
    }

    #[test]
    fn other_providers_identify_by_their_own_claims() {
        let can = |host: &str, claim: &str, value: &str| shared(host).unwrap().stranger_can_have(claim, value, false);
        assert!(
            can("oidc.vercel.com", "sub", "project:shop") && !can("oidc.vercel.com", "aud", "https://vercel.com/acme")
        );
        assert!(can("gitlab.com", "aud", "https://gitlab.com"));
        assert!(can("gitlab.com", "sub", "project_path:*:ref_type:branch:ref:main"));
        assert!(!can("gitlab.com", "sub", "project_path:acme/shop:ref_type:branch:ref:main"));
        assert!(!can("app.terraform.io", "sub", "organization:acme:project:*:workspace:*:run_phase:*"));
        assert!(can("app.terraform.io", "sub", "organization:*:project:prod:*"));
        assert!(can("cognito-identity.amazonaws.com", "amr", "unauthenticated"));
        assert!(!can("cognito-identity.amazonaws.com", "aud", "eu-west-1:1-2-3"));
        assert_eq!(shared("oidc.eks.eu-west-1.amazonaws.com/id/A"), None);
    }
}
