//! What a row of the catalogue is made of. Words are a function of these values, see [`words`](super::words).

use super::attack::Technique;
use crate::severity::Severity;
use serde_json::Value;

/// An action that is known, or one meaning of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action {
    /// The service that takes the call, as in `iam:CreateUser` and `iam.amazonaws.com`.
    pub service: &'static str,
    /// CloudTrail's `eventName`; for Lambda without the version that CloudTrail writes behind it.
    pub event_name: &'static str,
    /// Of which requests the row speaks.
    pub when: When,
    pub operation: Operation,
    pub object: ObjectKind,
    /// Where the object's name stands in the request or the response, best first.
    pub object_at: &'static [&'static str],
    pub target: TargetKind,
    /// Whether the call may be about the caller.
    pub on_caller: OnCaller,
    pub effect: AccessEffect,
    pub lookup: TargetLookup,
    pub policy_lookup: PolicyLookup,
    pub containment: Containment,
    /// What a successful call may be a step of. Some depend on what the policy says, see `detection::chains`.
    pub steps: &'static [ChainStep],
    /// How severe the action is with nothing else known.
    pub base: Severity,
    /// Why, as a sentence.
    pub because: &'static str,
    pub technique: Option<Technique>,
    pub watched_by_default: bool,
}

/// Of which requests a row speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Always,
    /// The request has this parameter.
    Has(&'static str),
    /// This parameter has this value.
    Is(&'static str, &'static str),
    /// This parameter is `true`, or CloudTrail omitted the parameters as too large.
    True(&'static str),
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    Create,
    Delete,
    Change,
    Rename,
    Set,
    Remove,
    Attach,
    Detach,
    Put,
    Add,
    Replace,
    Activate,
    Deactivate,
    Reset,
    Upload,
    Register,
    Resynchronize,
    Enable,
    Disable,
    Stop,
    Schedule,
    Tag,
    Untag,
    SignIn,
    /// What an unfamiliar action does is not known.
    Call,
}

/// What the operation is done with: the target itself, or something that the target gets, loses or has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectKind {
    /// The target itself.
    Itself,
    NewName,
    NameOrPath,
    Description,
    DescriptionOrSessionLength,
    ManagedPolicy,
    InlinePolicy,
    PermissionsBoundary,
    TrustPolicy,
    Group,
    InstanceProfile,
    LinkedService,
    AccessKey,
    ConsolePassword,
    ServiceSpecificCredential,
    SshPublicKey,
    SigningCertificate,
    MfaDevice,
    NewDefaultVersion,
    NewVersion,
    OldVersion,
    DefaultVersion,
    Thumbprints,
    ClientId,
    AccountAlias,
    PasswordPolicy,
    StsPreferences,
    RootCredentialsManagement,
    RootSessions,
    EventSelectors,
    RuleTargets,
    Subscription,
    TopicAttribute,
    FunctionCode,
    FunctionConfiguration,
    ReservedConcurrency,
    InvokePermission,
    KeyDeletion,
    /// An action that the catalogue does not know.
    UnfamiliarAction,
}

/// What is changed, or who gains or loses access by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TargetKind {
    User,
    RootUser,
    Role,
    Group,
    Policy,
    InstanceProfile,
    MfaDevice,
    SamlProvider,
    OidcProvider,
    ServerCertificate,
    Account,
    Trail,
    Rule,
    EventBus,
    Topic,
    Function,
    Queue,
    Table,
    KmsKey,
}

/// What an action does to access. Only the rules of `detection` look at this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessEffect {
    /// Creates a user, role, group, policy or device.
    Creates,
    /// Grants a user a credential, to sign in or to sign requests.
    GrantsCredential,
    RegistersMfa,
    AttachesPolicy,
    PutsInlinePolicy,
    AddsToGroup,
    /// Changes what a managed policy says, for all that it is attached to.
    RewritesPolicy,
    /// Writes a version of a managed policy that is not in effect yet.
    DraftsPolicyVersion,
    /// Changes who can assume a role.
    ChangesTrust,
    AddsRoleToInstanceProfile,
    SetsBoundary,
    RemovesBoundary,
    WeakensMfa,
    ChangesPasswordPolicy,
    /// Changes whose identities the account trusts.
    ChangesFederation,
    /// Changes what the organization's management account can do as root in member accounts.
    ChangesRootAccess,
    /// Detaches or deletes a policy, or removes from a group. The policy may have denied something.
    DetachesPolicy,
    /// Makes something harder to find: renames or deletes an identity or a credential.
    Conceals,
    /// Removes something; grants nothing.
    Revokes,
    /// Changes nothing about access.
    None,
    /// Impairs what these alerts depend on.
    ImpairsAlerting,
    /// The root user signs in.
    SignsIn,
    /// Not known.
    Unfamiliar,
}

