//! Text of the document as HTML.

/// Text between tags or in quotes of an attribute.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Text in which backticks set code and an empty line ends a paragraph.
pub(super) fn paragraphs(text: &str) -> String {
    let paragraphs = text.trim().split("\n\n").filter(|text| !text.is_empty());
    paragraphs
        .map(|text| format!("<p>{}</p>", inline(text)))
        .collect()
}

/// Text in which backticks set code.
pub(super) fn inline(text: &str) -> String {
    let mut html = String::new();
    for (place, part) in text.trim().split('`').enumerate() {
        if place % 2 == 1 {
            html.push_str(&code(part));
        } else {
            html.push_str(&escaped(part));
        }
    }
    html
}

pub(super) fn code(text: &str) -> String {
    format!("<code>{}</code>", escaped(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backticks_set_code_and_nothing_sets_a_tag() {
        assert_eq!(
            paragraphs("`a<b>` & \"c\"\n\nd\n"),
            "<p><code>a&lt;b&gt;</code> &amp; &quot;c&quot;</p><p>d</p>"
        );
    }
}
