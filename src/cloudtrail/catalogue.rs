//! The catalogue of the calls that are told: what a person calls each, what it changes and for whom, how
//! grave it is by itself, and which technique of ATT&CK it may be.
//!
//! To add a call, add its row to [`CATALOGUE`], its name to the rule in `template.yaml`, and an example of it
//! to `tests/calls.json`; tests hold the three equal. Where a call has several meanings (a key is activated
//! or deactivated), it has several rows, and the first whose [`When`] fits is taken.
//!
//! Names of calls are those of the IAM API reference and the "Service Authorization Reference"; techniques
//! those of MITRE ATT&CK for Enterprise.

use crate::severity::Severity;
use serde_json::Value;

/// A call that is told, or one meaning of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action {
    /// The service that takes the call, as in `iam:CreateUser` and `iam.amazonaws.com`.
    pub service: &'static str,
    /// CloudTrail's `eventName`; for Lambda without the version that is written behind it.
    pub event_name: &'static str,
    /// Of which requests the row speaks.
    pub when: When,
    /// What it did, in the past: "created".
    pub done: &'static str,
    /// The same as an infinitive: "create".
    pub to_do: &'static str,
    /// To what it was done.
    pub what: Noun,
    /// Where that belongs, goes to or comes from: "to the IAM user …".
    pub tail: Option<(&'static str, Noun)>,
    /// Of what kind the target is: what is changed, or who gains or loses by it (the beneficiary).
    pub thing: Thing,
    /// Where the name of what is given or taken stands in the request or the response, best first.
    pub object_at: &'static [&'static str],
    /// What the call does to access.
    pub change: Change,
    /// How grave it is with nothing else known.
    pub base: Severity,
    /// Why it is that grave.
    pub because: &'static str,
    /// The technique that it may be a part of.
    pub technique: Option<Technique>,
    /// Whether it is watched where nothing else is set.
    pub watched: bool,
}

/// A technique of MITRE ATT&CK.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Technique {
    /// `T1136.003`.
    pub id: &'static str,
    /// Its name there.
    pub name: &'static str,
    /// The tactics that it serves.
    pub tactics: &'static [&'static str],
}

/// Of which requests a row speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Of all.
    Always,
    /// Of those in which this parameter stands.
    Has(&'static str),
    /// Of those in which this parameter is this.
    Is(&'static str, &'static str),
    /// Of those in which this parameter is `true`, or was left out as too large.
    True(&'static str),
}

impl When {
    fn fits(self, request: &Value) -> bool {
        let flag = |field| request.get(field).and_then(Value::as_bool) == Some(true);
        match self {
            Self::Always => true,
            Self::Has(field) => request.get(field).is_some_and(|value| !value.is_null()),
            Self::Is(field, wanted) => request.get(field).and_then(Value::as_str) == Some(wanted),
            // What was left out as too large is taken for the graver: padding hides things.
            Self::True(field) => flag(field) || flag("omitted"),
        }
    }
}

/// A noun in what is said of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noun {
    /// The target, by its kind and name.
    Target,
    /// What is given or taken, by this word and its name.
    Object(&'static str),
    /// Something that needs no name: "an access key".
    An(&'static str),
    /// Something of which there is only one: "the trust policy".
    The(&'static str),
}

/// What a call does to access. It decides what is looked up, which rules have an opinion, and what there is
/// to contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It makes a user, role, group, policy, device or profile.
    Creates,
    /// It gives a user something to sign in or sign requests with.
    Credential,
    /// It registers an MFA device for a user.
    AddsMfa,
    /// It attaches a managed policy.
    Attaches,
    /// It writes an inline policy.
    Embeds,
    /// It puts a user into a group.
    Joins,
    /// It changes what a managed policy says, for all who hold it.
    Rewrites,
    /// It writes a version of a managed policy that does not count yet.
    Drafts,
    /// It says who may assume a role.
    Trusts,
    /// It hands a role to EC2 instances.
    Carries,
    /// It sets a permissions boundary.
    Bounds,
    /// It takes a permissions boundary away.
    Unbounds,
    /// It takes an MFA device from a user.
    WeakensMfa,
    /// It changes what passwords must be.
    PasswordPolicy,
    /// It says whom the account believes about who somebody is.
    Federates,
    /// It changes what the management account of an organization may do as root.
    RootAccess,
    /// It takes a policy away, which may have been one that denies.
    Frees,
    /// It makes something harder to find again: renames it, or removes it.
    Hides,
    /// It takes something away.
    Removes,
    /// It changes nothing about who may do what.
    Routine,
    /// It changes what these alerts are made with.
    Silences,
    /// The root user signs in.
    SignsIn,
    /// Nobody has told us.
    Unfamiliar,
}

/// A kind of thing that is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each is what its words say")]
pub enum Thing {
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

impl Thing {
    /// What a person calls it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::User => "IAM user",
            Self::RootUser => "root user",
            Self::Role => "IAM role",
            Self::Group => "IAM group",
            Self::Policy => "IAM policy",
            Self::InstanceProfile => "instance profile",
            Self::MfaDevice => "virtual MFA device",
            Self::SamlProvider => "SAML provider",
            Self::OidcProvider => "OpenID Connect provider",
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
        }
    }

    /// Where its name stands in the request or the response, best first: a name, an ARN or a URL.
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

    /// Of which service it is, and how its resource begins in an ARN.
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
}

const fn technique(id: &'static str, name: &'static str, tactics: &'static [&'static str]) -> Technique {
    Technique { id, name, tactics }
}

