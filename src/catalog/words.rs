//! The words for the operations, objects and targets of the catalogue. All such words are here, and no code depends on
//! them: another word changes sentences and nothing else.

use super::types::{Action, ObjectKind, Operation, TargetKind};

/// How an object is referred to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference {
    /// By its name, as in "the policy P".
    ByName,
    /// Without a name, as in "an access key".
    Indefinite,
    /// There is only one, as in "the trust policy".
    Definite,
    /// Without a name and an article, as in "logging".
    Uncountable,
}

/// The order of target and object in a sentence, and the preposition between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// "created the IAM user U"
    TargetOnly,
    /// "changed the account's password policy"
    ObjectOnly,
    /// "attached the policy P to the IAM user U"
    ObjectThenTarget(&'static str),
    /// "added the IAM user U to the group G"
    TargetThenObject(&'static str),
}

impl Operation {
    /// The past participle: "created".
    #[must_use]
    pub fn past(self) -> &'static str {
        said(match self {
            Self::Create => "created",
            Self::Delete => "deleted",
            Self::Change => "changed",
            Self::Rename => "renamed",
            Self::Set => "set",
            Self::Remove => "removed",
            Self::Attach => "attached",
            Self::Detach => "detached",
            Self::Put => "put",
            Self::Add => "added",
            Self::Replace => "replaced",
            Self::Activate => "activated",
            Self::Deactivate => "deactivated",
            Self::Reset => "reset",
            Self::Upload => "uploaded",
            Self::Register => "registered",
            Self::Resynchronize => "resynchronized",
            Self::Enable => "enabled",
            Self::Disable => "disabled",
            Self::Start => "started",
            Self::Stop => "stopped",
            Self::Schedule => "scheduled",
            Self::Tag => "tagged",
            Self::Untag => "untagged",
            Self::SignIn => "signed in",
            Self::Request => "requested",
            Self::Complete => "completed",
            Self::Accept => "accepted",
            Self::Send => "sent",
            Self::Associate => "associated",
            Self::Reject => "rejected",
            Self::Assign => "assigned",
            Self::Unassign => "unassigned",
            Self::Provision => "provisioned",
            Self::Invite => "invited",
            Self::Move => "moved",
            Self::Close => "closed",
            Self::Open => "opened",
            Self::Switch => "switched to",
            Self::Detect => "detected",
            Self::Replicate => "replicated",
            Self::Call => "called",
        })
    }

    /// The infinitive: "create".
    #[must_use]
    pub fn infinitive(self) -> &'static str {
        said(match self {
            Self::Create => "create",
            Self::Delete => "delete",
            Self::Change => "change",
            Self::Rename => "rename",
            Self::Set => "set",
            Self::Remove => "remove",
            Self::Attach => "attach",
            Self::Detach => "detach",
            Self::Put => "put",
            Self::Add => "add",
            Self::Replace => "replace",
            Self::Activate => "activate",
            Self::Deactivate => "deactivate",
            Self::Reset => "reset",
            Self::Upload => "upload",
            Self::Register => "register",
            Self::Resynchronize => "resynchronize",
            Self::Enable => "enable",
            Self::Disable => "disable",
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Schedule => "schedule",
            Self::Tag => "tag",
            Self::Untag => "untag",
            Self::SignIn => "sign in",
            Self::Request => "request",
            Self::Complete => "complete",
            Self::Accept => "accept",
            Self::Send => "send",
            Self::Associate => "associate",
            Self::Reject => "reject",
            Self::Assign => "assign",
            Self::Unassign => "unassign",
            Self::Provision => "provision",
            Self::Invite => "invite",
            Self::Move => "move",
            Self::Close => "close",
            Self::Open => "open",
            Self::Switch => "switch to",
            Self::Detect => "detect",
            Self::Replicate => "replicate",
            Self::Call => "call",
        })
    }
}

