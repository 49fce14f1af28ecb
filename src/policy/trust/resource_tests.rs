use super::*;
use crate::policy::granting;
use Reach::{Anyone, Nobody, Organization, Outside, Own, Service};
use serde_json::{Value, json};

pub(super) const OWN: &str = "111122223333";
pub(super) const HOME: &str = "o-own1234567";

pub(super) fn read(parsed: &Parsed) -> Trust {
    let (own, members) = (OWN.into(), ["444455556666".into()]);
    Trust::of_resource(parsed, Home { account: Some(&own), organization: Some(HOME), members: &members })
}

pub(super) fn policy(statements: &Value) -> Trust {
    read(&Parsed::of(&json!({"Version": "2012-10-17", "Statement": statements}).to_string()))
}

fn reach(statements: &Value) -> Reach {
    let trust = policy(statements);
    assert_eq!(trust.not_evaluated, [], "{statements}");
    trust.reach().unwrap_or(Nobody)
}

fn allow(principal: &Value, condition: &Value) -> Value {
    json!({"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shop/*",
        "Condition": condition})
}

fn deny(principal: &Value, condition: &Value) -> Value {
    json!({"Effect": "Deny", "Principal": principal, "Action": "s3:*", "Resource": ["arn:aws:s3:::shop", "arn:aws:s3:::shop/*"],
        "Condition": condition})
}

fn lines(trust: &Trust) -> String {
    trust.words().iter().map(Phrase::plain).collect::<Vec<_>>().join("; ")
}