const PERSISTENCE: &str = "Persistence";
const ESCALATION: &str = "Privilege Escalation";
const EVASION: &str = "Defense Evasion";
const ACCESS: &str = "Credential Access";

const CREATE_ACCOUNT: Technique = technique("T1136.003", "Create Account: Cloud Account", &[PERSISTENCE]);
const MANIPULATION: Technique = technique("T1098", "Account Manipulation", &[PERSISTENCE, ESCALATION]);
const CREDENTIALS: Technique =
    technique("T1098.001", "Account Manipulation: Additional Cloud Credentials", &[PERSISTENCE, ESCALATION]);
const ROLES: Technique =
    technique("T1098.003", "Account Manipulation: Additional Cloud Roles", &[PERSISTENCE, ESCALATION]);
const DEVICE: Technique =
    technique("T1098.005", "Account Manipulation: Device Registration", &[PERSISTENCE, ESCALATION]);
const MFA: Technique = technique(
    "T1556.006",
    "Modify Authentication Process: Multi-Factor Authentication",
    &[ACCESS, EVASION, PERSISTENCE],
);
const AUTHENTICATION: Technique = technique("T1556", "Modify Authentication Process", &[ACCESS, EVASION, PERSISTENCE]);
const TRUST: Technique =
    technique("T1484.002", "Domain or Tenant Policy Modification: Trust Modification", &[EVASION, ESCALATION]);
const REMOVAL: Technique = technique("T1531", "Account Access Removal", &["Impact"]);
const CLOUD_LOGS: Technique = technique("T1562.008", "Impair Defenses: Disable or Modify Cloud Logs", &[EVASION]);
const TOOLS: Technique = technique("T1562.001", "Impair Defenses: Disable or Modify Tools", &[EVASION]);
const CLOUD_ACCOUNTS: Technique =
    technique("T1078.004", "Valid Accounts: Cloud Accounts", &["Initial Access", PERSISTENCE, ESCALATION, EVASION]);

use Noun::{An, Object, Target, The};
use Severity::{Critical, High, Low, Medium};

/// Begins a row with the verb in both forms, and what kind of thing the target is.
const fn call(event_name: &'static str, done: &'static str, to_do: &'static str, thing: Thing) -> Action {
    Action {
        service: "iam",
        event_name,
        when: When::Always,
        done,
        to_do,
        what: Target,
        tail: None,
        thing,
        object_at: &[],
        change: Change::Routine,
        base: Low,
        because: "",
        technique: None,
        watched: false,
    }
}

impl Action {
    const fn when(self, when: When) -> Self {
        Self { when, ..self }
    }

    /// What it is done to, where that is not the target.
    const fn to(self, what: Noun) -> Self {
        Self { what, ..self }
    }

    const fn tail(self, preposition: &'static str, noun: Noun) -> Self {
        Self { tail: Some((preposition, noun)), ..self }
    }

    const fn named(self, object_at: &'static [&'static str]) -> Self {
        Self { object_at, ..self }
    }

    /// What it is to access, how grave that is, and why. Watched, unless it only takes away.
    const fn is(self, change: Change, base: Severity, because: &'static str) -> Self {
        let watched = !matches!(change, Change::Routine | Change::Removes);
        Self { change, base, because, watched, ..self }
    }

    /// Harmless by itself, but a step of a chain.
    const fn watched(self) -> Self {
        Self { watched: true, ..self }
    }

    const fn as_in(self, technique: Technique) -> Self {
        Self { technique: Some(technique), ..self }
    }

    const fn of_service(self, service: &'static str) -> Self {
        Self { service, ..self }
    }

    // --- What many rows share ---

    /// A policy that is attached to or detached from the target.
    const fn managed(self, preposition: &'static str) -> Self {
        self.to(Object("policy")).tail(preposition, Target).named(&["policyArn"])
    }

    /// An inline policy of the target.
    const fn inline(self, preposition: &'static str) -> Self {
        self.to(Object("inline policy")).tail(preposition, Target).named(&["policyName"])
    }

    const fn gives_policy(self, change: Change) -> Self {
        self.is(change, Medium, "Policies say who may do what; this one counts from now on.").as_in(ROLES)
    }

    const fn frees(self) -> Self {
        self.is(
            Change::Frees,
            Low,
            "It takes a policy away. That grants nothing, unless the policy was one that denies.",
        )
    }

    const fn credential(self) -> Self {
        self.is(Change::Credential, Medium, "A credential works until somebody takes it away.").as_in(CREDENTIALS)
    }

    const fn removes(self) -> Self {
        self.is(Change::Removes, Low, "It takes something away, and gives nothing.")
    }

    const fn tags(self) -> Self {
        self.is(Change::Routine, Low, "Tags change nothing by themselves, unless a policy's condition asks for them.")
    }

    const fn silences(self, technique: Technique) -> Self {
        self.is(
            Change::Silences,
            Critical,
            "It changes what these alerts depend on: the first thing that an intruder silences.",
        )
        .as_in(technique)
    }

    const fn active(self) -> Self {
        self.when(When::Is("status", "Active"))
    }

    const fn inactive(self) -> Self {
        self.when(When::Is("status", "Inactive"))
    }
}

