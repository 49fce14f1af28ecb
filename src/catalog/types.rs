//! The parts of a row of the catalogue. Words are a function of these values, see [`words`](super::words).

use super::attack::Technique;
use super::meaning::FieldMeaning;
use crate::severity::Severity;
use serde_json::Value;

/// A known action, or one meaning of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action {
    /// The service of the call, as in `iam:CreateUser` and `iam.amazonaws.com`.
    pub service: &'static str,
    /// CloudTrail's `eventName`; for Lambda without the version that CloudTrail adds.
    pub event_name: &'static str,
    /// The requests that the row is for.
    pub when: When,
    pub operation: Operation,
    pub object: ObjectKind,
    /// The fields of the request or the response that can contain the object's name, best first.
    pub object_at: &'static [&'static str],
    pub target: TargetKind,
    /// The fields of the account that the call is about, if that can be another one than the account of the event.
    pub account_at: &'static [&'static str],
    /// The fields of a policy in the request or the response, besides those of IAM.
    pub document_at: &'static [&'static str],
    /// Whether the call can be about the caller.
    pub on_caller: OnCaller,
    pub effect: AccessEffect,
    pub lookup: TargetLookup,
    pub policy_lookup: PolicyLookup,
    pub containment: Containment,
    /// The chain steps that a successful call can be. Some depend on the policy, see `detection::chains`.
    pub steps: &'static [ChainStep],
    /// The severity of the action if nothing else is known.
    pub base: Severity,
    /// The reason for this severity, as a sentence.
    pub because: &'static str,
    /// The meanings of the request's fields, if they decide how severe the call is. Then [`base`](Self::base) is the severity
    /// of a request that cannot be read, and of fields without a meaning.
    pub fields: &'static [FieldMeaning],
    /// A request without any of these fields is not complete. Empty if what is absent does not change.
    pub always_has: &'static [&'static str],
    pub technique: Option<Technique>,
    pub watched_by_default: bool,
}

/// The requests that a row is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Always,
    /// The request has this parameter.
    Has(&'static str),
    /// This parameter has this value.
    Is(&'static str, &'static str),
    /// The event does not contain the parameters, so which meaning it has is not known.
    Unread,
    /// The root user made the call, or signed in.
    ByRoot,
    /// This parameter is `true`, or CloudTrail omitted the parameters because they were too large.
    True(&'static str),
}

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
    Start,
    Stop,
    Schedule,
    Tag,
    Untag,
    SignIn,
    Request,
    Complete,
    Accept,
    Send,
    Associate,
    Reject,
    Assign,
    Unassign,
    Provision,
    Invite,
    Move,
    Close,
    Open,
    Switch,
    Detect,
    Replicate,
    /// The effect of an unfamiliar action is not known.
    Call,
}

/// The object of the operation: the target itself, or something that the target gets, loses or has.
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
    RoleTemplate,
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
    /// That principals of the account get tokens for services outside of AWS.
    OutboundFederation,
    AccountProperties,
    DelegationRequest,
    /// The token by which another account gets the delegated access.
    DelegationToken,
    RootPassword,
    RootPasswordRecovery,
    RootEmail,
    /// A sign-in that AWS itself warns of.
    UnusualSignIn,
    EventSelectors,
    RuleTargets,
    Subscription,
    TopicAttribute,
    FunctionCode,
    FunctionConfiguration,
    ReservedConcurrency,
    InvokePermission,
    KeyDeletion,
    /// That a trail logs events.
    Logging,
    PermissionSet,
    /// The one inline policy of a permission set, which has no name.
    SetPolicy,
    /// A reference to a policy that each account has under the same name.
    CustomerManagedPolicy,
    /// A policy of AWS Organizations.
    OrganizationsPolicy,
    /// A kind of policies of AWS Organizations: service control policies and others.
    PolicyType,
    /// A service of which an account is a delegated administrator.
    DelegatedService,
    /// A service that can act in all accounts of the organization.
    TrustedService,
    /// The policy by which the organization delegates its administration to members.
    DelegationPolicy,
    AllFeatures,
    Handshake,
    /// The organization, as what an account joins or leaves.
    OwnOrganization,
    BillingTransfer,
    /// An application of IAM Identity Center.
    Application,
    GroupMembership,
    MfaRegistration,
    RootEmailChange,
    /// Where the users of IAM Identity Center come from.
    IdentitySource,
    /// The identity provider outside of AWS that IAM Identity Center trusts.
    ExternalProvider,
    /// The certificate with which that provider signs.
    ProviderCertificate,
    /// The access of the provider that writes users and groups.
    ProvisioningAccess,
    MfaSettings,
    IdentityCenterSettings,
    Password,
    EmailVerification,
    RootSession,
    AlternateContact,
    ContactInformation,
    AccountName,
    ResourcePolicy,
    PublicAccessBlock,
    /// A permission for another principal to use a resource.
    Permission,
    AccessControlList,
    FunctionUrl,
    KeyGrant,
    AccessEntry,
    /// An access policy of Amazon EKS.
    ClusterAccessPolicy,
    IdentityPoolRoles,
    /// An action that the catalogue does not have.
    UnfamiliarAction,
    /// A call of the root user that the catalogue does not have: called by its own name.
    RootCall,
    /// An action on one of the stack's own resources that is called by its own name.
    StackAction,
}