impl ObjectKind {
    /// The noun, without an article; empty if the object is the target itself.
    #[must_use]
    pub fn noun(self) -> &'static str {
        said(match self {
            Self::Itself => "",
            Self::NewName => "the name",
            Self::NameOrPath => "name or path",
            Self::Description => "description",
            Self::DescriptionOrSessionLength => "description or session duration",
            Self::ManagedPolicy => "policy",
            Self::InlinePolicy | Self::SetPolicy => "inline policy",
            Self::PermissionsBoundary => "permissions boundary",
            Self::TrustPolicy => "trust policy",
            Self::Group => "group",
            Self::InstanceProfile => "instance profile",
            Self::LinkedService | Self::DelegatedService => "service",
            Self::RoleTemplate => "role template",
            Self::AccessKey => "access key",
            Self::ConsolePassword => "console password",
            Self::ServiceSpecificCredential => "service-specific credential",
            Self::SshPublicKey => "SSH public key",
            Self::SigningCertificate => "signing certificate",
            Self::MfaDevice => "MFA device",
            Self::NewDefaultVersion => "new default version",
            Self::NewVersion => "new version",
            Self::OldVersion => "version",
            Self::DefaultVersion => "default version",
            Self::Thumbprints => "thumbprints",
            Self::ClientId => "client ID",
            Self::AccountAlias => "account alias",
            Self::PasswordPolicy => "account's password policy",
            Self::StsPreferences => "account's STS preferences",
            Self::RootCredentialsManagement => "organization's central management of root credentials",
            Self::RootSessions => "organization's root sessions",
            Self::OutboundFederation => "account's outbound identity federation",
            Self::AccountProperties => "account's IAM properties",
            Self::DelegationRequest => "delegation request",
            Self::DelegationToken => "token of the delegation request",
            Self::RootPassword => "root user's password",
            Self::RootPasswordRecovery => "recovery of the root user's password",
            Self::RootEmail => "root user's e-mail address",
            Self::UnusualSignIn => "unusual sign-in",
            Self::EventSelectors => "event selectors",
            Self::RuleTargets => "targets",
            Self::Subscription => "subscription",
            Self::TopicAttribute => "attribute",
            Self::FunctionCode => "code",
            Self::FunctionConfiguration => "configuration",
            Self::ReservedConcurrency => "reserved concurrency",
            Self::InvokePermission => "invoke permission",
            Self::KeyDeletion => "deletion",
            Self::Logging => "logging",
            Self::UnfamiliarAction => "unfamiliar IAM action",
            Self::PermissionSet => "permission set",
            Self::CustomerManagedPolicy => "customer managed policy",
            Self::OrganizationsPolicy => "Organizations policy",
            Self::PolicyType => "policy type",
            Self::TrustedService => "trusted service",
            Self::DelegationPolicy => "organization's delegation policy",
            Self::AllFeatures => "all features of the organization",
            Self::Handshake => "invitation to an organization",
            Self::OwnOrganization => "the organization",
            Self::BillingTransfer => "transfer of billing",
            Self::Application => "application",
            Self::GroupMembership => "group membership",
            Self::MfaRegistration => "registration of an MFA device",
            Self::RootEmailChange => "change of the root user's e-mail address",
            Self::IdentitySource => "identity source of IAM Identity Center",
            Self::ExternalProvider => "external identity provider of IAM Identity Center",
            Self::ProviderCertificate => "certificate of the external identity provider",
            Self::ProvisioningAccess => "access token for automatic provisioning",
            Self::MfaSettings => "MFA settings of IAM Identity Center",
            Self::IdentityCenterSettings => "settings of IAM Identity Center",
            Self::Password => "password",
            Self::EmailVerification => "e-mail address",
            Self::RootSession => "root session",
            Self::AlternateContact => "account's alternate contact",
            Self::ContactInformation => "account's contact information",
            Self::AccountName => "account's name",
            Self::ResourcePolicy => "resource policy",
            Self::PublicAccessBlock => "block of public access",
            Self::Permission => "permission",
            Self::AccessControlList => "access control list",
            Self::FunctionUrl => "function URL",
            Self::KeyGrant => "grant",
            Self::AccessEntry => "access entry",
            Self::ClusterAccessPolicy => "access policy",
            Self::IdentityPoolRoles => "roles",
            Self::RootCall | Self::StackAction => "action",
        })
    }

    /// The label of the object in a list of facts.
    #[must_use]
    pub fn label(self) -> &'static str {
        said(match self {
            Self::Itself | Self::AccountName => "Name",
            Self::NewName => "New name",
            Self::NameOrPath | Self::Description | Self::DescriptionOrSessionLength | Self::TopicAttribute => {
                "Attribute"
            }
            Self::ManagedPolicy
            | Self::InlinePolicy
            | Self::TrustPolicy
            | Self::PasswordPolicy
            | Self::CustomerManagedPolicy
            | Self::SetPolicy
            | Self::OrganizationsPolicy
            | Self::DelegationPolicy
            | Self::ResourcePolicy
            | Self::ClusterAccessPolicy => "Policy",
            Self::PermissionsBoundary => "Boundary",
            Self::Group => "Group",
            Self::InstanceProfile => "Profile",
            Self::LinkedService | Self::DelegatedService | Self::TrustedService => "Service",
            Self::RoleTemplate => "Template",
            Self::AccessKey => "Access key",
            Self::ConsolePassword | Self::RootPassword | Self::RootPasswordRecovery | Self::Password => "Password",
            Self::ServiceSpecificCredential => "Credential",
            Self::SshPublicKey => "SSH key",
            Self::SigningCertificate | Self::ProviderCertificate => "Certificate",
            Self::MfaDevice | Self::MfaRegistration => "Device",
            Self::NewDefaultVersion | Self::NewVersion | Self::OldVersion | Self::DefaultVersion => "Version",
            Self::Thumbprints => "Thumbprints",
            Self::ClientId => "Client ID",
            Self::AccountAlias => "Alias",
            Self::StsPreferences => "Preferences",
            Self::RootCredentialsManagement | Self::RootSessions | Self::OutboundFederation | Self::AllFeatures => {
                "Feature"
            }
            Self::AccountProperties => "Properties",
            Self::DelegationRequest | Self::DelegationToken => "Request",
            Self::RootEmail | Self::RootEmailChange | Self::EmailVerification => "E-mail address",
            Self::UnusualSignIn => "Sign-in",
            Self::EventSelectors => "Selectors",
            Self::RuleTargets => "Targets",
            Self::Subscription => "Subscription",
            Self::FunctionCode | Self::FunctionConfiguration | Self::ReservedConcurrency | Self::PublicAccessBlock => {
                "Setting"
            }
            Self::InvokePermission => "Statement",
            Self::KeyDeletion => "Deletion",
            Self::Logging => "Logging",
            Self::PermissionSet => "Permission set",
            Self::PolicyType => "Policy type",
            Self::Handshake => "Invitation",
            Self::OwnOrganization => "Organization",
            Self::BillingTransfer => "Transfer",
            Self::Application => "Application",
            Self::GroupMembership => "Membership",
            Self::IdentitySource => "Identity source",
            Self::ExternalProvider => "Provider",
            Self::ProvisioningAccess => "Token",
            Self::MfaSettings | Self::IdentityCenterSettings => "Settings",
            Self::RootSession => "Session",
            Self::AlternateContact | Self::ContactInformation => "Contact",
            Self::Permission => "Permission",
            Self::AccessControlList => "ACL",
            Self::FunctionUrl => "URL",
            Self::KeyGrant => "Grant",
            Self::AccessEntry => "Access entry",
            Self::IdentityPoolRoles => "Roles",
            Self::RootCall | Self::UnfamiliarAction | Self::StackAction => "Action",
        })
    }

    /// How the object is referred to when this operation is done with it.
    #[must_use]
    pub const fn reference(self, operation: Operation) -> Reference {
        match self {
            Self::Itself
            | Self::NewName
            | Self::ManagedPolicy
            | Self::InlinePolicy
            | Self::Group
            | Self::InstanceProfile
            | Self::LinkedService
            | Self::RoleTemplate
            | Self::ClientId
            | Self::AccountAlias
            | Self::DelegationRequest
            | Self::DelegationToken
            | Self::TopicAttribute
            | Self::PermissionSet
            | Self::CustomerManagedPolicy
            | Self::OrganizationsPolicy
            | Self::PolicyType
            | Self::DelegatedService
            | Self::TrustedService
            | Self::ClusterAccessPolicy
            | Self::RootCall
            | Self::UnfamiliarAction
            | Self::StackAction => Reference::ByName,
            Self::AccessKey
            | Self::ServiceSpecificCredential
            | Self::SshPublicKey
            | Self::SigningCertificate
            | Self::MfaDevice
            | Self::NewDefaultVersion
            | Self::NewVersion
            | Self::OldVersion
            | Self::Subscription
            | Self::Handshake
            | Self::BillingTransfer
            | Self::Application
            | Self::GroupMembership
            | Self::UnusualSignIn
            | Self::ProvisioningAccess
            | Self::ProviderCertificate
            | Self::RootSession
            | Self::Permission
            | Self::FunctionUrl
            | Self::KeyGrant
            | Self::AccessEntry
            | Self::InvokePermission => Reference::Indefinite,
            Self::ConsolePassword if matches!(operation, Operation::Create) => Reference::Indefinite,
            Self::ConsolePassword
            | Self::NameOrPath
            | Self::Description
            | Self::DescriptionOrSessionLength
            | Self::PermissionsBoundary
            | Self::TrustPolicy
            | Self::DefaultVersion
            | Self::Thumbprints
            | Self::PasswordPolicy
            | Self::StsPreferences
            | Self::RootCredentialsManagement
            | Self::RootSessions
            | Self::OutboundFederation
            | Self::AccountProperties
            | Self::RootPassword
            | Self::RootPasswordRecovery
            | Self::RootEmail
            | Self::EventSelectors
            | Self::RuleTargets
            | Self::FunctionCode
            | Self::FunctionConfiguration
            | Self::ReservedConcurrency
            | Self::DelegationPolicy
            | Self::MfaRegistration
            | Self::RootEmailChange
            | Self::IdentitySource
            | Self::ExternalProvider
            | Self::MfaSettings
            | Self::IdentityCenterSettings
            | Self::Password
            | Self::EmailVerification
            | Self::AlternateContact
            | Self::ContactInformation
            | Self::AccountName
            | Self::SetPolicy
            | Self::ResourcePolicy
            | Self::PublicAccessBlock
            | Self::AccessControlList
            | Self::IdentityPoolRoles
            | Self::KeyDeletion => Reference::Definite,
            Self::Logging | Self::AllFeatures | Self::OwnOrganization => Reference::Uncountable,
        }
    }
}

