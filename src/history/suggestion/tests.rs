use super::super::digest::Tally;
use super::super::{Handling, MailStatus};
use super::*;
use crate::text::Untrusted;
use proptest::prelude::*;

const DEPLOY: &str = "arn:aws:iam::111122223333:role/ci/deploy";

fn now() -> DateTime<Utc> {
    "2026-11-27T10:00:00Z".parse().unwrap()
}

fn line(who: &str, call: &str, target: &str, days: i64) -> Line {
    Line {
        time: now() - TimeDelta::days(days),
        event_id: format!("{call}-{target}-{days}").into(),
        call: call.into(),
        outcome: "succeeded".into(),
        actor: "deploy".into(),
        actor_key: who.into(),
        target: target.into(),
        account: Some("111122223333".into()),
        object: None,
        steps: Vec::new(),
        severity: Some(Severity::Medium),
        subject: None,
        handling: Handling { mail: Some(MailStatus::Published), ..Handling::default() },
        not_alerted: false,
    }
}

/// What is proposed for these lines.
fn proposals(lines: &[Line]) -> String {
    let mut habits = Habits::new(4, now());
    for line in lines {
        habits.add(line);
    }
    let text = habits.proposals();
    assert_yaml(&text);
    assert_accepted(&text);
    text
}

/// The same call in each of four weeks.
fn weekly(line: impl Fn(i64) -> Line) -> Vec<Line> {
    [1, 8, 15, 22].map(line).into()
}

/// As they are, the proposals are refused, for their reasons only; with reasons, they are accepted.
fn assert_accepted(text: &str) {
    let read = |text: &str| crate::config::expectations::read(text, "proposals.yaml", &BTreeMap::new());
    let proposed = text.matches("  - who: ").count();
    let refused = read(text).err().map_or(0, |problems| problems.len());
    assert_eq!(refused, proposed, "{text}");
    let accepted = read(&text.replace("TODO: who decided this, and where is it written down?", "OPS-12"));
    assert_eq!(accepted.map(|rows| rows.len()).map_err(|problems| problems[0].to_string()), Ok(proposed), "{text}");
}

/// Holds a text against the few forms that it may have. No value has a character that is special in YAML, except the
/// brackets and commas of our own lists, and the quotes of the reason.
fn assert_yaml(text: &str) {
    let plain = |value: &str| {
        value.starts_with(|first: char| first.is_ascii_alphanumeric())
            && !value.ends_with(':')
            && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=.@:/-*".contains(&byte))
    };
    let list = |value: &str| {
        let inner = value.strip_prefix('[').and_then(|value| value.strip_suffix(']'));
        inner.is_some_and(|inner| !inner.is_empty() && inner.split(", ").all(plain))
    };
    let mut lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    assert!(matches!(lines.next(), Some("expectations:" | "expectations: []")), "{text}");
    let mut seen: Vec<&str> = Vec::new();
    for line in lines {
        let (indent, field) = line.split_at(4);
        let (name, value) = field.split_once(": ").unwrap();
        assert_eq!(indent, if name == "who" { "  - " } else { "    " }, "{line}");
        if name == "who" {
            seen.clear();
        }
        assert!(!seen.contains(&name), "{line}");
        seen.push(name);
        let good = match name {
            "who" | "until" | "up_to" => plain(value) && !value.contains('*'),
            "what" => list(value) && !value.contains('*'),
            "target" => list(value),
            "where" => value == "[\"222233334444\"]",
            "why" => value.starts_with("\"TODO: ") && value.ends_with('"') && value.matches('"').count() == 2,
            _ => false,
        };
        assert!(good, "{line}");
    }
}

#[test]
fn what_happens_every_week_is_proposed_with_what_it_has_in_common() {
    let mut lines = weekly(|days| line(DEPLOY, "iam:AttachRolePolicy", &format!("IAM role app-{days}"), days));
    lines.extend(weekly(|days| line(DEPLOY, "iam:PutRolePolicy", &format!("IAM role app-{days}"), days)));
    let keys = |days| line("arn:aws:iam::111122223333:user/rotator", "iam:CreateAccessKey", "IAM user batch", days);
    lines.extend(weekly(keys));
    let many = |n: i64| line(DEPLOY, "iam:CreateRole", &format!("IAM role svc-{n:02}"), n);
    lines.extend((1..28).map(many));
    let mixed = |n: i64| {
        line(DEPLOY, "iam:TagRole", &format!("IAM role {}", char::from(b'a' + u8::try_from(n % 26).unwrap())), n)
    };
    lines.extend((1..28).map(mixed));
    lines.extend(weekly(|days| {
        let mut line = line(DEPLOY, "iam:AttachRolePolicy", "IAM role breakglass", days);
        line.handling.limits = vec!["administrator".into()];
        line
    }));
    lines.extend(weekly(|days| line(DEPLOY, "iam:CreateUser", "IAM user a*", days)));
    lines.extend(weekly(|days| Line {
        account: Some("222233334444".into()),
        ..line(DEPLOY, "iam:UpdateRole", "IAM role shared", days)
    }));
    lines.push(line(DEPLOY, "iam:DeleteRole", "IAM role old", 3));
    insta::with_settings!({snapshot_path => "../../../tests/snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("suggestions", proposals(&lines));
    });
}