/// What is changed, or who gains or loses access.
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
    LogGroup,
    Alarm,
    Stack,
    Bucket,
    /// A schedule of EventBridge Scheduler.
    Schedule,
    /// A parameter of Systems Manager.
    Parameter,
    /// A permission set of IAM Identity Center.
    PermissionSet,
    /// A user or group of the directory of IAM Identity Center; the event does not say which.
    DirectoryIdentity,
    DirectoryUser,
    DirectoryGroup,
    /// IAM Identity Center itself.
    IdentityCenter,
    TokenIssuer,
    /// The organization itself.
    Organization,
    /// A root, an organizational unit or an account; the event does not say which.
    OrganizationPart,
    OrganizationRoot,
    OrganizationalUnit,
    /// An account of the organization, other than the account of the event.
    MemberAccount,
    /// A policy of AWS Organizations.
    OrganizationsPolicy,
    /// An AWS region.
    Region,
    /// Of IAM Roles Anywhere.
    TrustAnchor,
    RolesAnywhereProfile,
    /// Of Amazon EKS.
    Cluster,
    Instance,
    /// Of Amazon Cognito.
    IdentityPool,
    Secret,
    Repository,
    /// Of Lambda.
    Layer,
}

/// The effect of an action on access. Only the rules of `detection` use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessEffect {
    /// Creates a user, role, group, policy or device.
    Creates,
    /// Grants a user a credential, for sign-in or for signed requests.
    GrantsCredential,
    RegistersMfa,
    AttachesPolicy,
    PutsInlinePolicy,
    AddsToGroup,
    /// Changes a managed policy, for all identities that it is attached to.
    RewritesPolicy,
    /// Writes a version of a managed policy that is not in effect yet.
    DraftsPolicyVersion,
    /// Changes the trusted principals of a role.
    ChangesTrust,
    AddsRoleToInstanceProfile,
    SetsBoundary,
    RemovesBoundary,
    WeakensMfa,
    ChangesPasswordPolicy,
    /// Changes which identity providers the account trusts.
    ChangesFederation,
    /// Changes what the organization's management account can do as root in member accounts.
    ChangesRootAccess,
    /// Grants another account temporary access.
    DelegatesAccess,
    /// Lets a user or group of IAM Identity Center use a permission set in an account.
    AssignsAccess,
    /// Writes the roles of a permission set in its accounts again.
    Provisions,
    /// Changes whom IAM Identity Center accepts, or what it demands of them.
    ChangesWorkforceSignIn,
    /// Removes or changes what limits the accounts of the organization, or adds such a limit.
    ChangesGuardrail,
    /// Gives an account or a service power over the organization, or lets an account in or out.
    ChangesOrganization,
    /// Opens a session as the root user of a member account.
    OpensRootSession,
    /// Changes how the owner of the account is reached.
    ChangesContact,
    /// Lets other principals use a resource, by its policy or by a permission.
    SharesResource,
    /// Makes a resource easier to reach, whatever its policy says.
    OpensResource,
    /// A call of the root user that the catalogue does not have.
    ByRoot,
    /// Detaches or deletes a policy, or removes a user from a group. The policy may have denied something.
    DetachesPolicy,
    /// Makes something harder to find: renames or deletes an identity or a credential.
    Conceals,
    /// Removes something; grants nothing.
    Revokes,
    /// Does not change access.
    None,
    /// Impairs something that these alerts depend on.
    ImpairsAlerting,
    /// Restores something that these alerts depend on, or does not impair it.
    RestoresAlerting,
    /// Somebody signs in to the console.
    SignsIn,
    /// Somebody who is signed in to the console switches to a role.
    SwitchesRole,
    /// AWS itself warns of a sign-in.
    WarnsOfSignIn,
    /// Changes how the root user signs in, at the sign-in page.
    ChangesRootSignIn,
    /// Not known.
    Unfamiliar,
}

