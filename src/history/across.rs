//! What is the same in every account of an organization: the actor, and the change.
//!
//! A person of IAM Identity Center has another role in each account, and so has a pipeline; a stack set or Identity Center
//! writes the same resources everywhere under names that end differently. A roll-out to forty accounts is one story, not
//! forty mails.

use crate::arn::Arn;
use std::borrow::Cow;

/// The actor, by its [`actor_key`](super::actor_key), as it is the same in every account.
///
/// Of a role there remain path and name. Whoever can create a role of the same name in another account gets into the
/// same list with it, and nothing else: what is more severe or comes from another address is mailed all the same.
#[must_use]
pub fn across_accounts(actor_key: &str) -> String {
    let (arn, person) = actor_key.split_once('#').map_or((actor_key, None), |(arn, person)| (arn, Some(person)));
    let Some(role) = Arn::parse(arn).filter(|arn| arn.service == "iam" && arn.resource.starts_with("role/")) else {
        return actor_key.to_owned();
    };
    // Only AWS can create roles with this path.
    let of_identity_center = role.resource.starts_with("role/aws-reserved/sso.amazonaws.com/");
    match person {
        Some(person) if of_identity_center => format!("IdentityCenter#{person}"),
        Some(person) => format!("{}#{person}", without_random_part(role.resource)),
        None => without_random_part(role.resource).into_owned(),
    }
}

/// The name of a role without the part that is another one in each account.
fn without_random_part(resource: &str) -> Cow<'_, str> {
    let at_random = |id: &str| id.len() >= 8 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    // Stack sets with service-managed permissions: `stacksets-exec-` and an id.
    if resource.strip_prefix("role/stacksets-exec-").is_some_and(at_random) {
        return "role/stacksets-exec-*".into();
    }
    // `AWSReservedSSO_PermissionSet_0123456789abcdef`
    match resource.rsplit_once('_') {
        Some((name, id)) if name.contains("AWSReservedSSO_") && at_random(id) => name.into(),
        _ => resource.into(),
    }
}

/// A text in which every part of sixteen hexadecimal digits or more, and every UUID, is the same. Other parts stay as they
/// are: whom a policy trusts, and what it allows.
#[must_use]
pub fn without_random_parts(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_hexdigit() || c == '-';
    let (mut same, mut part) = (String::with_capacity(text.len()), String::new());
    let end = |part: &mut String, same: &mut String| {
        let digits = part.bytes().filter(u8::is_ascii_hexdigit).count();
        // One id in two thousand has no letters. An account has none and twelve digits, and may stand beside another one.
        let letters = part.bytes().any(|byte| byte.is_ascii_alphabetic());
        let is_random = digits >= 16 && (letters || part.split('-').any(|piece| piece.len() >= 16));
        same.push_str(if is_random { "*" } else { part });
        part.clear();
    };
    for c in text.chars() {
        if is_part(c) {
            part.push(c);
        } else {
            end(&mut part, &mut same);
            same.push(c);
        }
    }
    end(&mut part, &mut same);
    same
}

/// A name without what CloudFormation and Identity Center add at random.
#[must_use]
pub fn common_name(name: &str) -> String {
    let reserved = name.to_ascii_lowercase().contains("awsreservedsso_");
    if let Some((name, _)) = name.rsplit_once('_').filter(|_| reserved) {
        return name.to_owned();
    }
    // `StackSet-NAME-UUID-LogicalId-RANDOM`
    let is_hex = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let parts: Vec<_> = name.split('-').collect();
    let uuid = parts.windows(5).position(|window| {
        window.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && window.iter().all(|part| is_hex(part))
    });
    match uuid.filter(|_| name.to_ascii_lowercase().contains("stackset-")) {
        Some(at) => {
            let behind = &parts[at + 5..];
            let logical = &behind[..behind.len().saturating_sub(1)];
            [&parts[..at], logical].concat().join("-")
        }
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_is_the_same_in_every_account() {
        for (key, same) in [
            ("arn:aws:iam::111122223333:role/ci/deploy", "role/ci/deploy"),
            ("arn:aws:iam::111122223333:role/ci/deploy#dana", "role/ci/deploy#dana"),
            (
                "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0a1b2c3d4e5f6071#dana",
                "IdentityCenter#dana",
            ),
            ("arn:aws:iam::111122223333:role/stacksets-exec-0123456789abcdef0123456789abcdef", "role/stacksets-exec-*"),
            ("arn:aws:iam::111122223333:role/stacksets-exec-mine", "role/stacksets-exec-mine"),
            ("arn:aws:iam::111122223333:user/carol", "arn:aws:iam::111122223333:user/carol"),
            ("arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:root"),
            ("ses.amazonaws.com", "ses.amazonaws.com"),
        ] {
            assert_eq!(across_accounts(key), same);
        }
    }

    #[test]
    fn what_is_random_in_a_text_is_the_same_and_accounts_are_not() {
        let trust = |provider: &str, account: &str| {
            without_random_parts(&format!("arn:aws:iam::{account}:saml-provider/AWSSSO_{provider}_DO_NOT_DELETE"))
        };
        assert_eq!(trust("0a1b2c3d4e5f6071", "*"), trust("ffeeddccbbaa0099", "*"));
        assert_ne!(trust("0a1b2c3d4e5f6071", "*"), trust("0a1b2c3d4e5f6071", "666677778888"));
        assert_eq!(trust("0000002781156589", "*"), trust("ffeeddccbbaa0099", "*"), "an id may have no letters");
        let accounts = "111122223333-666677778888";
        assert_eq!(without_random_parts(accounts), accounts);
        assert_eq!(without_random_parts("x-0a1b2c3d-1111-2222-3333-0a1b2c3d4e5f-y"), "x*y");
        assert_eq!(without_random_parts("o-a1b2c3d4e5 2026-11-22 facade"), "o-a1b2c3d4e5 2026-11-22 facade");
    }

    #[test]
    fn names_that_end_at_random_are_the_same() {
        let uuid = "0a1b2c3d-1111-2222-3333-0a1b2c3d4e5f";
        assert_eq!(
            common_name(&format!("iam:role/stackset-audit-{uuid}-reader-1abc2def")),
            "iam:role/stackset-audit-reader"
        );
        assert_eq!(common_name("iam:role/awsreservedsso_admin_0a1b2c3d4e5f6071"), "iam:role/awsreservedsso_admin");
        assert_eq!(common_name("iam:user/alice-0a1b2c3d"), "iam:user/alice-0a1b2c3d");
        assert_eq!(common_name(&format!("iam:user/{uuid}")), format!("iam:user/{uuid}"));
    }
}