/// What is asked about the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetLookup {
    /// Nothing about the target decides how severe this is.
    Nothing,
    /// The target as it is now.
    Current,
    /// The same; the call created the target, so IAM may not show it yet.
    JustCreated,
    /// Nothing where the call succeeded: the target is gone.
    UnlessGone,
}

/// Which policy the call gives or takes, where the target's own policies may not show that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyLookup {
    Nothing,
    /// The managed policy that the call names, if the target does not show it.
    GivenPolicy,
    /// The policies of the group that the call names, if the target does not show them.
    GivenGroup,
    /// The managed policy that the call took away.
    RemovedPolicy,
    /// The policies of the group that the target left.
    RemovedGroup,
}

/// Which commands contain a successful call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Containment {
    Nothing,
    BlockNewUser,
    BlockNewRole,
    DeactivateAccessKey,
    DeactivateSshPublicKey,
    DeactivateSigningCertificate,
    DeactivateServiceSpecificCredential,
    DeletePassword,
    DeactivateMfaDevice,
    DetachPolicy,
    DeleteInlinePolicy,
    RemoveFromGroup,
    /// Attaches the policy again, if it denied something.
    AttachPolicyAgain,
    /// Blocks the target, if what was removed had denied something.
    BlockIfUnrestricted,
    RestoreDefaultVersion,
    CheckDefaultVersion,
    BlockRoleUntilTrustIsFixed,
    RemoveRoleFromInstanceProfile,
    BlockUntilBoundary,
    BlockUntilMfa,
    DeleteProvider,
    RemoveClientId,
    ReviewProvider,
    RestorePasswordPolicy,
    DisableRootSessions,
    DisableRootCredentialsManagement,
    StartLogging,
    ListTrails,
    ReviewEventSelectors,
    EnableRule,
    RemoveConcurrencyLimit,
    EnableKey,
    CancelKeyDeletion,
    DeploySecondStack,
}

/// Whether a call that names no target is about the caller: "If you do not specify a user name, IAM determines the user
/// name implicitly based on the access key that signs the request" (IAM API reference).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnCaller {
    Never,
    IfUnnamed,
    Always,
}

/// A step of a chain of events, see `detection::chains`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainStep {
    UserCreated,
    /// A user got a credential, a policy or a group.
    UserEquipped,
    /// A version of a managed policy was written that is not in effect yet.
    VersionWritten,
    DefaultVersionSet,
    MfaRemoved,
    PasswordSet,
    BoundaryRemoved,
    /// A user or role got a policy that grants something.
    PolicyGranted,
    /// A role can be assumed from outside of its account, or by whom could not be read.
    TrustWidened,
    Denied,
    /// A call succeeded that does more than remove or tag.
    Succeeded,
}

impl When {
    pub(super) fn fits(self, request: &Value) -> bool {
        let flag = |field| request.get(field).and_then(Value::as_bool) == Some(true);
        match self {
            Self::Always => true,
            Self::Has(field) => request.get(field).is_some_and(|value| !value.is_null()),
            Self::Is(field, wanted) => request.get(field).and_then(Value::as_str) == Some(wanted),
            // Of an omitted request the more severe meaning is taken: padding hides things.
            Self::True(field) => flag(field) || flag("omitted"),
        }
    }
}

impl AccessEffect {
    /// Whether pipelines do such things all day: the action removes, renames or tags.
    #[must_use]
    pub const fn is_maintenance(self) -> bool {
        matches!(self, Self::None | Self::Revokes | Self::DetachesPolicy | Self::Conceals)
    }

    /// Whether somebody can act with the target's access afterwards: then that access decides the severity.
    #[must_use]
    pub const fn passes_on_access(self) -> bool {
        matches!(
            self,
            Self::Creates
                | Self::GrantsCredential
                | Self::ChangesTrust
                | Self::AddsRoleToInstanceProfile
                | Self::RemovesBoundary
                | Self::WeakensMfa
        )
    }

    /// Whether the target gets a policy.
    #[must_use]
    pub const fn grants_policy(self) -> bool {
        matches!(self, Self::AttachesPolicy | Self::PutsInlinePolicy | Self::AddsToGroup)
    }
}

