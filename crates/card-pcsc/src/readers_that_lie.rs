//! Readers whose drivers tell of a keypad that is not there, or that cannot type the codes of this family.
//!
//! A reader that is missing here is found out when it refuses to be used or breaks down; one that asks nobody
//! and never answers is not, and `keypad = "never"` helps there.

/// A reader, by what its name holds and by its USB vendor and product where its driver tells them.
struct Liar {
    name: &'static str,
    vendor_product: (u16, u16),
}

const LIARS: [Liar; 3] = [
    // No keys at all, by OpenSC pull request 1438 and web-eid-app pull request 313. Newer firmware,
    // and libccid from 1.4.29, no longer say so.
    Liar {
        name: "OMNIKEY 3x21",
        vendor_product: (0x076B, 0x3031),
    },
    // The same sources.
    Liar {
        name: "OMNIKEY 6121",
        vendor_product: (0x076B, 0x6632),
    },
    // A keyboard that passes on no code without padding, which those of a CPS3 are: OpenSC issue 205
    // and pull request 209, and libccid's list of readers.
    Liar {
        name: "Dell Smart Card Reader Keyboard",
        vendor_product: (0x413C, 0x2101),
    },
];

/// Whether the keypad of this reader is not used, whatever its driver says.
pub(crate) fn has_no_keypad(reader: &str, vendor_product: Option<(u16, u16)>) -> bool {
    LIARS
        .iter()
        .any(|liar| reader.contains(liar.name) || vendor_product == Some(liar.vendor_product))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_liar_is_known_by_its_name_as_systems_give_it_or_by_its_numbers() {
        let omnikey =
            "HID Global OMNIKEY 3x21 Smart Card Reader [OMNIKEY 3x21 Smart Card Reader] 00 00";
        let dell = "Dell Dell Smart Card Reader Keyboard 00 00";
        for reader in [omnikey, "HID Global OMNIKEY 6121 Smart Card Reader 0", dell] {
            assert!(has_no_keypad(reader, None), "{reader}");
        }
        assert!(has_no_keypad("Smart Card Reader 0", Some((0x076B, 0x3031))));
        let honest = "Gemalto PC Pinpad 00 00";
        assert!(!has_no_keypad(honest, None));
        assert!(!has_no_keypad(honest, Some((0x076B, 0x3021))));
    }
}