impl TargetKind {
    /// The noun, without an article.
    #[must_use]
    pub fn noun(self) -> &'static str {
        said(match self {
            Self::User => "IAM user",
            Self::RootUser => "root user",
            Self::Role => "IAM role",
            Self::Group => "IAM group",
            Self::Policy => "IAM policy",
            Self::InstanceProfile => "instance profile",
            Self::MfaDevice => "virtual MFA device",
            Self::SamlProvider => "SAML provider",
            Self::OidcProvider => "OIDC provider",
            Self::ServerCertificate => "server certificate",
            Self::Account | Self::MemberAccount => "account",
            Self::Trail => "trail",
            Self::Rule => "EventBridge rule",
            Self::EventBus => "event bus",
            Self::Topic => "SNS topic",
            Self::Function => "Lambda function",
            Self::Queue => "SQS queue",
            Self::Table => "DynamoDB table",
            Self::KmsKey => "KMS key",
            Self::LogGroup => "log group",
            Self::Alarm => "CloudWatch alarm",
            Self::Stack => "CloudFormation stack",
            Self::Bucket => "S3 bucket",
            Self::Parameter => "parameter",
            Self::Schedule => "schedule",
            Self::PermissionSet => "permission set",
            Self::DirectoryIdentity => "Identity Center user or group",
            Self::DirectoryUser => "Identity Center user",
            Self::DirectoryGroup => "Identity Center group",
            Self::IdentityCenter => "instance of IAM Identity Center",
            Self::TokenIssuer => "trusted token issuer",
            Self::Organization => "organization",
            Self::OrganizationPart => "organizational unit or account",
            Self::OrganizationRoot => "organization's root",
            Self::OrganizationalUnit => "organizational unit",
            Self::OrganizationsPolicy => "Organizations policy",
            Self::Region => "region",
            Self::TrustAnchor => "trust anchor",
            Self::RolesAnywhereProfile => "Roles Anywhere profile",
            Self::Cluster => "EKS cluster",
            Self::Instance => "EC2 instance",
            Self::IdentityPool => "identity pool",
            Self::Secret => "secret",
            Self::Repository => "ECR repository",
            Self::Layer => "Lambda layer",
        })
    }
}