#[test]
fn policies_of_aws_and_its_guides_have_the_right_reach() {
    let anyone = json!({"AWS": "*"});
    let root = |account: &str| json!({"AWS": format!("arn:aws:iam::{account}:root")});
    let service = |name: &str| json!({"Service": name});
    let table = [
        (
            "SNS default",
            json!({"Effect": "Allow", "Principal": anyone, "Resource": "arn:aws:sns:eu-west-1:111122223333:t",
            "Action": ["SNS:GetTopicAttributes", "SNS:Publish"], "Condition": {"StringEquals": {"AWS:SourceOwner": OWN}}}),
            Own,
        ),
        ("SQS default", json!({"Effect": "Allow", "Principal": root(OWN), "Action": "SQS:*", "Resource": "*"}), Own),
        ("KMS default", json!({"Effect": "Allow", "Principal": root(OWN), "Action": "kms:*", "Resource": "*"}), Own),
        (
            "KMS key of AWS",
            json!([
            {"Effect": "Allow", "Principal": anyone, "Action": ["kms:Encrypt", "kms:Decrypt"], "Resource": "*",
                "Condition": {"StringEquals": {"kms:CallerAccount": OWN, "kms:ViaService": "ec2.eu-west-1.amazonaws.com"}}},
            {"Effect": "Allow", "Principal": root(OWN), "Action": "kms:Describe*", "Resource": "*"}]),
            Own,
        ),
        (
            "KMS via a service only",
            allow(&anyone, &json!({"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}})),
            Anyone,
        ),
        (
            "CloudFront OAC",
            allow(
                &service("cloudfront.amazonaws.com"),
                &json!({"StringEquals": {"AWS:SourceArn": "arn:aws:cloudfront::111122223333:distribution/E1"}}),
            ),
            Service,
        ),
        (
            "CloudFront OAI",
            allow(&json!({"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"}), &json!({})),
            Outside,
        ),
        ("ELB logs by account", allow(&root("127311923021"), &json!({})), Service),
        ("ELB logs by service", allow(&service("logdelivery.elasticloadbalancing.amazonaws.com"), &json!({})), Service),
        (
            "CloudTrail",
            allow(
                &service("cloudtrail.amazonaws.com"),
                &json!({"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}),
            ),
            Service,
        ),
        ("replication", allow(&json!({"AWS": "arn:aws:iam::999900001111:role/replication"}), &json!({})), Outside),
        ("replication within the organization", allow(&root("444455556666"), &json!({})), Organization),
        ("website", allow(&json!("*"), &json!({})), Anyone),
        (
            "S3 to SQS, with the account",
            allow(
                &anyone,
                &json!({"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:logs"},
            "StringEquals": {"aws:SourceAccount": OWN}}),
            ),
            Own,
        ),
        (
            "S3 to SQS, without the account",
            allow(&anyone, &json!({"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:logs"}})),
            Outside,
        ),
        (
            "SNS to SQS",
            allow(&anyone, &json!({"ArnEquals": {"aws:SourceArn": "arn:aws:sns:eu-west-1:111122223333:t"}})),
            Own,
        ),
        (
            "SNS of a stranger to SQS",
            allow(&anyone, &json!({"ArnEquals": {"aws:SourceArn": "arn:aws:sns:eu-west-1:999900001111:t"}})),
            Outside,
        ),
        ("SNS of anyone to SQS", allow(&anyone, &json!({"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:t"}})), Anyone),
        ("function URL", allow(&json!("*"), &json!({"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}})), Anyone),
        (
            "whole organization",
            allow(&json!("*"), &json!({"StringEquals": {"aws:PrincipalOrgID": HOME}})),
            Organization,
        ),
        ("access points", allow(&anyone, &json!({"StringEquals": {"s3:DataAccessPointAccount": OWN}})), Outside),
        ("ECR", json!({"Effect": "Allow", "Principal": root("999900001111"), "Action": "ecr:BatchGetImage"}), Outside),
        (
            "TLS only",
            json!([
                allow(&root(OWN), &json!({})),
                deny(&json!("*"), &json!({"Bool": {"aws:SecureTransport": "false"}}))
            ]),
            Own,
        ),
    ];
    for (name, statements, expected) in table {
        assert_eq!(reach(&statements), expected, "{name}");
    }
}

#[test]
fn conditions_narrow_everyone_only_as_far_as_is_certain() {
    let table = [
        // The caller.
        (json!({"StringEquals": {"aws:PrincipalOrgID": "o-other12345"}}), Outside),
        (json!({"StringLike": {"aws:PrincipalOrgID": "o-*"}}), Anyone),
        (json!({"StringEquals": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}}), Organization),
        (json!({"StringEqualsIfExists": {"aws:PrincipalOrgID": HOME}}), Anyone),
        (json!({"ForAllValues:StringEquals": {"aws:PrincipalOrgID": HOME}}), Anyone),
        (json!({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-own1234567/r-ab/ou-1/*"}}), Organization),
        (json!({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-*/r-ab/ou-1/*"}}), Anyone),
        (json!({"StringEquals": {"aws:PrincipalAccount": OWN}}), Own),
        (json!({"StringEquals": {"aws:PrincipalAccount": "${aws:ResourceAccount}"}}), Own),
        (json!({"StringEquals": {"aws:PrincipalAccount": "${aws:SourceAccount, '999900001111'}"}}), Anyone),
        (json!({"StringEquals": {"aws:PrincipalAccount": [OWN, "444455556666"]}}), Organization),
        (json!({"StringEquals": {"aws:PrincipalAccount": [OWN, "999900001111"]}}), Outside),
        (json!({"StringEquals": {"aws:PrincipalAccount": 999_900_001_111_u64}}), Outside),
        (json!({"NumericGreaterThan": {"aws:PrincipalAccount": "5"}}), Anyone),
        (json!({"StringLike": {"aws:PrincipalAccount": "9*"}}), Anyone),
        (json!({"StringNotEquals": {"aws:PrincipalAccount": "999900001111"}}), Anyone),
        (json!({"StringNotLike": {"aws:PrincipalAccount": "?"}}), Anyone),
        (json!({"ArnNotLike": {"aws:PrincipalArn": "arn:?:?::*:?"}}), Anyone),
        (
            json!({"StringLike": {"aws:PrincipalOrgID": "*a"}, "ForAnyValue:StringLike": {"aws:PrincipalOrgID": "?-*"}}),
            Anyone,
        ),
        (json!({"StringEqualsIgnoreCase": {"aws:PrincipalOrgID": "O-Own1234567"}}), Organization),
        (json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}}), Own),
        (json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/admin"}}), Anyone),
        (json!({"ArnLike": {"aws:PrincipalArn": "*"}}), Anyone),
        (json!({"StringLike": {"aws:PrincipalArn": "*:role/admin"}}), Anyone),
        (
            json!({"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/a*"}, "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:*z"}}),
            Anyone,
        ),
        (json!({"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::*:role/admin"}}), Nobody),
        (json!({"Null": {"aws:PrincipalArn": "true"}}), Anyone),
        (json!({"StringLike": {"aws:userid": "AROAEXAMPLEEXAMPLE123:*"}}), Outside),
        (json!({"StringLike": {"aws:userid": "AROA*"}}), Anyone),
        (json!({"StringEquals": {"aws:PrincipalTag/team": "shop"}}), Anyone),
        // The network.
        (json!({"StringEquals": {"aws:SourceVpce": "vpce-1a2b"}}), Outside),
        (json!({"StringLike": {"aws:SourceVpce": "vpce-*"}}), Anyone),
        (json!({"StringNotEquals": {"aws:SourceVpce": "vpce-1a2b"}}), Anyone),
        (json!({"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}}), Anyone),
        (json!({"StringEquals": {"aws:SourceVpc": "vpc-1", "aws:PrincipalOrgID": HOME}}), Organization),
        (json!({"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:db8::/48"]}}), Outside),
        (json!({"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "0.0.0.0/0"]}}), Anyone),
        (json!({"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}}), Anyone),
        (json!({"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}), Anyone),
        (json!({"IpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"}}), Anyone),
        (json!({"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/16"}}), Anyone),
        (json!({"Null": {"aws:SourceVpce": "false"}}), Anyone),
        // What every caller chooses.
        (json!({"Bool": {"aws:SecureTransport": "true"}}), Anyone),
        (json!({"StringLike": {"aws:UserAgent": "secret-*", "aws:Referer": "https://example.com/*"}}), Anyone),
        (json!({"DateLessThan": {"aws:CurrentTime": "2020-01-01"}}), Anyone),
        // The resource for which a service acts.
        (json!({"StringEquals": {"aws:SourceAccount": OWN}}), Own),
        (json!({"StringEquals": {"aws:SourceAccount": "999900001111"}}), Outside),
        (json!({"StringEquals": {"aws:SourceOrgID": HOME}}), Organization),
        (json!({"ForAnyValue:StringLike": {"aws:SourceOrgPaths": "o-own1234567/*"}}), Organization),
        (json!({"StringNotEquals": {"aws:SourceAccount": "999900001111"}}), Anyone),
        (json!({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}}), Anyone),
        (
            json!({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::logs"}, "StringEquals": {"aws:SourceAccount": "999900001111"}}),
            Outside,
        ),
        (json!({"Bool": {"aws:PrincipalIsAWSService": "true"}}), Anyone),
        (
            json!({"Bool": {"aws:PrincipalIsAWSService": "true"}, "StringEquals": {"aws:SourceOrgID": HOME}}),
            Organization,
        ),
    ];
    for (condition, expected) in table {
        for everyone in [json!("*"), json!({"AWS": "*"}), json!({"AWS": ["*"]})] {
            assert_eq!(reach(&allow(&everyone, &condition)), expected, "{condition}");
        }
    }
}

#[test]
fn a_deny_keeps_out_only_whom_it_certainly_names() {
    let with = |deny: Value| reach(&json!([allow(&json!("*"), &json!({})), deny]));
    let all = |condition: Value| with(deny(&json!("*"), &condition));
    let table = [
        (json!({}), Nobody),
        (json!({"StringNotEquals": {"aws:PrincipalOrgID": HOME}}), Organization),
        (
            json!({"StringNotEquals": {"aws:PrincipalOrgID": HOME}, "Bool": {"aws:PrincipalIsAWSService": "false"}}),
            Anyone,
        ),
        (json!({"StringNotEqualsIfExists": {"aws:PrincipalAccount": OWN, "aws:SourceAccount": OWN}}), Own),
        (json!({"StringNotEquals": {"aws:PrincipalAccount": [OWN, "999900001111"]}}), Outside),
        (json!({"StringNotLike": {"aws:PrincipalAccount": "9*"}}), Anyone),
        (json!({"StringLike": {"aws:PrincipalAccount": ["?", "??"]}}), Anyone),
        (json!({"ArnLike": {"aws:PrincipalArn": ["arn:?:?::?:?", "arn:?:?::*:?"]}}), Anyone),
        (json!({"StringEquals": {"aws:PrincipalAccount": ["000000000000", "999900001111"]}}), Anyone),
        (json!({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/admin"}}), Anyone),
        (json!({"ArnNotLike": {"aws:PrincipalArn": "*"}}), Anyone),
        (json!({"StringNotLike": {"aws:PrincipalArn": "*:role/admin"}}), Anyone),
        (json!({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/admin"}}), Own),
        (json!({"StringNotEquals": {"aws:SourceVpce": "vpce-1a2b"}}), Outside),
        (json!({"StringNotLike": {"aws:SourceVpce": "vpce-*"}}), Anyone),
        (json!({"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}), Outside),
        (json!({"NotIpAddress": {"aws:SourceIp": "0.0.0.0/0"}}), Anyone),
        (json!({"IpAddress": {"aws:SourceIp": ["0.0.0.0/0", "::/0"]}}), Anyone),
        (json!({"StringNotLike": {"aws:userid": ["AROAEXAMPLEEXAMPLE123:*", OWN]}}), Outside),
        (json!({"Bool": {"aws:SecureTransport": "false"}}), Anyone),
        (json!({"Bool": {"aws:SecureTransport": ["true", "false"]}}), Nobody),
        (json!({"StringLike": {"aws:UserAgent": "*"}}), Anyone),
        (json!({"StringEquals": {}}), Anyone),
        (json!({"MadeUp": {"aws:PrincipalAccount": OWN}}), Anyone),
    ];
    for (condition, expected) in table {
        assert_eq!(all(condition.clone()), expected, "{condition}");
    }
    for keeps_nobody_out in [
        deny(&json!({"AWS": "999900001111"}), &json!({})),
        deny(&json!({"AWS": "000000000000"}), &json!({})),
        deny(&json!({"AWS": "arn:aws:iam::*:root"}), &json!({})),
        deny(&json!({"Federated": "*"}), &json!({})),
        deny(&json!({"AWS": []}), &json!({})),
        deny(&json!("everyone"), &json!({})),
        json!({"Effect": "Deny", "Principal": "*", "Action": "s3:GetObjectAcl", "Resource": "*"}),
        json!({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::shop/private/*"}),
        json!({"Effect": "Deny", "Principal": "*", "NotAction": "s3:GetObject", "Resource": "*"}),
        json!({"Effect": "Deny", "NotPrincipal": "*", "Action": "*", "Resource": "*"}),
        json!({"Effect": "Deny", "NotPrincipal": {"AWS": "*"}, "Action": "*", "Resource": "*"}),
        json!({"Effect": "Deny", "NotPrincipal": {"CanonicalUser": "1"}, "Action": "*", "Resource": "*"}),
    ] {
        assert_eq!(with(keeps_nobody_out.clone()), Anyone, "{keeps_nobody_out}");
    }
    let but =
        |name: &str| with(json!({"Effect": "Deny", "NotPrincipal": {"AWS": name}, "Action": "*", "Resource": "*"}));
    assert_eq!(but("111122223333"), Own);
    assert_eq!(but("arn:aws:iam::999900001111:role/x"), Outside, "the one that is left out gets in");
    assert_eq!(
        reach(&json!([allow(&json!({"Service": "sns.amazonaws.com"}), &json!({})), deny(&json!("*"), &json!({}))])),
        Nobody
    );
    let role = json!({"AWS": "arn:aws:iam::999900001111:role/x"});
    assert_eq!(reach(&json!([allow(&role, &json!({})), deny(&role, &json!({}))])), Nobody);
    assert_eq!(reach(&json!([allow(&json!({"AWS": "999900001111"}), &json!({})), deny(&role, &json!({}))])), Outside);
}

#[test]
fn hostile_principals_are_not_taken_for_harmless_ones() {
    let table = [
        (json!({"AWS": ["*"]}), Anyone),
        (json!({"AWS": ["arn:aws:iam::111122223333:root", "*"]}), Anyone),
        (json!({"AWS": "arn:aws:iam::*:root"}), Anyone),
        (json!({"AWS": "arn:aws:iam::11112222????:root"}), Anyone),
        (json!({"AWS": "1111*"}), Anyone),
        (json!({"AWS": "arn:aws:*"}), Anyone),
        (json!({"AWS": ["111122223333", "111122223333", "999900001111", "999900001111"]}), Outside),
        (json!({"AWS": "111122223333 "}), Outside),
        (json!({"AWS": "１１１１２２２２３３３３"}), Outside),
        (json!({"AWS": "arn:aws:iam::111122223333\u{200b}:root"}), Outside),
        (json!({"AWS": "AIDAEXAMPLEEXAMPLE123"}), Outside),
        (json!({"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}), Outside),
        (json!({"Service": "*"}), Anyone),
        (json!({"Service": "sns*.amazonaws.com"}), Anyone),
        (json!({"Service": "sns.amazonaws.com.evil.example"}), Outside),
        (json!({"Service": ["sns.amazonaws.com", "sqs.amazonaws.com"]}), Service),
        (json!({"Federated": "*"}), Anyone),
        (json!({"Federated": "cognito-identity.amazonaws.com"}), Anyone),
        (json!({"Federated": "arn:aws:iam::111122223333:saml-provider/okta"}), Own),
        (json!({"*": "*"}), Anyone),
    ];
    for (principal, expected) in table {
        assert_eq!(reach(&allow(&principal, &json!({}))), expected, "{principal}");
    }
    let but = json!({"Effect": "Allow", "NotPrincipal": {"AWS": "999900001111"}, "NotAction": "s3:DeleteObject", "Resource": "*"});
    assert_eq!(
        lines(&policy(&but)),
        "anyone, in any AWS account, except 999900001111, without a condition: can do everything except s3:DeleteObject"
    );
    for odd in [
        json!({"Effect": "Perhaps", "Principal": "*"}),
        json!({"Effect": "Allow", "Principal": "me"}),
        json!({"Effect": "Allow", "Principal": {"aws": "*"}}),
        json!({"Effect": "Allow", "Action": "*"}),
        json!({"Effect": "Allow", "Principal": {"AWS": 7}}),
        allow(&json!("*"), &json!({"StringEquals": {"aws:PrincipalAccount": "\u{1}"}})),
        json!({"Effect": "Deny", "Principal": {"AWS": "\u{1}"}}),
    ] {
        assert_eq!(policy(&odd).not_evaluated.len(), 1, "{odd}");
    }
    assert_eq!(lines(&read(&Parsed::of("no json"))), "not evaluated: the resource policy is not a valid policy");
}

#[test]
fn a_huge_policy_takes_little_time_and_does_not_look_narrower() {
    let accounts: Vec<_> = (0..3_000).map(|i| format!("{i:012}")).collect();
    let arns: Vec<_> = accounts.iter().map(|id| format!("arn:aws:iam::{id}:role/*a*b*")).collect();
    let denies = deny(&json!({"AWS": accounts}), &json!({"ArnLike": {"aws:PrincipalArn": arns}}));
    let everyone = allow(&json!("*"), &json!({"StringNotEquals": {"aws:PrincipalAccount": accounts}}));
    assert_eq!(reach(&json!([everyone, denies, denies, denies])), Anyone);
    let some = allow(&json!({"AWS": accounts}), &json!({"StringLike": {"aws:PrincipalArn": arns}}));
    assert_eq!(reach(&json!([some, denies])), Outside);
    let own = allow(&json!({"AWS": OWN}), &json!({"StringLike": {"aws:PrincipalArn": arns}}));
    assert!(reach(&json!([own, denies])) <= Own);
}

#[test]
fn the_words_say_who_can_do_what() {
    let trust = policy(&json!([
        {"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject", "s3:GetObject", "s3:ListBucket"], "Resource": "*"},
        {"Effect": "Allow", "Principal": {"AWS": "999900001111"}, "Resource": "*",
            "Action": ["s3:A", "s3:B", "s3:C", "s3:D", "s3:E", "s3:Put*", "*"]},
        {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}},
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::127311923021:root"}, "Action": "s3:PutObject", "Resource": "*"},
        {"Effect": "Allow", "Principal": {"CanonicalUser": "79a5"}, "Action": "s3:GetObject", "Resource": "*"},
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sns:Publish", "Resource": "*", "Condition": {"StringEquals": {"AWS:SourceOwner": OWN}}},
        {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": "*"}]));
    let words: Vec<_> = trust.words().iter().map(Phrase::plain).collect();
    assert_eq!(
        words,
        [
            "anyone, in any AWS account, without a condition: can s3:GetObject, s3:ListBucket",
            "any principal that account 999900001111 authorizes, without a condition: can *, s3:Put*, s3:A and 4 more",
            "anyone, in certain networks: can s3:*; only if aws:SourceVpce is vpce-1",
            "account 127311923021 of AWS, which delivers the logs of load balancers: can s3:PutObject",
            "the account with the canonical user id 79a5, without a condition: can s3:GetObject",
            "any principal of this account: can sns:Publish; only if AWS:SourceOwner is 111122223333",
            "the policy also denies some access: whom this certainly keeps out is not counted above",
        ]
    );
    assert_eq!(trust.serves_outsiders(), None);
}

#[test]
fn a_permission_without_a_document_is_read_as_a_policy() {
    let of = |kind: &str, name: &str, conditions: &[(&str, &str, &str)]| {
        lines(&read(&granting(&[(kind, name)], &["lambda:InvokeFunction"], conditions)))
    };
    assert_eq!(
        of("Service", "s3.amazonaws.com", &[("ArnLike", "AWS:SourceArn", "arn:aws:s3:::logs")]),
        "the AWS service s3.amazonaws.com: can lambda:InvokeFunction; only if AWS:SourceArn is like arn:aws:s3:::logs"
    );
    let url = [("StringEquals", "lambda:FunctionUrlAuthType", "NONE")];
    assert!(of("AWS", "*", &url).ends_with("lambda:FunctionUrlAuthType is NONE; anyone can meet this"));
    assert_eq!(
        of("AWS", "999900001111", &[]),
        "any principal that account 999900001111 authorizes, without a condition: can lambda:InvokeFunction"
    );
    let quotes =
        read(&granting(&[("AWS", "999900001111\"},\"Effect\":\"Deny\"")], &["sqs:*"], &[("x\"", "\"y", "\"")]));
    assert_eq!((quotes.reach(), quotes.trusted.len()), (Some(Outside), 1));
    assert_eq!(lines(&read(&granting(&[], &["sqs:SendMessage"], &[]))), "nobody");
}