/// The three meanings of a call that changes the status of a credential; a denied one does not tell which.
macro_rules! status {
    ($event_name:literal, $what:literal, $object_at:expr) => {
        [
            call($event_name, "activated", "activate", Thing::User)
                .to(An($what))
                .tail("of", Target)
                .named($object_at)
                .active()
                .credential(),
            call($event_name, "deactivated", "deactivate", Thing::User)
                .to(An($what))
                .tail("of", Target)
                .named($object_at)
                .inactive()
                .removes(),
            call($event_name, "changed", "change", Thing::User)
                .to(An($what))
                .tail("of", Target)
                .named($object_at)
                .credential(),
        ]
    };
}

const ACCESS_KEY: [Action; 3] = status!("UpdateAccessKey", "access key", &["accessKeyId"]);
const SERVICE_CREDENTIAL: [Action; 3] =
    status!("UpdateServiceSpecificCredential", "service-specific credential", &["serviceSpecificCredentialId"]);
const SSH_KEY: [Action; 3] = status!("UpdateSSHPublicKey", "SSH public key", &["sSHPublicKeyId"]);
const SIGNING_CERTIFICATE: [Action; 3] = status!("UpdateSigningCertificate", "signing certificate", &["certificateId"]);

const RENAMED: &str = "It goes by another name from now on: CloudTrail has what was before under the old one, and policies may name that.";
const MOVED: &str = "Policies that name it by its old ARN do not mean it any more.";
const VANISHED: &str = "It is gone, and with it what could be looked up about it. Somebody may be covering tracks.";
const UNBOUND: &str = "A permissions boundary holds back whatever policies grant; this one is gone.";
const PASSWORDS: &str = "It says how weak the passwords of this account may be.";
const PROVIDER: &str = "Whoever the provider vouches for can act by every role that trusts it.";
const ROOT_ACCESS: &str = "The organization's management account may act as root in member accounts from now on.";
const NO_ROOT_ACCESS: &str =
    "Root users of member accounts are on their own again: each may have its own password and keys.";
const SERVICE_ROLE: &str = "AWS wrote the policies of a service-linked role, and only its own service can assume it.";

