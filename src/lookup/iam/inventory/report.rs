//! The credential report: which credentials each user has. Follows "Understanding the report format" in the IAM user
//! guide.
//!
//! The report is CSV. Columns are found by the names in the first line. AWS does not say how it writes a comma or a quote,
//! and a user name can have a comma, a path both. So both ways are read, quoted and plain, and a row counts only if its
//! user and ARN agree. Nothing in a row can change how another row is read: each line stands for itself.

use super::content::written;
use super::{Entity, Part};
use crate::arn::Arn;
use chrono::DateTime;
use serde_json::json;

/// The name of the root user in the report.
const ROOT: &str = "<root_account>";

pub(super) struct Report {
    pub(super) entities: Vec<Entity>,
    /// The number of rows that are not understood.
    pub(super) unread: usize,
}

/// Reads a report; `None` if the text is something else.
pub(super) fn read(text: &str) -> Option<Report> {
    let mut lines = text.trim_start_matches('\u{feff}').lines().filter(|line| !line.trim().is_empty());
    let header = fields(lines.next()?)?;
    let header: Vec<_> = header.iter().map(|column| column.trim().to_lowercase()).collect();
    if !header.iter().any(|column| column == "user") {
        return None;
    }
    let mut report = Report { entities: Vec::new(), unread: 0 };
    let in_order = header.iter().map(String::as_str).take(2).eq(["user", "arn"]);
    for line in lines {
        let row = match fields(line) {
            Some(fields) if !in_order => Row::unchecked(fields, &header),
            Some(fields) => Row::checked(fields, &header).or_else(|| Row::checked(plain(line), &header)),
            None if in_order => Row::checked(plain(line), &header),
            None => None,
        };
        match row.and_then(|row| row.entity()) {
            Some(entity) => report.entities.push(entity),
            None => report.unread += 1,
        }
    }
    Some(report)
}

struct Row<'a> {
    header: &'a [String],
    user: String,
    /// The fields, one a column.
    fields: Vec<String>,
}

impl<'a> Row<'a> {
    /// A row of a report without ARNs, or with columns in another order.
    fn unchecked(fields: Vec<String>, header: &'a [String]) -> Option<Self> {
        let user = fields.get(header.iter().position(|column| column == "user")?)?.clone();
        (fields.len() <= header.len()).then_some(Self { header, user, fields })
    }

    /// A row that begins with the user and the user's ARN; `None` if they do not agree.
    fn checked(mut fields: Vec<String>, header: &'a [String]) -> Option<Self> {
        // Plain commas make more fields than columns. A name has no colon, so the first ARN is the user's.
        let spare = fields.len().saturating_sub(header.len());
        let arn = fields.iter().position(|field| field.starts_with("arn:"))?;
        let user = fields[..arn].join(",");
        let last = (arn..=spare + 1).rev().find(|last| {
            let arn = fields.get(arn..=*last).unwrap_or_default().join(",");
            Arn::parse(&arn).is_some_and(|arn| is_of(&arn, &user))
        })?;
        fields.splice(..=last, [user.clone(), String::new()]);
        Some(Self { header, user, fields })
    }

    fn entity(&self) -> Option<Entity> {
        let keys = [1, 2].into_iter().filter_map(|number| {
            let active = self.flag(&format!("access_key_{number}_active"));
            let created = self.field(&format!("access_key_{number}_last_rotated")).and_then(|written| time(&written));
            // Without a date there is no key, unless the report calls it active.
            (created.is_some() || active == Some(true)).then_some((created, active))
        });
        let mut keys: Vec<_> = keys.collect();
        keys.sort_unstable();
        let keys: Vec<_> =
            keys.into_iter().map(|(created, active)| json!({"Active": active, "Created": created})).collect();
        let content = json!({
            "UserName": self.user,
            "Password": self.flag("password_enabled"),
            "Mfa": self.flag("mfa_active"),
            "Keys": keys,
        });
        match self.user.as_str() {
            ROOT => Part::Credentials.entity("root", content),
            // A user can be called "root", and is not the root user. No name of a user has a slash.
            name if name.eq_ignore_ascii_case("root") => Part::Credentials.entity("user/root", content),
            name => Part::Credentials.entity(name, content),
        }
    }

    fn field(&self, column: &str) -> Option<String> {
        let at = self.header.iter().position(|name| name == column)?;
        self.fields.get(at).map(|field| field.trim().to_owned())
    }

    /// Yes or no; `None` for "`not_supported`", "N/A" and a column that is not there.
    fn flag(&self, column: &str) -> Option<bool> {
        self.field(column)?.to_lowercase().parse().ok()
    }
}

/// Whether the ARN is that of the user.
fn is_of(arn: &Arn<'_>, user: &str) -> bool {
    if user == ROOT { arn.resource == "root" } else { arn.resource.starts_with("user/") && arn.name() == user }
}

fn time(text: &str) -> Option<String> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| written(time.to_utc()))
}

/// The fields of a line without quotes.
fn plain(line: &str) -> Vec<String> {
    line.split(',').map(str::to_owned).collect()
}

