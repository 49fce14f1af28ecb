//! Techniques of MITRE ATT&CK for Enterprise that actions can belong to.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Technique {
    /// `T1136.003`.
    pub id: &'static str,
    pub name: &'static str,
    /// The tactics of the technique.
    pub tactics: &'static [&'static str],
}

const fn technique(id: &'static str, name: &'static str, tactics: &'static [&'static str]) -> Technique {
    Technique { id, name, tactics }
}

const PERSISTENCE: &str = "Persistence";
const ESCALATION: &str = "Privilege Escalation";
const EVASION: &str = "Defense Evasion";
const ACCESS: &str = "Credential Access";

pub const CREATE_ACCOUNT: Technique = technique("T1136.003", "Create Account: Cloud Account", &[PERSISTENCE]);
pub const MANIPULATION: Technique = technique("T1098", "Account Manipulation", &[PERSISTENCE, ESCALATION]);
pub const CREDENTIALS: Technique =
    technique("T1098.001", "Account Manipulation: Additional Cloud Credentials", &[PERSISTENCE, ESCALATION]);
pub const ROLES: Technique =
    technique("T1098.003", "Account Manipulation: Additional Cloud Roles", &[PERSISTENCE, ESCALATION]);
pub const DEVICE: Technique =
    technique("T1098.005", "Account Manipulation: Device Registration", &[PERSISTENCE, ESCALATION]);
pub const MFA: Technique = technique(
    "T1556.006",
    "Modify Authentication Process: Multi-Factor Authentication",
    &[ACCESS, EVASION, PERSISTENCE],
);
pub const AUTHENTICATION: Technique =
    technique("T1556", "Modify Authentication Process", &[ACCESS, EVASION, PERSISTENCE]);
pub const TRUST: Technique =
    technique("T1484.002", "Domain or Tenant Policy Modification: Trust Modification", &[EVASION, ESCALATION]);
pub const REMOVAL: Technique = technique("T1531", "Account Access Removal", &["Impact"]);
pub const CLOUD_LOGS: Technique = technique("T1562.008", "Impair Defenses: Disable or Modify Cloud Logs", &[EVASION]);
pub const TOOLS: Technique = technique("T1562.001", "Impair Defenses: Disable or Modify Tools", &[EVASION]);
pub const CLOUD_ACCOUNTS: Technique =
    technique("T1078.004", "Valid Accounts: Cloud Accounts", &["Initial Access", PERSISTENCE, ESCALATION, EVASION]);