/// Every call that is told, IAM's first.
#[rustfmt::skip] // A row is read across.
pub const CATALOGUE: &[Action] = &[
    // --- Users ---
    call("CreateUser", "created", "create", Thing::User)
        .is(Change::Creates, Medium, "A new IAM user is a lasting way into the account.").as_in(CREATE_ACCOUNT),
    call("DeleteUser", "deleted", "delete", Thing::User).is(Change::Hides, Low, VANISHED).as_in(REMOVAL),
    call("UpdateUser", "renamed", "rename", Thing::User)
        .tail("to", Object("")).named(&["newUserName"]).when(When::Has("newUserName"))
        .is(Change::Hides, Medium, RENAMED).as_in(MANIPULATION),
    call("UpdateUser", "changed", "change", Thing::User)
        .to(The("name or path")).tail("of", Target).is(Change::Hides, Low, MOVED).as_in(MANIPULATION),
    call("TagUser", "tagged", "tag", Thing::User).tags(),
    call("UntagUser", "untagged", "untag", Thing::User).tags(),
    call("PutUserPermissionsBoundary", "set", "set", Thing::User)
        .to(The("permissions boundary")).tail("of", Target).named(&["permissionsBoundary"])
        .is(Change::Bounds, Low, "A boundary limits; but another one may have been replaced by it.").as_in(ROLES),
    call("DeleteUserPermissionsBoundary", "removed", "remove", Thing::User)
        .to(The("permissions boundary")).tail("of", Target).is(Change::Unbounds, Medium, UNBOUND).as_in(ROLES),
    call("AttachUserPolicy", "attached", "attach", Thing::User).managed("to").gives_policy(Change::Attaches),
    call("DetachUserPolicy", "detached", "detach", Thing::User).managed("from").frees(),
    call("PutUserPolicy", "put", "put", Thing::User).inline("on").gives_policy(Change::Embeds),
    call("DeleteUserPolicy", "deleted", "delete", Thing::User).inline("of").frees(),

    // --- Credentials ---
    call("CreateAccessKey", "created", "create", Thing::User)
        .to(An("access key")).tail("for", Target).named(&["accessKeyId"]).credential(),
    ACCESS_KEY[0],
    ACCESS_KEY[1],
    ACCESS_KEY[2],
    call("DeleteAccessKey", "deleted", "delete", Thing::User)
        .to(An("access key")).tail("of", Target).named(&["accessKeyId"]).is(Change::Hides, Low, VANISHED).as_in(REMOVAL),
    call("CreateLoginProfile", "created", "create", Thing::User)
        .to(An("console password")).tail("for", Target).credential(),
    call("UpdateLoginProfile", "changed", "change", Thing::User)
        .to(The("console password")).tail("of", Target).credential(),
    call("DeleteLoginProfile", "deleted", "delete", Thing::User)
        .to(The("console password")).tail("of", Target).is(Change::Hides, Low, "The user can no longer sign in to the console.").as_in(REMOVAL),
    call("ChangePassword", "changed", "change", Thing::User)
        .to(The("console password")).tail("of", Target)
        .is(Change::Routine, Low, "Users can change only their own password so, and have to know the old one.")
        .watched(),
    call("CreateServiceSpecificCredential", "created", "create", Thing::User)
        .to(An("service-specific credential")).tail("for", Target).named(&["serviceSpecificCredentialId", "serviceName"]).credential(),
    SERVICE_CREDENTIAL[0],
    SERVICE_CREDENTIAL[1],
    SERVICE_CREDENTIAL[2],
    call("ResetServiceSpecificCredential", "reset", "reset", Thing::User)
        .to(An("service-specific credential")).tail("of", Target).named(&["serviceSpecificCredentialId"]).credential(),
    call("DeleteServiceSpecificCredential", "deleted", "delete", Thing::User)
        .to(An("service-specific credential")).tail("of", Target).named(&["serviceSpecificCredentialId"]).removes(),
    call("UploadSSHPublicKey", "uploaded", "upload", Thing::User)
        .to(An("SSH public key")).tail("for", Target).named(&["sSHPublicKeyId"]).credential(),
    SSH_KEY[0],
    SSH_KEY[1],
    SSH_KEY[2],
    call("DeleteSSHPublicKey", "deleted", "delete", Thing::User)
        .to(An("SSH public key")).tail("of", Target).named(&["sSHPublicKeyId"]).removes(),
    call("UploadSigningCertificate", "uploaded", "upload", Thing::User)
        .to(An("signing certificate")).tail("for", Target).named(&["certificateId"]).credential(),
    SIGNING_CERTIFICATE[0],
    SIGNING_CERTIFICATE[1],
    SIGNING_CERTIFICATE[2],
    call("DeleteSigningCertificate", "deleted", "delete", Thing::User)
        .to(An("signing certificate")).tail("of", Target).named(&["certificateId"]).removes(),

    // --- MFA ---
    call("CreateVirtualMFADevice", "created", "create", Thing::MfaDevice)
        .is(Change::Creates, Low, "The device does nothing until it is registered for somebody.").as_in(DEVICE),
    call("DeleteVirtualMFADevice", "deleted", "delete", Thing::MfaDevice)
        .is(Change::Hides, Low, "A device has to be deactivated before it can be deleted.").as_in(MFA),
    call("EnableMFADevice", "registered", "register", Thing::User)
        .to(An("MFA device")).tail("for", Target).named(&["serialNumber"])
        .is(Change::AddsMfa, Low, "Whoever has the device can prove with it to be the user.").as_in(DEVICE),
    call("DeactivateMFADevice", "deactivated", "deactivate", Thing::User)
        .to(An("MFA device")).tail("of", Target).named(&["serialNumber"])
        .is(Change::WeakensMfa, Medium, "Without MFA the password is enough to sign in.").as_in(MFA),
    call("ResyncMFADevice", "resynchronized", "resynchronize", Thing::User)
        .to(An("MFA device")).tail("of", Target).named(&["serialNumber"])
        .is(Change::Routine, Low, "It sets a device's counter right; the device stays the same."),

    // --- Groups ---
    call("CreateGroup", "created", "create", Thing::Group)
        .is(Change::Creates, Low, "By itself a new group has no members and no policies."),
    call("UpdateGroup", "renamed", "rename", Thing::Group)
        .tail("to", Object("")).named(&["newGroupName"]).when(When::Has("newGroupName")).is(Change::Hides, Low, RENAMED),
    call("UpdateGroup", "changed", "change", Thing::Group)
        .to(The("name or path")).tail("of", Target).is(Change::Hides, Low, MOVED),
    call("DeleteGroup", "deleted", "delete", Thing::Group).removes(),
    call("AddUserToGroup", "added", "add", Thing::User)
        .tail("to", Object("group")).named(&["groupName"])
        .is(Change::Joins, Medium, "The user has the group's policies from now on.").as_in(ROLES),
    call("RemoveUserFromGroup", "removed", "remove", Thing::User)
        .tail("from", Object("group")).named(&["groupName"])
        .is(Change::Frees, Low, "It takes the group's policies away. That grants nothing, unless one of them denies."),
    call("AttachGroupPolicy", "attached", "attach", Thing::Group).managed("to").gives_policy(Change::Attaches),
    call("DetachGroupPolicy", "detached", "detach", Thing::Group).managed("from").frees(),
    call("PutGroupPolicy", "put", "put", Thing::Group).inline("on").gives_policy(Change::Embeds),
    call("DeleteGroupPolicy", "deleted", "delete", Thing::Group).inline("of").frees(),

    // --- Roles ---
    call("CreateRole", "created", "create", Thing::Role)
        .is(Change::Creates, Low, "By itself a new role may do nothing; what counts is who may assume it, and what it is given.").as_in(CREATE_ACCOUNT),
    call("UpdateRole", "changed", "change", Thing::Role)
        .to(The("description or session length")).tail("of", Target)
        .is(Change::Routine, Low, "It changes neither what the role may do nor who may assume it."),
    call("DeleteRole", "deleted", "delete", Thing::Role).is(Change::Hides, Low, VANISHED).as_in(REMOVAL),
    call("UpdateRoleDescription", "changed", "change", Thing::Role)
        .to(The("description")).tail("of", Target).is(Change::Routine, Low, "A description grants nothing."),
    call("TagRole", "tagged", "tag", Thing::Role).tags(),
    call("UntagRole", "untagged", "untag", Thing::Role).tags(),
    call("UpdateAssumeRolePolicy", "changed", "change", Thing::Role)
        .to(The("trust policy")).tail("of", Target)
        .is(Change::Trusts, Medium, "The trust policy says who may act by the role, with all that it may do.").as_in(TRUST),
    call("AttachRolePolicy", "attached", "attach", Thing::Role).managed("to").gives_policy(Change::Attaches),
    call("DetachRolePolicy", "detached", "detach", Thing::Role).managed("from").frees(),
    call("PutRolePolicy", "put", "put", Thing::Role).inline("on").gives_policy(Change::Embeds),
    call("DeleteRolePolicy", "deleted", "delete", Thing::Role).inline("of").frees(),
    call("PutRolePermissionsBoundary", "set", "set", Thing::Role)
        .to(The("permissions boundary")).tail("of", Target).named(&["permissionsBoundary"])
        .is(Change::Bounds, Low, "A boundary limits; but another one may have been replaced by it.").as_in(ROLES),
    call("DeleteRolePermissionsBoundary", "removed", "remove", Thing::Role)
        .to(The("permissions boundary")).tail("of", Target).is(Change::Unbounds, Medium, UNBOUND).as_in(ROLES),
    call("CreateServiceLinkedRole", "created", "create", Thing::Role)
        .tail("for", Object("service")).named(&["aWSServiceName"]).is(Change::Routine, Low, SERVICE_ROLE),
    call("DeleteServiceLinkedRole", "deleted", "delete", Thing::Role).is(Change::Routine, Low, SERVICE_ROLE),
    call("CreateInstanceProfile", "created", "create", Thing::InstanceProfile)
        .is(Change::Routine, Low, "A new instance profile has no role in it."),
    call("DeleteInstanceProfile", "deleted", "delete", Thing::InstanceProfile).removes(),
    call("AddRoleToInstanceProfile", "added", "add", Thing::Role)
        .tail("to", Object("instance profile")).named(&["instanceProfileName"])
        .is(Change::Carries, Low, "EC2 instances with this profile, and whoever is on them, can act by the role.").as_in(ROLES),
    call("RemoveRoleFromInstanceProfile", "removed", "remove", Thing::Role)
        .tail("from", Object("instance profile")).named(&["instanceProfileName"]).removes(),

    // --- Managed policies ---
    call("CreatePolicy", "created", "create", Thing::Policy)
        .is(Change::Creates, Low, "By itself a policy grants nothing; attached to somebody, it does."),
    call("DeletePolicy", "deleted", "delete", Thing::Policy).removes(),
    call("CreatePolicyVersion", "created", "create", Thing::Policy)
        .to(An("default version")).tail("of", Target).named(&["versionId"]).when(When::True("setAsDefault"))
        .is(Change::Rewrites, Medium, "What the policy says now counts for all who hold it.").as_in(ROLES),
    call("CreatePolicyVersion", "created", "create", Thing::Policy)
        .to(An("new version")).tail("of", Target).named(&["versionId"])
        .is(Change::Drafts, Low, "The new version does not count until somebody makes it the default.").as_in(ROLES),
    call("DeletePolicyVersion", "deleted", "delete", Thing::Policy)
        .to(An("old version")).tail("of", Target).named(&["versionId"]).removes(),
    call("SetDefaultPolicyVersion", "set", "set", Thing::Policy)
        .to(The("default version")).tail("of", Target).named(&["versionId"])
        .is(Change::Rewrites, Medium, "What this version says now counts for all who hold the policy.").as_in(ROLES),

    // --- Federation ---
    call("CreateSAMLProvider", "created", "create", Thing::SamlProvider)
        .is(Change::Federates, Medium, PROVIDER).as_in(TRUST),
    call("UpdateSAMLProvider", "changed", "change", Thing::SamlProvider)
        .is(Change::Federates, High, "With other metadata, somebody else can sign what this account believes. Whoever it vouches for can act by every role that trusts it.")
        .as_in(TRUST),
    call("DeleteSAMLProvider", "deleted", "delete", Thing::SamlProvider).removes().as_in(REMOVAL),
    call("CreateOpenIDConnectProvider", "created", "create", Thing::OidcProvider)
        .is(Change::Federates, Medium, PROVIDER).as_in(TRUST),
    call("DeleteOpenIDConnectProvider", "deleted", "delete", Thing::OidcProvider).removes().as_in(REMOVAL),
    call("UpdateOpenIDConnectProviderThumbprint", "replaced", "replace", Thing::OidcProvider)
        .to(The("thumbprints")).tail("of", Target)
        .is(Change::Federates, Medium, "The thumbprints say whose certificate the provider's keys may be fetched by.").as_in(TRUST),
    call("AddClientIDToOpenIDConnectProvider", "added", "add", Thing::OidcProvider)
        .to(Object("client ID")).tail("to", Target).named(&["clientID"])
        .is(Change::Federates, Medium, "Tokens made for another application are accepted from now on.").as_in(TRUST),
    call("RemoveClientIDFromOpenIDConnectProvider", "removed", "remove", Thing::OidcProvider)
        .to(Object("client ID")).tail("from", Target).named(&["clientID"]).removes(),

    // --- The account ---
    call("CreateAccountAlias", "created", "create", Thing::Account)
        .to(Object("account alias")).named(&["accountAlias"])
        .is(Change::Hides, Low, "The account goes by another name from now on, also in these alerts and at sign-in."),
    call("DeleteAccountAlias", "deleted", "delete", Thing::Account)
        .to(Object("account alias")).named(&["accountAlias"])
        .is(Change::Hides, Low, "The sign-in address with this name works no longer; somebody else may take the name."),
    call("UpdateAccountPasswordPolicy", "changed", "change", Thing::Account)
        .to(The("account's password policy")).is(Change::PasswordPolicy, Medium, PASSWORDS).as_in(AUTHENTICATION),
    call("DeleteAccountPasswordPolicy", "deleted", "delete", Thing::Account)
        .to(The("account's password policy"))
        .is(Change::PasswordPolicy, Medium, "From now on AWS's default decides how weak passwords may be.").as_in(AUTHENTICATION),
    call("UploadServerCertificate", "uploaded", "upload", Thing::ServerCertificate)
        .is(Change::Routine, Low, "Certificates for web servers grant nothing in AWS."),
    call("UpdateServerCertificate", "renamed", "rename", Thing::ServerCertificate)
        .is(Change::Routine, Low, "Certificates for web servers grant nothing in AWS."),
    call("DeleteServerCertificate", "deleted", "delete", Thing::ServerCertificate).removes(),
    call("SetSecurityTokenServicePreferences", "changed", "change", Thing::Account)
        .to(The("account's STS preferences"))
        .is(Change::Routine, Low, "It says in which regions tokens of the global endpoint work, not for whom."),
    call("EnableOrganizationsRootCredentialsManagement", "enabled", "enable", Thing::Account)
        .to(The("organization's central management of root credentials")).is(Change::RootAccess, High, ROOT_ACCESS).as_in(CLOUD_ACCOUNTS),
    call("DisableOrganizationsRootCredentialsManagement", "disabled", "disable", Thing::Account)
        .to(The("organization's central management of root credentials")).is(Change::RootAccess, Medium, NO_ROOT_ACCESS),
    call("EnableOrganizationsRootSessions", "enabled", "enable", Thing::Account)
        .to(The("organization's root sessions")).is(Change::RootAccess, High, ROOT_ACCESS).as_in(CLOUD_ACCOUNTS),
    call("DisableOrganizationsRootSessions", "disabled", "disable", Thing::Account)
        .to(The("organization's root sessions")).is(Change::RootAccess, Medium, NO_ROOT_ACCESS),

    // --- Tags of what has no rows of its own ---
    call("TagInstanceProfile", "tagged", "tag", Thing::InstanceProfile).tags(),
    call("UntagInstanceProfile", "untagged", "untag", Thing::InstanceProfile).tags(),
    call("TagPolicy", "tagged", "tag", Thing::Policy).tags(),
    call("UntagPolicy", "untagged", "untag", Thing::Policy).tags(),
    call("TagMFADevice", "tagged", "tag", Thing::MfaDevice).tags(),
    call("UntagMFADevice", "untagged", "untag", Thing::MfaDevice).tags(),
    call("TagSAMLProvider", "tagged", "tag", Thing::SamlProvider).tags(),
    call("UntagSAMLProvider", "untagged", "untag", Thing::SamlProvider).tags(),
    call("TagOpenIDConnectProvider", "tagged", "tag", Thing::OidcProvider).tags(),
    call("UntagOpenIDConnectProvider", "untagged", "untag", Thing::OidcProvider).tags(),
    call("TagServerCertificate", "tagged", "tag", Thing::ServerCertificate).tags(),
    call("UntagServerCertificate", "untagged", "untag", Thing::ServerCertificate).tags(),

    // --- The alerter's own ground: told only of what belongs to it, see `watch` ---
    call("StopLogging", "stopped", "stop", Thing::Trail).of_service("cloudtrail").silences(CLOUD_LOGS),
    call("DeleteTrail", "deleted", "delete", Thing::Trail).of_service("cloudtrail").silences(CLOUD_LOGS),
    call("UpdateTrail", "changed", "change", Thing::Trail).of_service("cloudtrail").silences(CLOUD_LOGS),
    call("PutEventSelectors", "changed", "change", Thing::Trail)
        .to(The("event selectors")).tail("of", Target).of_service("cloudtrail").silences(CLOUD_LOGS),
    call("DisableRule", "disabled", "disable", Thing::Rule).of_service("events").silences(TOOLS),
    call("DeleteRule", "deleted", "delete", Thing::Rule).of_service("events").silences(TOOLS),
    call("PutTargets", "changed", "change", Thing::Rule)
        .to(The("targets")).tail("of", Target).of_service("events").silences(TOOLS),
    call("RemoveTargets", "removed", "remove", Thing::Rule)
        .to(The("targets")).tail("of", Target).of_service("events").silences(TOOLS),
    call("PutRule", "changed", "change", Thing::Rule).of_service("events").silences(TOOLS),
    call("DeleteEventBus", "deleted", "delete", Thing::EventBus).of_service("events").silences(TOOLS),
    call("DeleteTopic", "deleted", "delete", Thing::Topic).of_service("sns").silences(TOOLS),
    call("Unsubscribe", "removed", "remove", Thing::Topic)
        .to(An("subscription")).tail("of", Target).named(&["subscriptionArn"]).of_service("sns").silences(TOOLS),
    call("SetTopicAttributes", "changed", "change", Thing::Topic)
        .to(Object("attribute")).tail("of", Target).named(&["attributeName"]).of_service("sns").silences(TOOLS),
    call("SetSubscriptionAttributes", "changed", "change", Thing::Topic)
        .to(An("subscription")).tail("of", Target).named(&["subscriptionArn"]).of_service("sns").silences(TOOLS),
    call("UpdateFunctionCode", "replaced", "replace", Thing::Function)
        .to(The("code")).tail("of", Target).of_service("lambda").silences(TOOLS),
    call("UpdateFunctionConfiguration", "changed", "change", Thing::Function)
        .to(The("configuration")).tail("of", Target).of_service("lambda").silences(TOOLS),
    call("DeleteFunction", "deleted", "delete", Thing::Function).of_service("lambda").silences(TOOLS),
    call("PutFunctionConcurrency", "set", "set", Thing::Function)
        .to(The("reserved concurrency")).tail("of", Target).of_service("lambda").silences(TOOLS),
    call("RemovePermission", "removed", "remove", Thing::Function)
        .to(An("invoke permission")).tail("of", Target).named(&["statementId"]).of_service("lambda").silences(TOOLS),
    call("DeleteQueue", "deleted", "delete", Thing::Queue).of_service("sqs").silences(TOOLS),
    call("DeleteTable", "deleted", "delete", Thing::Table).of_service("dynamodb").silences(TOOLS),
    // As soon as the stack has a key of its own, and names it in OWN_RESOURCES.
    call("DisableKey", "disabled", "disable", Thing::KmsKey).of_service("kms").silences(TOOLS),
    call("ScheduleKeyDeletion", "scheduled", "schedule", Thing::KmsKey)
        .to(The("deletion")).tail("of", Target).of_service("kms").silences(TOOLS),

    // --- Sign-in as root ---
    call("ConsoleLogin", "signed in", "sign in", Thing::Account)
        .of_service("signin")
        .is(Change::SignsIn, Critical, "The root user can do everything, and is for the few tasks that nobody else can do.")
        .as_in(CLOUD_ACCOUNTS),
];