impl ObjectKind {
    /// Whether the credential works for one service only, and signs no requests to other services of AWS.
    #[must_use]
    pub const fn is_for_one_service(self) -> bool {
        matches!(self, Self::ServiceSpecificCredential | Self::SshPublicKey | Self::SigningCertificate)
    }
}

impl TargetKind {
    /// Where the target's name stands in the request or the response, best first: a name, an ARN or a URL.
    #[must_use]
    pub const fn fields(self) -> &'static [&'static str] {
        match self {
            Self::User => &["userName"],
            Self::Role => &["roleName"],
            Self::Group => &["groupName"],
            Self::Policy => &["policyArn", "policyName"],
            Self::InstanceProfile => &["instanceProfileName"],
            Self::MfaDevice => &["serialNumber", "virtualMFADeviceName"],
            Self::SamlProvider => &["sAMLProviderArn", "name"],
            Self::OidcProvider => &["openIDConnectProviderArn", "url"],
            Self::ServerCertificate => &["serverCertificateName"],
            Self::RootUser | Self::Account => &[],
            Self::Trail => &["name", "trailName"],
            Self::Rule => &["name", "rule"],
            Self::EventBus => &["name"],
            Self::Topic => &["topicArn", "subscriptionArn"],
            Self::Function => &["functionName"],
            Self::Queue => &["queueUrl"],
            Self::Table => &["tableName"],
            Self::KmsKey => &["keyId"],
        }
    }

    /// The service in the target's ARN, and how the resource part begins.
    #[must_use]
    pub const fn in_arns(self) -> (&'static str, &'static str) {
        match self {
            Self::User => ("iam", "user/"),
            Self::Role => ("iam", "role/"),
            Self::Group => ("iam", "group/"),
            Self::Policy => ("iam", "policy/"),
            Self::InstanceProfile => ("iam", "instance-profile/"),
            Self::MfaDevice => ("iam", "mfa/"),
            Self::SamlProvider => ("iam", "saml-provider/"),
            Self::OidcProvider => ("iam", "oidc-provider/"),
            Self::ServerCertificate => ("iam", "server-certificate/"),
            Self::RootUser | Self::Account => ("iam", "root"),
            Self::Trail => ("cloudtrail", "trail/"),
            Self::Rule => ("events", "rule/"),
            Self::EventBus => ("events", "event-bus/"),
            Self::Topic => ("sns", ""),
            Self::Function => ("lambda", "function:"),
            Self::Queue => ("sqs", ""),
            Self::Table => ("dynamodb", "table/"),
            Self::KmsKey => ("kms", "key/"),
        }
    }

    /// Whether IAM can be asked about the target.
    #[must_use]
    pub const fn is_looked_up(self) -> bool {
        matches!(self, Self::User | Self::Role | Self::Group | Self::Policy)
    }
}

impl ChainStep {
    /// Every step, by the word that the history stores for it. Stored words never change: old items have them.
    pub const ALL: [(Self, &'static str); 11] = [
        (Self::UserCreated, "user-created"),
        (Self::UserEquipped, "user-equipped"),
        (Self::VersionWritten, "version-written"),
        (Self::DefaultVersionSet, "default-set"),
        (Self::MfaRemoved, "mfa-taken"),
        (Self::PasswordSet, "password-set"),
        (Self::BoundaryRemoved, "boundary-removed"),
        (Self::PolicyGranted, "policy-given"),
        (Self::TrustWidened, "trust-opened"),
        (Self::Denied, "denied"),
        (Self::Succeeded, "worked"),
    ];

    /// The word that the history stores.
    #[must_use]
    pub fn stored(self) -> &'static str {
        Self::ALL.iter().find(|(step, _)| *step == self).map_or("", |(_, word)| word)
    }

    /// The step of a stored word; `None` where there is none.
    #[must_use]
    pub fn from_stored(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, other)| *other == word).map(|(step, _)| *step)
    }
}

impl Action {
    /// Whether CloudTrail's `eventName` means this action: Lambda writes a version behind the name, `…20150331v2`.
    pub(super) fn is_called(&self, event_name: &str) -> bool {
        match event_name.strip_prefix(self.event_name) {
            Some("") => true,
            Some(version) => self.service == "lambda" && version.starts_with(|first: char| first.is_ascii_digit()),
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_step_is_read_back() {
        for (step, word) in ChainStep::ALL {
            assert_eq!((step.stored(), ChainStep::from_stored(word)), (word, Some(step)));
        }
        assert_eq!(ChainStep::from_stored("of-another-version"), None);
    }
}
