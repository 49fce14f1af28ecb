//! Whether a call succeeded, and if not, why.

use super::record::Record;
use crate::text::Untrusted;
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Succeeded,
    /// The call was only an attempt.
    Failed {
        failure: FailureKind,
        /// The error code, as in the record.
        code: Option<Untrusted>,
        message: Option<Untrusted>,
    },
}

/// Why a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The principal is not authorized.
    Denied,
    /// The credentials that signed the call are not valid, or not valid any more.
    BadCredentials,
    /// An entity of this name already exists.
    AlreadyExists,
    /// There is no entity of this name.
    NotFound,
    /// A quota is used up.
    LimitExceeded,
    /// AWS refused the call for the moment. Tools repeat such a call by themselves.
    Temporary,
    /// Other entities still depend on the entity.
    InUse,
    /// A parameter is not valid.
    Invalid,
    /// The entity or the account does not allow the change: AWS manages the entity, or a feature is off.
    NotPossible,
    /// The code is absent or not known.
    Other,
}

/// The codes of each kind, without the suffix `Exception`: all errors of the IAM API (its service model), the errors
/// that are common to all APIs, and those of the other services in the catalogue that mean one of these kinds.
const CODES: &[(FailureKind, &[&str])] = &[
    (
        FailureKind::Denied,
        &[
            "AccessDenied",
            "UnauthorizedOperation",
            "UnauthorizedAccess",
            "AuthorizationError",
            "NotAuthorized",
            "AccountNotManagementOrDelegatedAdministrator",
            "CallerIsNotManagementAccount",
            "InsufficientDependencyServiceAccessPermission",
        ],
    ),
    (
        FailureKind::BadCredentials,
        &[
            "InvalidClientTokenId",
            "UnrecognizedClient",
            "SignatureDoesNotMatch",
            "InvalidSignature",
            "IncompleteSignature",
            "ExpiredToken",
            "InvalidAccessKeyId",
            "InvalidToken",
            "MissingAuthenticationToken",
            "RequestExpired",
        ],
    ),
    (
        FailureKind::AlreadyExists,
        &[
            "EntityAlreadyExists",
            "DuplicateCertificate",
            "DuplicateSSHPublicKey",
            "NameConflict",
            "TrailAlreadyExists",
            "ResourceAlreadyExists",
            "ResourceConflict",
        ],
    ),
    (
        FailureKind::NotFound,
        &[
            "NoSuchEntity",
            "NotFound",
            "TrailNotFound",
            "ResourceNotFound",
            "OrganizationNotFound",
            "QueueDoesNotExist",
            "AWS.SimpleQueueService.NonExistentQueue",
            "TableNotFound",
            "ReportNotPresent",
        ],
    ),
    (FailureKind::LimitExceeded, &["LimitExceeded", "MaximumNumberOfTrailsExceeded", "ReportGenerationLimitExceeded"]),
    (
        FailureKind::Temporary,
        &[
            "Throttling",
            "Throttled",
            "RequestThrottled",
            "TooManyRequests",
            "RequestLimitExceeded",
            "BandwidthLimitExceeded",
            "SlowDown",
            "PriorRequestNotComplete",
            "ConcurrentModification",
            "OperationAborted",
            "EntityTemporarilyUnmodifiable",
            "ServiceFailure",
            "ServiceUnavailable",
            "InternalFailure",
            "InternalError",
            "InternalServiceError",
            "InternalServerError",
            "Internal",
            "Service",
            "RoleModified",
            "ReportInProgress",
            "ReportExpired",
            "OpenIdIdpCommunicationError",
        ],
    ),
    (FailureKind::InUse, &["DeleteConflict", "ResourceInUse", "DependencyViolation"]),
    (
        FailureKind::Invalid,
        &[
            "InvalidInput",
            "Validation",
            "ValidationError",
            "InvalidParameterValue",
            "InvalidParameterCombination",
            "InvalidParameter",
            "InvalidQueryParameter",
            "MalformedQueryString",
            "MissingParameter",
            "MissingAction",
            "InvalidAction",
            "InvalidTrailName",
            "InvalidHomeRegion",
            "InvalidEventSelectors",
            "InvalidAuthenticationCode",
            "InvalidCertificate",
            "InvalidPublicKey",
            "InvalidUserType",
            "KeyPairMismatch",
            "MalformedCertificate",
            "MalformedPolicyDocument",
            "PasswordPolicyViolation",
            "PolicyEvaluation",
            "UnrecognizedPublicKeyEncoding",
            "PackedPolicyTooLarge",
        ],
    ),
    (
        FailureKind::NotPossible,
        &[
            "UnmodifiableEntity",
            "OptInRequired",
            "FeatureEnabled",
            "FeatureDisabled",
            "PolicyNotAttachable",
            "NotSupportedService",
            "ServiceNotSupported",
            "UnsupportedOperation",
            "OperationNotPermitted",
            "ManagedRule",
            "IllegalStatus",
            "KMSInvalidState",
            "OrganizationNotInAllFeaturesMode",
            "ServiceAccessNotEnabled",
            "RoleTemplateDisabled",
        ],
    ),
];

