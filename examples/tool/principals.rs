//! The users and roles of an account, to find out whether those of a file exist.

use iam_security_alert::arn::Arn;
use iam_security_alert::aws;
use iam_security_alert::config::expectations::Who;
use serde_json::Value;
use std::collections::BTreeSet;
use std::error::Error;

/// The ARNs of the users and roles of one account.
pub struct Principals(BTreeSet<String>);

impl Principals {
    /// Those of a saved account.
    pub fn saved(file: &str) -> Result<Self, Box<dyn Error>> {
        let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
        let saved: Value = serde_json::from_str(&text).map_err(|error| format!("{file}: this is no JSON: {error}"))?;
        let lists = ["UserDetailList", "RoleDetailList"].map(|list| saved[list].as_array());
        if lists.iter().all(Option::is_none) {
            return Err(format!("{file}: this is no saved account").into());
        }
        let all = lists.into_iter().flatten().flatten();
        Ok(Self(all.filter_map(|item| item["Arn"].as_str().map(str::to_owned)).collect()))
    }

    /// Those of the account of the credentials at hand.
    pub async fn live() -> Result<Self, Box<dyn Error>> {
        let iam = aws::iam(&aws::of_person().load().await);
        let failed = |error| format!("--live needs iam:ListUsers and iam:ListRoles: {error}");
        let mut arns = BTreeSet::new();
        let mut users = iam.list_users().into_paginator().items().send();
        while let Some(user) = users.next().await {
            arns.insert(user.map_err(|error| failed(aws_sdk_iam::error::DisplayErrorContext(error).to_string()))?.arn);
        }
        let mut roles = iam.list_roles().into_paginator().items().send();
        while let Some(role) = roles.next().await {
            arns.insert(role.map_err(|error| failed(aws_sdk_iam::error::DisplayErrorContext(error).to_string()))?.arn);
        }
        Ok(Self(arns))
    }

    /// Whether one of them matches a pattern; `None` if the pattern is about other accounts.
    pub fn has(&self, who: &Who) -> Option<bool> {
        let parsed = self.0.iter().filter_map(|arn| Arn::parse(arn));
        let mut here = parsed.filter(|arn| who.place.contains(arn.account, &[])).peekable();
        here.peek()?;
        Some(who.pattern.ends_with(":root") || here.any(|arn| who.matches(&arn, &[])))
    }
}
