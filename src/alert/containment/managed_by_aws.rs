//! What only AWS can change, or what nobody else should.

/// Whether this is a role of IAM Identity Center. Only AWS can change the policies of such a role.
pub(super) fn is_identity_centers(role: &str) -> bool {
    role.starts_with("AWSReservedSSO_")
}

/// Whether a SAML provider has the name of one of IAM Identity Center. Without it, nobody can sign in to the account
/// through IAM Identity Center. Anybody can create a provider of such a name, so the name lowers no severity.
pub(super) fn is_identity_centers_provider(name: &str) -> bool {
    name.starts_with("AWSSSO_") && name.ends_with("_DO_NOT_DELETE")
}

pub(super) fn is_service_linked(role_arn: &str) -> bool {
    role_arn.contains(":role/aws-service-role/")
}
