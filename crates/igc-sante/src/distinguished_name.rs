//! Distinguished names (X.501): one attribute, or the whole name as text.

use crate::attribute_text::attribute_text;
use x509_parser::asn1_rs::ToDer;
use x509_parser::x509::{AttributeTypeAndValue, RelativeDistinguishedName, X509Name};

/// The text of the only attribute of this type, wherever it is in the name, a multi-valued RDN included.
///
/// An attribute that occurs twice names nobody for sure, so it counts as absent.
pub(crate) fn single_attribute(name: &X509Name<'_>, oid: &str) -> Option<String> {
    let mut values = attributes(name, oid);
    let first = values.next()?;
    if values.next().is_some() {
        None
    } else {
        attribute_text(first.attr_value())
    }
}

/// The texts of all attributes of this type, in the order of the certificate.
pub(crate) fn attribute_texts(name: &X509Name<'_>, oid: &str) -> Vec<String> {
    attributes(name, oid)
        .filter_map(|attribute| attribute_text(attribute.attr_value()))
        .collect()
}

/// The name as a string in the manner of RFC 4514: last RDN first, `+` inside a multi-valued RDN, specials escaped.
pub(crate) fn rfc4514(name: &X509Name<'_>) -> String {
    let mut rdns: Vec<String> = name.iter_rdn().map(rdn_string).collect();
    rdns.reverse();
    rdns.join(",")
}

fn attributes<'n, 'a>(
    name: &'n X509Name<'a>,
    oid: &str,
) -> impl Iterator<Item = &'n AttributeTypeAndValue<'a>> {
    name.iter_attributes()
        .filter(move |attribute| attribute.attr_type().to_id_string() == oid)
}

fn rdn_string(rdn: &RelativeDistinguishedName<'_>) -> String {
    let attributes: Vec<String> = rdn.iter().map(attribute_string).collect();
    attributes.join("+")
}

fn attribute_string(attribute: &AttributeTypeAndValue<'_>) -> String {
    let oid = attribute.attr_type().to_id_string();
    let value = attribute_text(attribute.attr_value())
        .map_or_else(|| hex_value(attribute), |text| escape(&text));
    format!("{}={value}", short_name(&oid).unwrap_or(&oid))
}

/// The names of RFC 4514 section 3, and those that every tool uses for the others.
fn short_name(oid: &str) -> Option<&'static str> {
    const NAMES: &[(&str, &str)] = &[
        ("2.5.4.3", "CN"),
        ("2.5.4.4", "SN"),
        ("2.5.4.5", "serialNumber"),
        ("2.5.4.6", "C"),
        ("2.5.4.7", "L"),
        ("2.5.4.8", "ST"),
        ("2.5.4.9", "STREET"),
        ("2.5.4.10", "O"),
        ("2.5.4.11", "OU"),
        ("2.5.4.12", "title"),
        ("2.5.4.42", "GN"),
        ("2.5.4.65", "pseudonym"),
        ("0.9.2342.19200300.100.1.1", "UID"),
        ("0.9.2342.19200300.100.1.25", "DC"),
    ];
    NAMES
        .iter()
        .find(|(known, _)| *known == oid)
        .map(|(_, name)| *name)
}

/// RFC 4514 section 2.4: what has no string form is written `#` and the hexadecimal of its encoding.
fn hex_value(attribute: &AttributeTypeAndValue<'_>) -> String {
    let encoding = attribute.attr_value().to_der_vec().unwrap_or_default();
    let digits: String = encoding.iter().map(|byte| format!("{byte:02X}")).collect();
    format!("#{digits}")
}

fn escape(text: &str) -> String {
    let last = text.chars().count().saturating_sub(1);
    let mut escaped = String::with_capacity(text.len());
    for (position, character) in text.chars().enumerate() {
        let special = matches!(character, '"' | '+' | ',' | ';' | '<' | '>' | '\\');
        let leading = position == 0 && matches!(character, ' ' | '#');
        let trailing = position == last && character == ' ';
        if special || leading || trailing {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_rfc_4514_wants_escaped() {
        assert_eq!(escape("Hôpital, \"Nord\""), "Hôpital\\, \\\"Nord\\\"");
        assert_eq!(escape("#1 + 1 "), "\\#1 \\+ 1\\ ");
        assert_eq!(escape(" "), "\\ ");
        assert_eq!(escape("CLINIQUE DU PARC"), "CLINIQUE DU PARC");
    }
}