impl FailureKind {
    /// The kind from an error code. Most error codes end in `Exception`; older tools write them without this suffix.
    pub(super) fn from_code(code: &str) -> Self {
        let whole = code.strip_suffix("Exception").unwrap_or(code);
        let last = whole.rsplit(['.', '#']).next().unwrap_or(whole);
        let is = |codes: &&[&str]| codes.contains(&whole) || codes.contains(&last);
        CODES.iter().find(|(_, codes)| is(codes)).map_or(Self::Other, |(kind, _)| *kind)
    }

    /// Whether this happens in daily work, and says nothing about an intruder: the caller was authorized.
    #[must_use]
    pub const fn is_routine(self) -> bool {
        matches!(self, Self::AlreadyExists | Self::LimitExceeded | Self::Temporary | Self::InUse)
    }

    /// The result of the call: "was denied".
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Denied => "was denied",
            Self::BadCredentials => "failed: the credentials are not valid",
            Self::AlreadyExists => "failed: an entity of this name already exists",
            Self::NotFound => "failed: there is no such entity",
            Self::LimitExceeded => "failed: a quota is used up",
            Self::Temporary => "failed: AWS refused the call for the moment",
            Self::InUse => "failed: the entity is still in use",
            Self::Invalid => "failed: a parameter is not valid",
            Self::NotPossible => "failed: AWS does not allow this change",
            Self::Other => "failed",
        }
    }
}

impl Outcome {
    #[must_use]
    pub const fn succeeded(&self) -> bool {
        matches!(self, Self::Succeeded)
    }

    /// Why the call failed; `None` if it succeeded.
    #[must_use]
    pub const fn failure(&self) -> Option<FailureKind> {
        match self {
            Self::Succeeded => None,
            Self::Failed { failure, .. } => Some(*failure),
        }
    }

    /// One word, for logs and machines.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed { failure: FailureKind::Denied, .. } => "denied",
            Self::Failed { .. } => "failed",
        }
    }

    /// The message of a failed call.
    #[must_use]
    pub const fn message(&self) -> Option<&Untrusted> {
        match self {
            Self::Failed { message, .. } => message.as_ref(),
            Self::Succeeded => None,
        }
    }

    /// The quota that is used up, by the message: `Cannot exceed quota for AccessKeysPerUser: 2`.
    #[must_use]
    pub fn quota(&self) -> Option<Quota<'_>> {
        let Self::Failed { failure: FailureKind::LimitExceeded, message: Some(message), .. } = self else {
            return None;
        };
        let (_, rest) = message.raw().split_once("quota for ")?;
        let (name, value) = rest.split_once(':').unwrap_or((rest, ""));
        let name = name.trim();
        let plain = !name.is_empty() && name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let value = value.trim();
        let value = value.split(|c: char| !c.is_ascii_digit()).next().filter(|digits| (1..=9).contains(&digits.len()));
        plain.then_some(Quota { name, value })
    }
}

/// A quota of IAM. The name says of what it is a quota, and of whom: `AccessKeysPerUser`, `UsersPerAccount`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota<'a> {
    pub name: &'a str,
    pub value: Option<&'a str>,
}

impl Quota<'_> {
    /// Of whom it is a quota: "of the user".
    #[must_use]
    pub fn of_whom(&self) -> &'static str {
        const OWNERS: [(&str, &str); 6] = [
            ("PerUser", " of the user"),
            ("PerRole", " of the role"),
            ("PerGroup", " of the group"),
            ("PerPolicy", " of the policy"),
            ("PerInstanceProfile", " of the instance profile"),
            ("PerAccount", " of the account"),
        ];
        // IAM also writes the quotas of the account without this ending: `Users`, `Groups`.
        OWNERS
            .iter()
            .find(|(ending, _)| self.name.ends_with(ending))
            .map_or(if self.name.contains("Per") { "" } else { " of the account" }, |(_, owner)| owner)
    }
}