/// What is looked up about the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetLookup {
    /// The severity does not depend on the target.
    Nothing,
    /// The target in its current state.
    Current,
    /// As `Current`; the call created the target, so IAM may not show it yet.
    JustCreated,
    /// Nothing if the call succeeded: then the target is deleted.
    UnlessGone,
    /// No more than the name that belongs to the id in the event.
    Name,
}

/// The policy that the call attaches or detaches, if the target's own policies may not show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyLookup {
    Nothing,
    /// The managed policy that the call names, if the target does not have it yet.
    GivenPolicy,
    /// The policies of the group that the call names, if the target is not in the group yet.
    GivenGroup,
    /// The managed policy that the call detached.
    RemovedPolicy,
    /// The policies of the group that the target was removed from.
    RemovedGroup,
    /// The policies of the permission set that the call names.
    GivenPermissionSet,
    /// The policies of all permission sets that the group of the call is assigned to.
    GivenAssignments,
    /// The policy of AWS Organizations that the call names.
    OrganizationsPolicy,
}

/// The commands that contain a successful call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Containment {
    Nothing,
    BlockNewUser,
    BlockNewRole,
    DeactivateCredential(CredentialKind),
    DeletePassword,
    DeactivateMfaDevice,
    DetachPolicy,
    DeleteInlinePolicy,
    RemoveFromGroup,
    /// Attaches the policy again, if the policy denied something.
    AttachPolicyAgain,
    /// Blocks the target, if the removed policy or boundary denied something.
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
    OfAccount(AccountContainment),
    InIdentityCenter(CenterContainment),
    InOrganization(OrganizationContainment),
    /// Removes what lets other principals in.
    StopSharing(Sharing),
    /// Restores what the alerts depend on.
    Restore(Restore),
}

/// The credentials that IAM can deactivate, each by its own call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialKind {
    AccessKey,
    SshPublicKey,
    SigningCertificate,
    ServiceSpecific,
}

/// The commands that contain a call about the account as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountContainment {
    RestorePasswordPolicy,
    DisableRootSessions,
    DisableRootCredentialsManagement,
    DisableOutboundFederation,
    RejectDelegation,
    /// The token was sent, so the request cannot be rejected any more.
    ReviewDelegation,
}

/// The commands that contain a call to IAM Identity Center. Its roles and providers in the accounts are never touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CenterContainment {
    RemoveAssignment,
    AssignAgain,
    RemoveMember,
    DisableUser,
    DetachManagedPolicy,
    DetachCustomerManagedPolicy,
    DeleteInlinePolicy,
    ReviewPermissionSet,
    ReviewTokenIssuer,
    /// What only the console can change.
    ReviewSettings,
}

/// The commands that contain a call to AWS Organizations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrganizationContainment {
    AttachPolicy,
    DetachPolicy,
    ReviewPolicy,
    EnablePolicyType,
    DeregisterAdministrator,
    DisableServiceAccess,
    EnableServiceAccess,
    InviteAgain,
    MoveBack,
    CancelInvitation,
    LeaveAgain,
    ReviewDelegation,
    ReviewRootSession,
    ReviewContact,
    ReviewEmail,
    DisableRegion,
    AskSupport,
}