/// A call that changes IAM and that the catalogue does not know: AWS adds some every year.
pub const UNFAMILIAR: Action = call("", "made", "make", Thing::Account).to(Object("unfamiliar IAM change")).is(
    Change::Unfamiliar,
    Medium,
    "This version of the alerter does not know the call. It changes IAM; look at its parameters.",
);

/// The row that speaks of this call, if there is one.
#[must_use]
pub fn find(service: &str, event_name: &str, request: &Value) -> Option<&'static Action> {
    CATALOGUE
        .iter()
        .filter(|action| action.service == service && action.is_called(event_name))
        .find(|action| action.when.fits(request))
}

/// The names of IAM's calls in the catalogue, each once, or only of those that are watched where nothing else is set.
pub fn iam_calls(watched_only: bool) -> impl Iterator<Item = &'static str> {
    let iam = || CATALOGUE.iter().enumerate().filter(|(_, action)| action.service == "iam");
    iam()
        .filter(move |(i, action)| {
            let same = |other: &Action| other.event_name == action.event_name;
            let first = !CATALOGUE[..*i].iter().any(same);
            first && (!watched_only || CATALOGUE.iter().any(|other| same(other) && other.watched))
        })
        .map(|(_, action)| action.event_name)
}

impl Action {
    /// Whether CloudTrail's `eventName` means this call: Lambda writes a version behind it, `…20150331v2`.
    fn is_called(&self, event_name: &str) -> bool {
        match event_name.strip_prefix(self.event_name) {
            Some("") => true,
            Some(version) => self.service == "lambda" && version.starts_with(|first: char| first.is_ascii_digit()),
            None => false,
        }
    }