impl Action {
    /// Which of target and object comes first.
    #[must_use]
    #[allow(clippy::too_many_lines, reason = "a table")]
    pub fn order(&self) -> Order {
        match self.object {
            ObjectKind::Itself => Order::TargetOnly,
            ObjectKind::AccountAlias
            | ObjectKind::PasswordPolicy
            | ObjectKind::StsPreferences
            | ObjectKind::RootCredentialsManagement
            | ObjectKind::RootSessions
            | ObjectKind::OutboundFederation
            | ObjectKind::AccountProperties
            | ObjectKind::DelegationRequest
            | ObjectKind::DelegationToken
            | ObjectKind::RootPassword
            | ObjectKind::RootPasswordRecovery
            | ObjectKind::RootEmail
            | ObjectKind::UnusualSignIn
            | ObjectKind::TrustedService
            | ObjectKind::DelegationPolicy
            | ObjectKind::AllFeatures
            | ObjectKind::Handshake
            | ObjectKind::BillingTransfer
            | ObjectKind::Application
            | ObjectKind::GroupMembership
            | ObjectKind::RootEmailChange
            | ObjectKind::IdentitySource
            | ObjectKind::ExternalProvider
            | ObjectKind::ProviderCertificate
            | ObjectKind::ProvisioningAccess
            | ObjectKind::MfaSettings
            | ObjectKind::IdentityCenterSettings
            | ObjectKind::AlternateContact
            | ObjectKind::ContactInformation
            | ObjectKind::AccountName
            | ObjectKind::RootCall
            | ObjectKind::UnfamiliarAction => Order::ObjectOnly,
            ObjectKind::PermissionSet => {
                Order::ObjectThenTarget(if self.operation == Operation::Unassign { "from" } else { "to" })
            }
            ObjectKind::DelegatedService => Order::TargetThenObject(if self.operation == Operation::Remove {
                "as delegated administrator of"
            } else {
                "as a delegated administrator of"
            }),
            ObjectKind::OwnOrganization => {
                Order::TargetThenObject(if self.operation == Operation::Invite { "to" } else { "from" })
            }
            ObjectKind::MfaRegistration => Order::ObjectThenTarget("for"),
            ObjectKind::PolicyType | ObjectKind::RootSession => Order::ObjectThenTarget("in"),
            ObjectKind::NewName => Order::TargetThenObject("to"),
            ObjectKind::LinkedService => Order::TargetThenObject("for"),
            ObjectKind::RoleTemplate => Order::TargetThenObject("from"),
            ObjectKind::Logging | ObjectKind::StackAction | ObjectKind::Permission | ObjectKind::KeyGrant => {
                Order::ObjectThenTarget("on")
            }
            ObjectKind::Group | ObjectKind::InstanceProfile => Order::TargetThenObject(match self.operation {
                Operation::Remove => "from",
                Operation::Associate | Operation::Replace => "with",
                _ => "to",
            }),
            ObjectKind::ManagedPolicy
            | ObjectKind::CustomerManagedPolicy
            | ObjectKind::OrganizationsPolicy
            | ObjectKind::ClusterAccessPolicy => {
                Order::ObjectThenTarget(if self.operation == Operation::Detach { "from" } else { "to" })
            }
            ObjectKind::InlinePolicy | ObjectKind::SetPolicy => {
                Order::ObjectThenTarget(if self.operation == Operation::Put { "on" } else { "of" })
            }
            ObjectKind::ClientId => {
                Order::ObjectThenTarget(if self.operation == Operation::Remove { "from" } else { "to" })
            }
            ObjectKind::AccessKey
            | ObjectKind::ConsolePassword
            | ObjectKind::ServiceSpecificCredential
            | ObjectKind::SshPublicKey
            | ObjectKind::SigningCertificate
            | ObjectKind::MfaDevice => Order::ObjectThenTarget(match self.operation {
                Operation::Create | Operation::Upload | Operation::Register => "for",
                _ => "of",
            }),
            ObjectKind::NameOrPath
            | ObjectKind::Description
            | ObjectKind::DescriptionOrSessionLength
            | ObjectKind::PermissionsBoundary
            | ObjectKind::TrustPolicy
            | ObjectKind::NewDefaultVersion
            | ObjectKind::NewVersion
            | ObjectKind::OldVersion
            | ObjectKind::DefaultVersion
            | ObjectKind::Thumbprints
            | ObjectKind::EventSelectors
            | ObjectKind::RuleTargets
            | ObjectKind::Subscription
            | ObjectKind::TopicAttribute
            | ObjectKind::FunctionCode
            | ObjectKind::FunctionConfiguration
            | ObjectKind::ReservedConcurrency
            | ObjectKind::InvokePermission
            | ObjectKind::Password
            | ObjectKind::EmailVerification
            | ObjectKind::ResourcePolicy
            | ObjectKind::PublicAccessBlock
            | ObjectKind::AccessControlList
            | ObjectKind::IdentityPoolRoles
            | ObjectKind::KeyDeletion => Order::ObjectThenTarget("of"),
            ObjectKind::FunctionUrl => {
                Order::ObjectThenTarget(if self.operation == Operation::Create { "for" } else { "of" })
            }
            ObjectKind::AccessEntry => Order::ObjectThenTarget(match self.operation {
                Operation::Create => "in",
                _ => "of",
            }),
        }
    }
}