#[test]
fn nothing_is_proposed_that_was_not_in_every_week() {
    let lines: Vec<_> = [1, 2, 8, 15].map(|days| line(DEPLOY, "iam:CreateRole", "IAM role x", days)).into();
    assert!(proposals(&lines).contains("\nexpectations: []\n"));
}

#[test]
fn what_an_expectation_covers_already_is_not_proposed_again() {
    let lines = weekly(|days| {
        let mut line = line(DEPLOY, "iam:CreateRole", "IAM role x", days);
        line.handling.unless_expected = Some(Severity::Medium);
        line
    });
    assert!(proposals(&lines).contains("\nexpectations: []\n"));
}

fn any_line() -> impl Strategy<Value = Line> {
    let who = prop::sample::select(vec![
        DEPLOY.to_owned(),
        format!("{DEPLOY}#dana"),
        "arn:aws:iam::111122223333:root".to_owned(),
        "arn:aws:iam::111122223333:root#AssumeRoot".to_owned(),
        "ses.amazonaws.com".to_owned(),
        "unknown#IAMUser".to_owned(),
        "arn:aws:iam::111122223333:role/a]: *x\n  - who: evil".to_owned(),
        "arn:aws:iam::111122223333:role/aws-service-role/sso.amazonaws.com/x".to_owned(),
    ]);
    let what =
        ("[a-z:*\\]\n# ]{0,12}|iam:CreateRole|iam:PutRolePolicy", "IAM role ([a-z*?,:\\]\n#\"']{0,6}|x)|\\PC{0,9}");
    let how = (0_usize..4, prop::bool::weighted(0.2), prop::bool::weighted(0.2), prop::bool::weighted(0.2));
    (who, what, 0_i64..30, how).prop_map(|(who, (call, target), days, (severity, limited, failed, incomplete))| {
        let mut line = line(&who, &call, &target, days);
        line.severity = Some(Severity::ALL[severity]);
        line.handling.limits = limited.then(|| Untrusted::new("escalation")).into_iter().collect();
        line.handling.incomplete = incomplete;
        if failed {
            line.outcome = "denied".into();
        }
        line
    })
}

proptest! {
    #[test]
    fn what_is_limited_or_severe_or_not_weekly_is_never_proposed(
        lines in prop::collection::vec(any_line(), 0..120), weekly_ones in any::<bool>(),
    ) {
        let mut lines = lines;
        if weekly_ones {
            let more: Vec<_> = lines.iter().take(5).flat_map(|line| {
                weekly(|days| Line { time: now() - TimeDelta::days(days), ..line.clone() })
            }).collect();
            lines.extend(more);
        }
        let text = proposals(&lines);
        let admissible = |line: &&Line| {
            line.severity >= Some(Severity::Medium) && line.severity < Some(Severity::Critical) && line.succeeded()
                && line.handling.limits.is_empty() && !line.handling.incomplete
        };
        for proposal in text.split("  - who: ").skip(1) {
            let mut fields = proposal.lines();
            prop_assert_eq!(fields.next(), Some(DEPLOY));
            for call in ["iam:CreateRole", "iam:PutRolePolicy"] {
                if fields.clone().next().is_some_and(|what| what.contains(call)) {
                    let weeks: BTreeSet<_> = lines.iter().filter(admissible)
                        .filter(|line| line.call.raw() == call && line.actor_key.raw().starts_with(DEPLOY))
                        .map(|line| (now() - line.time).num_weeks()).filter(|week| *week < 4).collect();
                    prop_assert_eq!(weeks.len(), 4);
                }
            }
        }
        // The digest counts the same lines, whatever they are.
        let mut tally = Tally::default();
        for line in &lines {
            tally.add(line, &[].into());
        }
        prop_assert_eq!(tally.events, lines.len());
    }
}
