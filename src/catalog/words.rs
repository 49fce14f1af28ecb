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
            Self::InlinePolicy => "inline policy",
            Self::PermissionsBoundary => "permissions boundary",
            Self::TrustPolicy => "trust policy",
            Self::Group => "group",
            Self::InstanceProfile => "instance profile",
            Self::LinkedService => "service",
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
            Self::StackAction => "action",
        })
    }

    /// The label of the object in a list of facts.
    #[must_use]
    pub fn label(self) -> &'static str {
        said(match self {
            Self::Itself => "Name",
            Self::NewName => "New name",
            Self::NameOrPath | Self::Description | Self::DescriptionOrSessionLength | Self::TopicAttribute => {
                "Attribute"
            }
            Self::ManagedPolicy | Self::InlinePolicy | Self::TrustPolicy | Self::PasswordPolicy => "Policy",
            Self::PermissionsBoundary => "Boundary",
            Self::Group => "Group",
            Self::InstanceProfile => "Profile",
            Self::LinkedService => "Service",
            Self::RoleTemplate => "Template",
            Self::AccessKey => "Access key",
            Self::ConsolePassword | Self::RootPassword | Self::RootPasswordRecovery => "Password",
            Self::ServiceSpecificCredential => "Credential",
            Self::SshPublicKey => "SSH key",
            Self::SigningCertificate => "Certificate",
            Self::MfaDevice => "Device",
            Self::NewDefaultVersion | Self::NewVersion | Self::OldVersion | Self::DefaultVersion => "Version",
            Self::Thumbprints => "Thumbprints",
            Self::ClientId => "Client ID",
            Self::AccountAlias => "Alias",
            Self::StsPreferences => "Preferences",
            Self::RootCredentialsManagement | Self::RootSessions | Self::OutboundFederation => "Feature",
            Self::AccountProperties => "Properties",
            Self::DelegationRequest | Self::DelegationToken => "Request",
            Self::RootEmail => "E-mail address",
            Self::EventSelectors => "Selectors",
            Self::RuleTargets => "Targets",
            Self::Subscription => "Subscription",
            Self::FunctionCode | Self::FunctionConfiguration | Self::ReservedConcurrency => "Setting",
            Self::InvokePermission => "Statement",
            Self::KeyDeletion => "Deletion",
            Self::Logging => "Logging",
            Self::UnfamiliarAction | Self::StackAction => "Action",
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
            | Self::KeyDeletion => Reference::Definite,
            Self::Logging => Reference::Uncountable,
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
            Self::Account => "account",
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
            Self::Schedule => "schedule",
        })
    }
}

impl Action {
    /// Which of target and object comes first.
    #[must_use]
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
            | ObjectKind::UnfamiliarAction => Order::ObjectOnly,
            ObjectKind::NewName => Order::TargetThenObject("to"),
            ObjectKind::LinkedService => Order::TargetThenObject("for"),
            ObjectKind::RoleTemplate => Order::TargetThenObject("from"),
            ObjectKind::Logging | ObjectKind::StackAction => Order::ObjectThenTarget("on"),
            ObjectKind::Group | ObjectKind::InstanceProfile => {
                Order::TargetThenObject(if self.operation == Operation::Remove { "from" } else { "to" })
            }
            ObjectKind::ManagedPolicy => {
                Order::ObjectThenTarget(if self.operation == Operation::Detach { "from" } else { "to" })
            }
            ObjectKind::InlinePolicy => {
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
            | ObjectKind::KeyDeletion => Order::ObjectThenTarget("of"),
        }
    }
}

/// "a " or "an ", by the sound that the word begins with.
#[must_use]
pub fn article(word: &str) -> &'static str {
    // Letters that are spelled out: "an SSH key", but "a SAML provider".
    let spelled = ["SSH ", "MFA ", "SNS ", "SQS "].iter().any(|letters| word.starts_with(letters));
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