/// How a resource is closed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    Bucket,
    PublicAccessOfBucket,
    PublicAccessOfAccount,
    Key,
    KeyGrant,
    FunctionPermission,
    LayerPermission,
    FunctionUrl,
    TopicPolicy,
    TopicPermission,
    QueuePolicy,
    QueuePermission,
    Secret,
    Repository,
    TrustAnchor,
    RolesAnywhereProfile,
    AccessEntry,
    AccessPolicy,
    InstanceProfile,
    IdentityPool,
}

/// The commands that restore the stack's own resources, or a trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restore {
    StartLogging,
    ListTrails,
    ReviewEventSelectors,
    EnableRule,
    RemoveConcurrencyLimit,
    EnableKey,
    CancelKeyDeletion,
    EnableAlarmActions,
    DeploySecondStack,
    /// Of a parameter: its former value.
    FormerValue,
}

/// Whether a call that names no target is about the caller: "If you do not specify a user name, IAM determines the user
/// name implicitly based on the access key that signs the request" (IAM API reference).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnCaller {
    Never,
    IfUnnamed,
    Always,
}

/// A step of a chain, see `detection::chains`.
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
    /// A role can be assumed from outside its account, or its trusted principals could not be read.
    TrustWidened,
    /// A policy of the account was attached, or set as a boundary.
    PolicyAttached,
    /// An identity provider was created or changed.
    ProviderChanged,
    /// A role can be assumed by identities of a provider, or its trusted principals could not be read.
    ProviderTrusted,
    Denied,
    /// A successful call that does more than remove or tag.
    Succeeded,
    /// A sign-in failed.
    SignInFailed,
    /// Somebody signed in.
    SignedIn,
}

/// The value of a field; a dot leads into an object: `memberId.userId`.
#[must_use]
pub fn at<'a>(object: &'a Value, field: &str) -> Option<&'a Value> {
    object.get(field).or_else(|| field.split_once('.').and_then(|(first, rest)| at(object.get(first)?, rest)))
}

impl When {
    pub(super) fn fits(self, request: &Value, by_root: bool) -> bool {
        let flag = |field| request.get(field).and_then(Value::as_bool) == Some(true);
        match self {
            Self::Always => true,
            Self::ByRoot => by_root,
            Self::Unread => request.as_object().is_none_or(serde_json::Map::is_empty) || flag("omitted"),
            Self::Has(field) => at(request, field).is_some_and(|value| !value.is_null()),
            Self::Is(field, wanted) => at(request, field).and_then(Value::as_str) == Some(wanted),
            // If the request was omitted, the more severe meaning is used: an attacker can pad a request to hide its
            // parameters.
            Self::True(field) => flag(field) || flag("omitted"),
        }
    }
}

impl AccessEffect {
    /// Whether the settings cannot leave the action out: it concerns the stack's own resources or the root user's sign-in.
    #[must_use]
    pub const fn is_always_watched(self) -> bool {
        self.concerns_alerting() || self.concerns_sign_in() || matches!(self, Self::WarnsOfSignIn | Self::ByRoot)
    }

    /// Whether the action concerns what these alerts depend on.
    #[must_use]
    pub const fn concerns_alerting(self) -> bool {
        matches!(self, Self::ImpairsAlerting | Self::RestoresAlerting)
    }

    /// Whether the action happens at the sign-in page.
    #[must_use]
    pub const fn concerns_sign_in(self) -> bool {
        matches!(self, Self::SignsIn | Self::ChangesRootSignIn)
    }

    /// Whether pipelines do this all the time: the action removes, renames or tags.
    #[must_use]
    pub const fn is_maintenance(self) -> bool {
        matches!(self, Self::None | Self::Revokes | Self::DetachesPolicy | Self::Conceals)
    }

    /// Whether a principal can use the target's access afterwards: then that access decides the severity.
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
                | Self::SwitchesRole
        )
    }

    /// Whether the target gets a policy.
    #[must_use]
    pub const fn grants_policy(self) -> bool {
        matches!(self, Self::AttachesPolicy | Self::PutsInlinePolicy | Self::AddsToGroup | Self::AssignsAccess)
    }
}

impl ObjectKind {
    /// Whether the credential works for one service only, and cannot sign requests to other AWS services.
    #[must_use]
    pub const fn is_for_one_service(self) -> bool {
        matches!(self, Self::ServiceSpecificCredential | Self::SshPublicKey | Self::SigningCertificate)
    }
}

