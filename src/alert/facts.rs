//! The facts of an alert: each has a key for machines and a label for people. Channels select facts by name.

/// A section of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SectionKind {
    Who,
    What,
    RelatedActivity,
    Burst,
    Suppressed,
    Digest,
    Reference,
}

impl SectionKind {
    /// A stable name, for machines.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Who => "who",
            Self::What => "what",
            Self::RelatedActivity => "relatedActivity",
            Self::Burst => "burst",
            Self::Suppressed => "suppressed",
            Self::Digest => "digest",
            Self::Reference => "reference",
        }
    }
}

/// Defines the facts: variant, key, label.
macro_rules! facts {
    ($($fact:ident $key:literal $label:literal;)+) => {
        /// A fact.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Fact { $($fact,)+ }

        impl Fact {
            /// Every fact.
            pub const ALL: &[Self] = &[$(Self::$fact,)+];

            /// A stable name, for machines.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self { $(Self::$fact => $key,)+ }
            }

            /// The label for people.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$fact => $label,)+ }
            }
        }
    };
}

facts! {
    Name "name" "Name";
    Kind "kind" "Kind";
    Arn "arn" "ARN";
    Id "id" "ID";
    Path "path" "Path";
    Account "account" "Account";
    Role "role" "Role";
    Session "session" "Session";
    SourceIdentity "sourceIdentity" "Source identity";
    PermissionSet "permissionSet" "Permission set";
    IdentityCenterUserId "identityCenterUserId" "User ID";
    IdentityStore "identityStore" "Identity store";
    Provider "provider" "Provider";
    Claims "claims" "Token claims";
    Instance "instance" "EC2 instance";
    Function "function" "Function";
    Service "service" "Service";
    AccessOf "accessOf" "Has the access of";
    UserName "userName" "User name";
    Expires "expires" "Expires";
    Workload "workload" "Workload";
    Issuer "issuer" "Issued by";
    PrincipalId "principalId" "Principal ID";
    CredentialId "credentialId" "Credential";
    Credential "credential" "Credential";
    SessionCreated "sessionCreated" "Session since";
    Mfa "mfa" "MFA";
    Access "access" "Access";
    AccessBefore "accessBefore" "Access before";
    Escalation "escalation" "Escalation";
    Policies "policies" "Policies";
    NotEvaluated "doubts" "Not evaluated";
    NotShown "notShown" "Not visible yet";
    Boundary "boundary" "Boundary";
    Groups "groups" "Groups";
    AboutAccount "aboutAccount" "For the account";
    Assignments "assignments" "Assigned to";
    InAccounts "inAccounts" "In accounts";
    Members "members" "Members";
    Tags "tags" "Tags";
    Description "description" "Description";
    Created "created" "Created";
    LastUsed "lastUsed" "Last used";
    Replaced "replaced" "Replaced";
    Lookup "lookup" "In IAM";
    NotKnown "notKnown" "Not known";
    LookedUp "lookedUp" "Looked up";
    SourceIp "sourceIp" "Source IP";
    UserAgent "userAgent" "User agent";
    CalledVia "calledVia" "Called via";
    VpcEndpoint "vpcEndpoint" "VPC endpoint";
    Object "object" "Object";
    Grants "grants" "Grants";
    Statements "statements" "Statements";
    Trust "trust" "Trusted principals";
    Difference "difference" "Difference";
    Before "before" "Before";
    LastKnown "lastKnown" "Last known";
    Parameters "parameters" "Request parameters";
    Omitted "omitted" "Request parameters";
    Error "error" "Error";
    ErrorMessage "errorMessage" "Message";
    Console "console" "Console";
    AccessKeys "accessKeys" "Access keys";
    DefaultVersion "defaultVersion" "Default now";
    AttachedTo "attachedTo" "Attached to";
    ByCaller "byCaller" "By the caller";
    ByCallerElsewhere "byCallerElsewhere" "In other accounts";
    ToTarget "toTarget" "To the target";
    Position "position" "Position";
    StillMailed "stillMailed" "Still mailed";
    Severities "severities" "Severity";
    Outcomes "outcomes" "Outcome";
    Actor "actor" "Actor";
    Sessions "sessions" "Sessions";
    Callers "callers" "Callers";
    Accounts "accounts" "Accounts";
    Actions "actions" "Actions";
    Alerts "alerts" "Alerts";
    Handled "handled" "What became";
    Expected "expected" "Expected";
    Mutes "mutes" "Muted";
    Unfinished "unfinished" "Failed";
    NewUsers "newUsers" "Users";
    NewRoles "newRoles" "Roles";
    NewMembers "newMembers" "Group members";
    NewAssignments "newAssignments" "Assignments";
    NewCredentials "newCredentials" "Credentials";
    Unowned "unowned" "Without an owner";
    Administrators "administrators" "Administrators";
    CanEscalate "canEscalate" "Can escalate";
    OutsideTrust "outsideTrust" "Trust outsiders";
    RootUser "rootUser" "Root user";
    WithoutMfa "withoutMfa" "Without MFA";
    OldKeys "oldKeys" "Keys over 90 days";
    Between "between" "Between";
    WhyNoEvent "whyNoEvent" "Perhaps";
    Heartbeats "heartbeats" "Heartbeats";
    Hint "hint" "Fewer mails";
    EventId "eventId" "Event";
    RequestId "requestId" "Request";
    EventName "eventName" "Action";
    Technique "technique" "MITRE ATT&CK";
    RawUserAgent "rawUserAgent" "User agent";
    Partition "partition" "Partition";
    Table "table" "History";
    Version "version" "Version";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_unique_and_labels_fit_into_their_column() {
        let mut keys: Vec<_> = Fact::ALL.iter().map(|fact| fact.key()).collect();
        keys.sort_unstable();
        let all = keys.len();
        keys.dedup();
        assert_eq!(keys.len(), all);
        assert!(Fact::ALL.iter().all(|fact| fact.label().len() <= 18));
    }
}
