//! Reads answers of services that speak the query protocol, whose elements have no attributes that matter. In such an answer
//! every `<` of a text is escaped, so a tag is a tag.

/// The text of the first element of this name.
#[must_use]
pub fn text(xml: &str, element: &str) -> Option<String> {
    parts(xml, element).next().map(unescaped)
}

/// What stands within each element of this name. Elements of the same name must not be nested.
pub fn parts<'a>(xml: &'a str, element: &str) -> impl Iterator<Item = &'a str> {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let mut rest = xml;
    std::iter::from_fn(move || {
        let (_, after) = rest.split_once(&open)?;
        let (part, after) = after.split_once(&close)?;
        rest = after;
        Some(part)
    })
}

fn unescaped(text: &str) -> String {
    // The ampersand comes last: `&amp;lt;` is `&lt;`.
    let text = text.trim().replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
    text.replace("&#39;", "'").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_and_their_text_is_unescaped() {
        let xml = "<A><B>one &lt;B&gt; &amp;lt; two</B>\n<C/><B> three </B></A>";
        assert_eq!(text(xml, "B").as_deref(), Some("one <B> &lt; two"));
        assert_eq!(parts(xml, "B").collect::<Vec<_>>(), ["one &lt;B&gt; &amp;lt; two", " three "]);
        assert_eq!((text(xml, "D"), text("<A>cut", "A")), (None, None));
    }
}