pub(super) fn outcome(record: &Record) -> Outcome {
    let code = record.error_code.as_deref();
    let message = record.error_message.as_deref();
    // For a failed sign-in, sometimes only the response shows the failure.
    let answer = |name: &str| record.response_elements.get(name).and_then(Value::as_str) == Some("Failure");
    let refused = answer("ConsoleLogin") || record.event_name.as_deref().is_some_and(answer);
    if code.is_none() && message.is_none() && !refused {
        return Outcome::Succeeded;
    }
    Outcome::Failed {
        failure: code.map_or(FailureKind::Other, FailureKind::from_code),
        code: code.map(Untrusted::new),
        message: message.map(Untrusted::new),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All errors of the operations of the IAM API, by its service model of 2026.
    const OF_IAM: &str = "AccountNotManagementOrDelegatedAdministratorException CallerIsNotManagementAccountException \
        ConcurrentModification DeleteConflict DuplicateCertificate DuplicateSSHPublicKey EntityAlreadyExists \
        EntityTemporarilyUnmodifiable FeatureDisabled FeatureEnabled InvalidAuthenticationCode InvalidCertificate \
        InvalidInput InvalidPublicKey InvalidUserType KeyPairMismatch LimitExceeded MalformedCertificate \
        MalformedPolicyDocument NameConflict NoSuchEntity NotSupportedService OpenIdIdpCommunicationError \
        OrganizationNotFoundException OrganizationNotInAllFeaturesModeException PasswordPolicyViolation \
        PolicyEvaluation PolicyNotAttachable ReportExpired ReportGenerationLimitExceeded ReportInProgress \
        ReportNotPresent RoleModified RoleTemplateDisabled ServiceAccessNotEnabledException ServiceFailure \
        UnmodifiableEntity UnrecognizedPublicKeyEncoding";

    #[test]
    fn every_error_of_iam_has_its_kind_with_and_without_the_suffix() {
        for code in OF_IAM.split_whitespace() {
            let bare = code.strip_suffix("Exception").unwrap_or(code);
            let kind = FailureKind::from_code(bare);
            assert_ne!(kind, FailureKind::Other, "{code}");
            assert_eq!(FailureKind::from_code(&format!("{bare}Exception")), kind, "{code}");
        }
    }

    #[test]
    fn a_code_has_one_kind_only() {
        let mut all: Vec<_> = CODES.iter().flat_map(|(_, codes)| codes.iter()).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn codes_are_read_in_the_forms_that_services_and_tools_write() {
        for (code, kind) in [
            ("AccessDenied", FailureKind::Denied),
            ("AccessDeniedException", FailureKind::Denied),
            ("Client.UnauthorizedOperation", FailureKind::Denied),
            ("ThrottlingException", FailureKind::Temporary),
            ("Throttling", FailureKind::Temporary),
            ("TooManyRequestsException", FailureKind::Temporary),
            ("EntityTemporarilyUnmodifiableException", FailureKind::Temporary),
            ("TrailNotFoundException", FailureKind::NotFound),
            ("AWS.SimpleQueueService.NonExistentQueue", FailureKind::NotFound),
            ("ExpiredTokenException", FailureKind::BadCredentials),
            ("InventedLastYear", FailureKind::Other),
            ("", FailureKind::Other),
        ] {
            assert_eq!(FailureKind::from_code(code), kind, "{code}");
        }
    }

    #[test]
    fn a_quota_says_of_whom_it_is() {
        let failed = |message: &str| Outcome::Failed {
            failure: FailureKind::LimitExceeded,
            code: None,
            message: Some(message.into()),
        };
        for (message, name, value, owner) in [
            ("Cannot exceed quota for AccessKeysPerUser: 2", "AccessKeysPerUser", Some("2"), " of the user"),
            ("Cannot exceed quota for PoliciesPerRole: 10", "PoliciesPerRole", Some("10"), " of the role"),
            ("Cannot exceed quota for UsersPerAccount: 5000", "UsersPerAccount", Some("5000"), " of the account"),
            ("Cannot exceed quota for Users", "Users", None, " of the account"),
            ("Cannot exceed quota for PartsPerThing: x", "PartsPerThing", None, ""),
        ] {
            let outcome = failed(message);
            let quota = outcome.quota().unwrap();
            assert_eq!((quota.name, quota.value, quota.of_whom()), (name, value, owner));
        }
        assert_eq!(failed("Cannot exceed quota for a\nWHY LOW: 2").quota(), None);
        assert_eq!(failed("too many").quota(), None);
    }
}
