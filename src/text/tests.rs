//! Text from outside, as shown.

use super::sanitize::is_deceptive;
use super::*;
use proptest::prelude::*;

fn shown(text: &str) -> String {
    Untrusted::new(text).shown(TextKind::Free)
}

#[test]
fn hidden_characters_become_visible() {
    assert_eq!(shown("a\nHIGH\r\n\tb"), "a\\nHIGH\\r\\n\\tb");
    assert_eq!(shown("x\u{202e}gnp.exe"), "x\\u{202e}gnp.exe");
    assert_eq!(shown("a\u{2028}b\u{200b}c\u{7f}"), "a\\u{2028}b\\u{200b}c\\u{7f}");
    assert_eq!(shown("Zoë Ω 山田  x"), "Zoë Ω 山田  x");
    assert_eq!(shown("curl/8      MFA\u{a0}\u{3000}used"), "curl/8[6 blanks]MFA\\u{a0}\\u{3000}used");
}

#[test]
fn links_cannot_be_clicked_and_names_do_not_change() {
    assert_eq!(shown("see HTTPS://evil.example.com/a.b now"), "see hxxps://evil[.]example[.]com/a.b now");
    assert_eq!(shown("ftp://x.y"), "ftp[:]//x[.]y");
    assert_eq!(shown("WWW.evil.example"), "WWW[.]evil.example");
    assert_eq!(shown("é://a.b"), "é[:]//a[.]b");
    assert_eq!(
        shown("go to reset.example.com/now aws-sdk-go/1.44.20"),
        "go to reset.example[.]com/now aws-sdk-go/1.44.20"
    );
    assert_eq!(shown("mailto:help@evil.example"), "mailto[:]help@evil.example");
    let arn = Untrusted::new("arn:aws:iam::1:role/aws-reserved/sso.amazonaws.com/x");
    assert_eq!(arn.shown(TextKind::Arn), arn.raw(), "an ARN can be copied");
    for name in ["first.last", "web.prod-eu", "2.31.9", "a.b", ".com", "com", "lambda.amazonaws.com", "v1.x"] {
        assert_eq!(Untrusted::new(name).shown(TextKind::Name), name);
    }
}

/// A mail program makes a link of a name that ends as a host does.
#[test]
fn a_name_that_is_a_host_cannot_be_clicked() {
    for (name, expected) in [
        ("aws-account-security.com/verify", "aws-account-security[.]com/verify"),
        ("first.last@example.com", "first.last@example[.]com"),
        ("evil.co.uk", "evil[.]co[.]uk"),
        ("EVIL.IO", "EVIL[.]IO"),
        ("evil.s3.amazonaws.com", "evil.s3.amazonaws[.]com"),
        ("amazonaws.com", "amazonaws[.]com"),
        ("münchen.рф", "münchen[.]рф"),
        ("evil.xn--p1ai", "evil[.]xn--p1ai"),
        ("(evil.com)", "(evil[.]com)"),
        ("evil.com.", "evil[.]com."),
    ] {
        for kind in [TextKind::Name, TextKind::Arn, TextKind::Free, TextKind::Message] {
            assert_eq!(Untrusted::new(name).shown(kind), expected);
        }
    }
    assert_eq!(Untrusted::new("aws-security.com").ascii(100), "aws-security[.]com", "in a subject");
}

#[test]
fn an_identifier_can_be_compared_and_hides_nothing() {
    let identifier = |text: &str| Untrusted::new(text).identifier(TextKind::Name);
    assert_eq!(identifier("www.example.com"), "www.example.com");
    assert_eq!(identifier("a\u{202e}b\n"), "a\\u{202e}b\\n");
    assert_eq!(identifier(&"a".repeat(200)).len(), 160);
}

#[test]
fn cut_characters_are_counted() {
    assert_eq!(Untrusted::new("abcdef").seen(4), "abcd... [2 more characters]");
    assert_eq!(Untrusted::new("abcd").seen(4), "abcd");
    assert_eq!(Untrusted::new("abcdef").ascii(4), "ab..");
    assert_eq!(Untrusted::new("añb").ascii(4), "a?b");
    assert_eq!(Untrusted::new("abc").ascii(1), ".");
}

proptest! {
    #[test]
    fn shown_text_has_no_line_breaks_hidden_characters_or_links(text in any::<String>()) {
        let shown = shown(&text);
        prop_assert!(!shown.chars().any(is_deceptive), "{shown:?}");
        let lower = shown.to_ascii_lowercase();
        prop_assert!(!lower.contains("http://") && !lower.contains("https://") && !lower.contains("www."));
    }

    #[test]
    fn no_host_of_a_top_level_domain_is_shown_as_it_is(
        before in "[a-z0-9-]{1,8}(\\.[a-z0-9-]{1,8}){0,2}", top in prop_oneof!["com", "io", "co\\.uk", "zip", "app"], after in "[/:?#) ].{0,9}|",
    ) {
        let shown = shown(&format!("{before}.{top}{after}"));
        let host = format!("{before}.{top}");
        prop_assert!(!shown.starts_with(&host), "{shown}");
    }

    #[test]
    fn links_at_any_position_are_defanged(before in ".{0,9}", after in "[a-z.:/@]{0,30}") {
        let lower = shown(&format!("{before}https://{after}http://www.{after}")).to_ascii_lowercase();
        prop_assert!(!lower.contains("http://") && !lower.contains("https://") && !lower.contains("www."), "{lower}");
    }

    #[test]
    fn a_subject_is_ascii_and_short(text in any::<String>(), limit in 0_usize..120) {
        let ascii = Untrusted::new(text).ascii(limit);
        prop_assert!(ascii.len() <= limit && ascii.bytes().all(|b| (32..127).contains(&b)), "{ascii:?}");
    }
}