    /// Whether the credential is good for one service only, and signs no requests to AWS.
    #[must_use]
    pub fn is_narrow(&self) -> bool {
        let narrow = ["service-specific credential", "SSH public key", "signing certificate"];
        matches!(self.what, Noun::An(words) if narrow.contains(&words))
    }

    /// Whether it puts a user into a group, or takes it out.
    #[must_use]
    pub fn is_about_membership(&self) -> bool {
        matches!((self.thing, self.tail), (Thing::User, Some((_, Noun::Object("group")))))
    }

    /// Whether it is what pipelines do all day: it takes away, or changes nothing about who may do what.
    #[must_use]
    pub const fn is_chore(&self) -> bool {
        matches!(self.change, Change::Routine | Change::Removes | Change::Frees | Change::Hides)
    }

    /// Whether somebody can do by it what the target can: then the target's power makes it graver.
    #[must_use]
    pub const fn hands_on_power(&self) -> bool {
        matches!(
            self.change,
            Change::Creates
                | Change::Credential
                | Change::Trusts
                | Change::Carries
                | Change::Unbounds
                | Change::WeakensMfa
        )
    }

    /// Whether it grants by a policy, whose document can be judged.
    #[must_use]
    pub const fn grants_by_policy(&self) -> bool {
        matches!(self.change, Change::Attaches | Change::Embeds | Change::Joins)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_last_row_of_each_call_speaks_of_all_that_the_others_do_not() {
        for action in CATALOGUE {
            let last = CATALOGUE.iter().rfind(|other| other.event_name == action.event_name).unwrap();
            assert_eq!(last.when, When::Always, "{}", action.event_name);
            assert!(!action.because.is_empty() && action.because.ends_with('.'), "{}", action.event_name);
        }
    }

    #[test]
    fn a_call_with_several_meanings_is_told_by_its_parameters() {
        let key = |request| find("iam", "UpdateAccessKey", &request).unwrap().done;
        assert_eq!(key(json!({"status": "Active"})), "activated");
        assert_eq!(key(json!({"status": "Inactive"})), "deactivated");
        assert_eq!(key(Value::Null), "changed");
    }

    #[test]
    fn the_version_behind_a_call_of_lambda_is_no_part_of_its_name() {
        let found = |name| find("lambda", name, &Value::Null).map(|action| action.event_name);
        assert_eq!(found("UpdateFunctionCode20150331v2"), Some("UpdateFunctionCode"));
        assert_eq!(found("DeleteFunction20150331"), Some("DeleteFunction"));
        assert_eq!(found("DeleteFunctionUrlConfig"), None);
        assert_eq!(find("iam", "CreateUser2", &Value::Null), None);
    }

    #[test]
    fn what_only_takes_away_or_changes_no_access_is_not_watched_unless_asked_for() {
        let watched: Vec<_> = iam_calls(true).collect();
        assert!(watched.contains(&"CreateUser") && watched.contains(&"UpdateAccessKey"));
        assert!(!watched.contains(&"TagUser") && !watched.contains(&"DeleteGroup"));
        let all: Vec<_> = iam_calls(false).collect();
        assert!(all.contains(&"TagUser") && !all.contains(&"StopLogging"));
        let mut once = all.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), all.len());
    }
}
