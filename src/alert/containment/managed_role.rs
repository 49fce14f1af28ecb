//! Roles that only AWS can change.

/// Whether this is a role of IAM Identity Center. Only AWS can change the policies of such a role.
pub(super) fn is_identity_centers(role: &str) -> bool {
    role.starts_with("AWSReservedSSO_")
}

pub(super) fn is_service_linked(role_arn: &str) -> bool {
    role_arn.contains(":role/aws-service-role/")
}
