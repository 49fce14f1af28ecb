//! Commands are quoted so that a shell reads the original names, they are complete, and there is none if it would not
//! be safe.

use super::caller::stop_function;
use super::command::{PUT_ROLE_POLICY, PUT_USER_POLICY, deactivate, deny_all, revoke_sessions};
use super::*;
use proptest::prelude::*;

#[test]
fn names_are_quoted_so_that_a_shell_reads_the_original() {
    let command = |name| deactivate(name, "AKIAEXAMPLE").map(|command| command.as_str().to_owned());
    assert_eq!(
        command("deploy-bot").unwrap(),
        "aws iam update-access-key --user-name deploy-bot --access-key-id AKIAEXAMPLE --status Inactive"
    );
    assert_eq!(
        command("-rf").unwrap(),
        "aws iam update-access-key '--user-name=-rf' --access-key-id AKIAEXAMPLE --status Inactive"
    );
    let words = shlex::split(&command("a'b $(id)").unwrap()).unwrap();
    assert_eq!(words[4], "a'b $(id)");
}

#[test]
fn sessions_are_revoked_as_of_the_time_the_command_is_run() {
    let revoke = revoke_sessions(PUT_ROLE_POLICY, "--role-name", "deploy").unwrap();
    let script = format!("aws() {{ printf %s \"$8\"; }}; {}", revoke.as_str());
    let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
    let policy: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let time = policy.pointer("/Statement/0/Condition/DateLessThan/aws:TokenIssueTime").unwrap();
    let time: DateTime<Utc> = time.as_str().unwrap().parse().unwrap();
    assert!((Utc::now() - time).num_seconds().abs() < 60);
    let deny = deny_all(PUT_ROLE_POLICY, "--role-name", "deploy").unwrap();
    assert!(deny.as_str().contains("incident-deny-all") && !revoke.as_str().contains("incident-deny-all"));
}

#[test]
fn a_function_is_stopped_in_its_region_for_every_version() {
    let stop = stop_function(&"arn:aws:lambda:eu-west-1:111122223333:function:sync:live".into()).unwrap();
    assert!(stop.as_str().ends_with("--region eu-west-1 --function-name sync"), "{}", stop.as_str());
    assert_eq!(stop_function(&"sync".into()), None);
}

#[test]
fn what_cannot_be_quoted_safely_is_not_offered() {
    for name in ["", "a\nb", "a\u{202e}b", "é", "file:///etc/passwd", "https://evil.example"] {
        assert_eq!(deactivate(name, "AKIAEXAMPLE"), None, "{name:?}");
    }
    let step = ContainmentStep::new("Stop it:", vec![deactivate("a\nb", "AKIAEXAMPLE")]);
    assert!(step.commands.is_empty() && step.text.plain().ends_with("may not take.)"));
}

proptest! {
    /// No name is taken for a placeholder: the name and the document stand in the command as they are.
    #[test]
    fn a_name_changes_nothing_of_the_rest_of_a_command(name in prop_oneof![
        "[ -~]{1,60}", "[@%{$<]{1,2}(NOW|TIME|name|0)[@%}>]{1,2}", Just("@NOW@".to_owned()),
    ]) {
        let Some(command) = revoke_sessions(PUT_USER_POLICY, "--user-name", &name) else { return Ok(()) };
        let other = revoke_sessions(PUT_USER_POLICY, "--user-name", "other").unwrap();
        let (words, other) = (shlex::split(command.as_str()).unwrap(), shlex::split(other.as_str()).unwrap());
        prop_assert_eq!(&words[words.len() - 4..], &other[other.len() - 4..]);
        let expected = if name.starts_with('-') { format!("--user-name={name}") } else { name };
        prop_assert_eq!(&words[words.len() - 5], &expected);
    }

    #[test]
    fn a_quoted_command_is_parsed_back_by_a_shell_lexer(name in any::<String>(), key in "[ -~]{0,40}") {
        let Some(command) = deactivate(&name, &key) else { return Ok(()) };
        let words = shlex::split(command.as_str()).unwrap();
        let option = |option: &str, value: &str| if value.starts_with('-') {
            vec![format!("{option}={value}")]
        } else {
            vec![option.to_owned(), value.to_owned()]
        };
        let mut expected: Vec<_> = ["aws", "iam", "update-access-key"].map(String::from).to_vec();
        expected.extend(option("--user-name", &name));
        expected.extend(option("--access-key-id", &key));
        expected.extend(["--status", "Inactive"].map(String::from));
        prop_assert_eq!(words, expected);
    }
}