impl TargetKind {
    /// The fields of the request or the response that can contain the target's name, best first: a name, an ARN or a
    /// URL.
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
            Self::RootUser | Self::Account | Self::IdentityCenter | Self::Organization => &[],
            Self::Trail => &["name", "trailName", "resourceId"],
            Self::Rule => &["name", "rule", "resourceARN"],
            Self::EventBus | Self::Schedule => &["name"],
            Self::Parameter => &["name", "names"],
            Self::Topic => &["topicArn", "subscriptionArn", "resourceArn", "name"],
            Self::Function => &["functionName", "resource", "resourceArn"],
            Self::Queue => &["queueUrl", "queueName", "sourceArn", "destinationArn"],
            Self::Table => &["tableName", "resourceArn", "tableArn", "sourceTableName", "sourceTableArn", "backupArn"],
            Self::KmsKey => &["keyId", "targetKeyId"],
            Self::LogGroup => {
                &["logGroupName", "logGroupNames", "logGroupIdentifier", "resourceIdentifier", "resourceArn"]
            }
            Self::Alarm => &["alarmName", "alarmNames", "resourceARN"],
            Self::Stack => &["stackName", "stackSetName"],
            Self::Bucket => &["bucketName"],
            Self::PermissionSet => &["name", "permissionSetArn"],
            Self::DirectoryIdentity | Self::DirectoryUser => {
                &["principalId", "memberId.userId", "member.memberId", "userId", "userName"]
            }
            Self::DirectoryGroup => &["principalId", "groupId", "displayName"],
            Self::TokenIssuer => &["name", "trustedTokenIssuerArn"],
            Self::OrganizationPart | Self::OrganizationRoot => &["targetId", "rootId", "parentId"],
            Self::OrganizationalUnit => &["organizationalUnitId", "targetId", "name"],
            Self::MemberAccount => &["accountId", "target.id", "targetId", "targetPrincipal", "accountName"],
            Self::OrganizationsPolicy => &["policyId", "name"],
            Self::Region => &["regionName", "region"],
            Self::TrustAnchor => &["name", "trustAnchorId"],
            Self::RolesAnywhereProfile => &["name", "profileId"],
            Self::Cluster => &["name", "clusterName"],
            Self::Instance => &[
                "AssociateIamInstanceProfileRequest.InstanceId",
                "instanceId",
                "ReplaceIamInstanceProfileAssociationRequest.AssociationId",
            ],
            Self::IdentityPool => &["identityPoolName", "identityPoolId"],
            Self::Secret => &["secretId", "name"],
            Self::Repository => &["repositoryName"],
            Self::Layer => &["layerName"],
        }
    }

    /// Whether an account or an organization has only one of the kind: then it needs no name.
    #[must_use]
    pub const fn is_only_one(self) -> bool {
        self.fields().is_empty()
    }

    /// The field of the response that contains the target's ARN.
    #[must_use]
    pub const fn arn_field(self) -> &'static str {
        match self {
            Self::PermissionSet => "permissionSetArn",
            Self::TrustAnchor => "trustAnchorArn",
            Self::RolesAnywhereProfile => "profileArn",
            _ => "arn",
        }
    }

    /// The service in the target's ARN, and the beginning of the resource part.
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
            Self::LogGroup => ("logs", "log-group:"),
            Self::Alarm => ("cloudwatch", "alarm:"),
            Self::Stack => ("cloudformation", "stack/"),
            Self::Bucket => ("s3", ""),
            Self::Schedule => ("scheduler", "schedule/"),
            Self::Parameter => ("ssm", "parameter"),
            Self::PermissionSet => ("sso", "permissionSet/"),
            Self::DirectoryIdentity | Self::DirectoryUser => ("identitystore", "user/"),
            Self::DirectoryGroup => ("identitystore", "group/"),
            Self::IdentityCenter => ("sso", "instance/"),
            Self::TokenIssuer => ("sso", "trustedTokenIssuer/"),
            Self::Organization => ("organizations", "organization/"),
            Self::OrganizationPart | Self::OrganizationRoot => ("organizations", "root/"),
            Self::OrganizationalUnit => ("organizations", "ou/"),
            Self::MemberAccount => ("organizations", "account/"),
            Self::OrganizationsPolicy => ("organizations", "policy/"),
            Self::Region => ("account", "region/"),
            Self::TrustAnchor => ("rolesanywhere", "trust-anchor/"),
            Self::RolesAnywhereProfile => ("rolesanywhere", "profile/"),
            Self::Cluster => ("eks", "cluster/"),
            Self::Instance => ("ec2", "instance/"),
            Self::IdentityPool => ("cognito-identity", "identitypool/"),
            Self::Secret => ("secretsmanager", "secret:"),
            Self::Repository => ("ecr", "repository/"),
            Self::Layer => ("lambda", "layer:"),
        }
    }

    /// Whether the target can be looked up in IAM.
    #[must_use]
    pub const fn is_looked_up(self) -> bool {
        matches!(self, Self::User | Self::Role | Self::Group | Self::Policy)
    }
}