/// "a " or "an ", by the sound that the word begins with.
#[must_use]
pub fn article(word: &str) -> &'static str {
    // Letters that are spelled out: "an SSH key", but "a SAML provider".
    let spelled = ["SSH ", "MFA ", "SNS ", "SQS ", "S3 "].iter().any(|letters| word.starts_with(letters));
    if spelled || word.starts_with(['a', 'e', 'i', 'o', 'u', 'A', 'E', 'I', 'O', 'U']) { "an " } else { "a " }
}

#[cfg(not(test))]
const fn said(word: &'static str) -> &'static str {
    word
}

/// Under test every word can be replaced by another, to show that no code depends on one.
#[cfg(test)]
fn said(word: &'static str) -> &'static str {
    if word.is_empty() || !tests::OTHER_WORDS.get() {
        return word;
    }
    let other: String = word.chars().map(|c| if c.is_alphabetic() { 'q' } else { c }).collect();
    Box::leak(other.into_boxed_str())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::cell::Cell;

    thread_local! {
        /// Whether every word of the vocabulary is another one on this thread.
        pub(crate) static OTHER_WORDS: Cell<bool> = const { Cell::new(false) };
    }

    #[test]
    fn articles_go_by_sound() {
        for (word, expected) in [
            ("IAM user", "an "),
            ("SSH public key", "an "),
            ("SAML provider", "a "),
            ("MFA device", "an "),
            ("policy", "a "),
            ("unfamiliar IAM action", "an "),
        ] {
            assert_eq!(article(word), expected, "{word}");
        }
    }
}
