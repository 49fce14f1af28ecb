//! docs/judgement.md lists the escalation paths of the table. `UPDATE_DOCS=1 cargo test --test paths` writes the list.

#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

use iam_security_alert::policy::escalation::{Means, escalation_paths};
use std::fmt::Write;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/judgement.md");
const BEGIN: &str = "<!-- paths -->\n";
const END: &str = "<!-- end of paths -->";

/// One line for everything that paths lead to, in the order of the table.
fn list() -> String {
    let mut groups: Vec<(&str, bool, Vec<String>)> = Vec::new();
    for path in escalation_paths() {
        let pass = matches!(path.means, Means::PassRole(_));
        let words = format!("`{}` {}", path.id, path.actions.join(" + "));
        match groups.iter_mut().find(|(leads_to, passes, _)| *leads_to == path.leads_to && *passes == pass) {
            Some((_, _, paths)) => paths.push(words),
            None => groups.push((path.leads_to, pass, vec![words])),
        }
    }
    groups.iter().fold(String::new(), |mut text, (leads_to, pass, paths)| {
        let with = if *pass { ", with iam:PassRole" } else { "" };
        writeln!(text, "- {leads_to}{with}: {}", paths.join("; ")).unwrap();
        text
    })
}

#[test]
fn the_document_lists_every_escalation_path() {
    let document = std::fs::read_to_string(DOCUMENT).unwrap();
    let (before, rest) = document.split_once(BEGIN).unwrap();
    let (listed, after) = rest.split_once(END).unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(DOCUMENT, format!("{before}{BEGIN}{}{END}{after}", list())).unwrap();
        return;
    }
    assert_eq!(listed, list(), "UPDATE_DOCS=1 cargo test --test paths");
}