/// The fields of a line. `None` if a quote does not end.
fn fields(line: &str) -> Option<Vec<String>> {
    let (mut all, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut rest = line.chars().peekable();
    let mut begins = true;
    while let Some(character) = rest.next() {
        match character {
            '"' if quoted && rest.next_if_eq(&'"').is_some() => field.push('"'),
            '"' if quoted => quoted = false,
            '"' if begins => quoted = true,
            ',' if !quoted => {
                all.push(std::mem::take(&mut field));
                begins = true;
                continue;
            }
            other => field.push(other),
        }
        begins = false;
    }
    all.push(field);
    (!quoted).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    const HEADER: &str = "user,arn,user_creation_time,password_enabled,password_last_used,mfa_active,\
        access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_2_active,\
        access_key_2_last_rotated";
    const REST: &str =
        "2023-02-14T09:12:44+00:00,true,no_information,false,true,2024-05-01T10:00:00+02:00,N/A,false,N/A";

    fn rows(lines: &[&str]) -> Report {
        read(&format!("{HEADER}\r\n{}\r\n", lines.join("\r\n"))).unwrap()
    }

    fn credentials(name: &str) -> Value {
        let keys = json!([{"Active": true, "Created": "2024-05-01T08:00:00Z"}]);
        json!({"UserName": name, "Password": true, "Mfa": false, "Keys": keys})
    }

    #[test]
    fn a_row_is_a_user_and_the_root_row_no_user_called_root() {
        let report = rows(&[
            "<root_account>,arn:aws:iam::123456789012:root,2020-01-01T00:00:00+00:00,not_supported,no_information,true,\
             false,N/A,N/A,false,N/A",
            &format!("Ops-Carol,arn:aws:iam::123456789012:user/x/Ops-Carol,{REST}"),
            &format!("Root,arn:aws:iam::123456789012:user/Root,{REST}"),
        ]);
        let resources: Vec<_> = report.entities.iter().map(|entity| entity.resource.as_str()).collect();
        assert_eq!(resources, ["credentials/root", "credentials/ops-carol", "credentials/user/root"]);
        let root = json!({"UserName": "<root_account>", "Password": null, "Mfa": true, "Keys": []});
        assert_eq!(report.entities[0].content, root);
        assert_eq!(report.entities[1].content, credentials("Ops-Carol"));
        assert_eq!(report.unread, 0);
    }

    #[test]
    fn keys_are_in_the_order_of_their_dates_and_an_active_one_is_never_left_out() {
        let row = |keys: &str| {
            let line = format!("a,arn:aws:iam::1:user/a,2023-02-14T09:12:44+00:00,false,N/A,true,{keys}");
            rows(&[&line]).entities[0].content["Keys"].clone()
        };
        let (old, new) = ("2024-01-01T00:00:00+00:00", "2025-01-01T00:00:00+00:00");
        let one = row(&format!("true,{new},N/A,false,{old}"));
        assert_eq!(one[0], json!({"Active": false, "Created": "2024-01-01T00:00:00Z"}));
        assert_eq!(row(&format!("false,{old},N/A,true,{new}")), one);
        assert_eq!(row("true,N/A,N/A,false,N/A"), json!([{"Active": true, "Created": null}]));
    }

    #[test]
    fn commas_and_quotes_are_read_quoted_and_plain() {
        let paths = ["", "p,\"q/", "p/", "a,b/", "a,b/a,b,true,false/", "p,\"q,r\",/", "\"p/"];
        for path in paths {
            let arn = format!("arn:aws:iam::123456789012:user/{path}a,b");
            let quoted = format!("\"a,b\",\"{}\",{REST}", arn.replace('"', "\"\""));
            for line in [quoted, format!("a,b,{arn},{REST}")] {
                let report = rows(&[&line]);
                assert_eq!(report.unread, 0, "{line}");
                let expected = Entity { resource: "credentials/a,b".into(), content: credentials("a,b") };
                assert_eq!(report.entities, [expected], "{line}");
            }
        }
    }

    #[test]
    fn a_row_cannot_hide_another_one_or_pass_for_it() {
        let hostile = [
            // A quote that does not end, and the ARN of another user.
            format!("\"eve,arn:aws:iam::1:user/bob,{REST}"),
            // The ARN of another user.
            format!("bob,arn:aws:iam::1:user/eve,{REST}"),
            // Too few fields for an ARN.
            "eve".to_owned(),
            format!("<root_account>,arn:aws:iam::1:user/<root_account>,{REST}"),
        ];
        let bob = format!("bob,arn:aws:iam::1:user/bob,{REST}");
        for line in hostile {
            let report = rows(&[&line, &bob]);
            assert_eq!(report.unread, 1, "{line}");
            assert_eq!(report.entities[0].content, credentials("bob"));
        }
    }

    #[test]
    fn a_column_that_is_not_there_is_not_known_and_more_columns_change_nothing() {
        let report = read("\u{feff}new,User,mfa_active\nx,bob,TRUE\ny,eve\nz,too,many,fields\n").unwrap();
        let expected = json!({"UserName": "bob", "Password": null, "Mfa": true, "Keys": []});
        assert_eq!(report.entities[0].content, expected);
        assert_eq!(report.entities[1].content["Mfa"], Value::Null);
        assert_eq!((report.entities.len(), report.unread), (2, 1));
        let note = rows(&[&format!("bob,arn:aws:iam::1:user/bob,{REST},3 more, see ListAccessKeys")]);
        assert_eq!(note.entities[0].content, credentials("bob"));
        assert!(read("").is_none() && read("<html>no report</html>").is_none());
    }
}
