//! What only AWS can change, or what nobody else should, by its name or ARN.

/// Whether this is a role of IAM Identity Center. Only AWS can create roles with its path, so the path decides; the name
/// alone only if no ARN is known.
#[must_use]
pub fn is_identity_centers(role: &str, arn: Option<&str>) -> bool {
    arn.map_or_else(|| role.starts_with("AWSReservedSSO_"), |arn| arn.contains(":role/aws-reserved/sso.amazonaws.com/"))
}

/// Whether a SAML provider has the name of one of IAM Identity Center. Without it, nobody can sign in to the account
/// through IAM Identity Center. Anybody can create a provider of such a name, so the name lowers no severity.
#[must_use]
pub fn is_identity_centers_provider(name: &str) -> bool {
    name.starts_with("AWSSSO_") && name.ends_with("_DO_NOT_DELETE")
}

/// Whether this is the ARN of a service-linked role. Only its service can change its policies.
#[must_use]
pub fn is_service_linked(role_arn: &str) -> bool {
    role_arn.contains(":role/aws-service-role/")
}