impl ChainStep {
    /// Every step, with the word that the history stores. Stored words never change: old items contain them.
    pub const ALL: [(Self, &'static str); 16] = [
        (Self::UserCreated, "user-created"),
        (Self::UserEquipped, "user-equipped"),
        (Self::VersionWritten, "version-written"),
        (Self::DefaultVersionSet, "default-set"),
        (Self::MfaRemoved, "mfa-taken"),
        (Self::PasswordSet, "password-set"),
        (Self::BoundaryRemoved, "boundary-removed"),
        (Self::PolicyGranted, "policy-given"),
        (Self::TrustWidened, "trust-opened"),
        (Self::PolicyAttached, "policy-attached"),
        (Self::ProviderChanged, "provider-changed"),
        (Self::ProviderTrusted, "provider-trusted"),
        (Self::Denied, "denied"),
        (Self::Succeeded, "worked"),
        (Self::SignInFailed, "sign-in-failed"),
        (Self::SignedIn, "signed-in"),
    ];

    /// The word that the history stores.
    #[must_use]
    pub fn stored(self) -> &'static str {
        Self::ALL.iter().find(|(step, _)| *step == self).map_or("", |(_, word)| word)
    }

    /// The step of a stored word; `None` if there is none.
    #[must_use]
    pub fn from_stored(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, other)| *other == word).map(|(step, _)| *step)
    }
}

impl Action {
    /// The action in a policy: `cloudtrail:StopLogging`.
    #[must_use]
    pub fn iam_action(&self) -> String {
        format!("{}:{}", self.service, self.event_name)
    }

    /// Whether the action can let somebody use a resource or a workload, see `sharing`.
    #[must_use]
    pub const fn concerns_sharing(&self) -> bool {
        matches!(self.containment, Containment::StopSharing(_))
    }

    /// Whether the action decides who is trusted to assume a role.
    #[must_use]
    pub const fn is_about_trust(&self) -> bool {
        let creates_role = matches!((self.effect, self.target), (AccessEffect::Creates, TargetKind::Role));
        creates_role || matches!(self.object, ObjectKind::TrustPolicy)
    }

    /// Whether a request of this action always has a policy document or a trust policy.
    #[must_use]
    pub const fn carries_document(&self) -> bool {
        match self.object {
            ObjectKind::InlinePolicy | ObjectKind::SetPolicy | ObjectKind::ResourcePolicy => {
                matches!(self.operation, Operation::Put)
            }
            ObjectKind::NewDefaultVersion | ObjectKind::NewVersion | ObjectKind::TrustPolicy => true,
            ObjectKind::Itself => {
                matches!((self.operation, self.target), (Operation::Create, TargetKind::Role | TargetKind::Policy))
            }
            _ => false,
        }
    }

    /// Whether CloudTrail's `eventName` means this action. Lambda adds a version to the name, `…20150331v2`.
    pub(super) fn is_called(&self, event_name: &str) -> bool {
        // `UpdateSsoConfiguration` is the action UpdateSSOConfiguration.
        let beginning = event_name.get(..self.event_name.len());
        if !beginning.is_some_and(|beginning| beginning.eq_ignore_ascii_case(self.event_name)) {
            return false;
        }
        match &event_name[self.event_name.len()..] {
            "" => true,
            version => self.service == "lambda" && version.starts_with(|first: char| first.is_ascii_digit()),
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
