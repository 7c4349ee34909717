//! The colours of the window, light and dark.

use crate::ui;

/// Colours by what they are for (0xRRGGBB).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Palette {
    pub(crate) ground: u32,
    pub(crate) surface: u32,
    pub(crate) line: u32,
    pub(crate) ink: u32,
    pub(crate) ink_soft: u32,
    pub(crate) header: u32,
    pub(crate) header_ink: u32,
    pub(crate) header_ink_soft: u32,
    pub(crate) chip: u32,
    pub(crate) chip_line: u32,
    pub(crate) test: u32,
    pub(crate) test_ink: u32,
    pub(crate) accent: u32,
    pub(crate) accent_hover: u32,
    pub(crate) accent_ink: u32,
    pub(crate) focus: u32,
    pub(crate) field: u32,
    pub(crate) field_line: u32,
    pub(crate) info: u32,
    pub(crate) info_ink: u32,
    pub(crate) warning: u32,
    pub(crate) warning_ink: u32,
    pub(crate) danger: u32,
    pub(crate) danger_ink: u32,
    pub(crate) done: u32,
    pub(crate) done_ink: u32,
}

impl Palette {
    pub(crate) const fn of(dark: bool) -> &'static Self {
        if dark { &DARK } else { &LIGHT }
    }

    /// Gives the window its colours.
    pub(crate) fn paint(&self, theme: &ui::Theme<'_>) {
        let colour = |colour: u32| slint::Color::from_argb_encoded(0xFF00_0000 | colour);
        theme.set_ground(colour(self.ground));
        theme.set_surface(colour(self.surface));
        theme.set_line(colour(self.line));
        theme.set_ink(colour(self.ink));
        theme.set_ink_soft(colour(self.ink_soft));
        theme.set_header(colour(self.header));
        theme.set_header_ink(colour(self.header_ink));
        theme.set_header_ink_soft(colour(self.header_ink_soft));
        theme.set_chip(colour(self.chip));
        theme.set_chip_line(colour(self.chip_line));
        theme.set_test(colour(self.test));
        theme.set_test_ink(colour(self.test_ink));
        theme.set_accent(colour(self.accent));
        theme.set_accent_hover(colour(self.accent_hover));
        theme.set_accent_ink(colour(self.accent_ink));
        theme.set_focus(colour(self.focus));
        theme.set_field(colour(self.field));
        theme.set_field_line(colour(self.field_line));
        theme.set_info(colour(self.info));
        theme.set_info_ink(colour(self.info_ink));
        theme.set_warning(colour(self.warning));
        theme.set_warning_ink(colour(self.warning_ink));
        theme.set_danger(colour(self.danger));
        theme.set_danger_ink(colour(self.danger_ink));
        theme.set_done(colour(self.done));
        theme.set_done_ink(colour(self.done_ink));
    }
}

const LIGHT: Palette = Palette {
    ground: 0x00F5_F7F9,
    surface: 0x00FF_FFFF,
    line: 0x00D5_DCE3,
    ink: 0x0014_2230,
    ink_soft: 0x004E_5D6C,
    header: 0x000D_3B4F,
    header_ink: 0x00FF_FFFF,
    header_ink_soft: 0x00B9_D3DC,
    chip: 0x00E2_BE6A,
    chip_line: 0x008A_6A1F,
    test: 0x00FB_E0A3,
    test_ink: 0x0059_3B00,
    accent: 0x000B_6E75,
    accent_hover: 0x0008_585E,
    accent_ink: 0x00FF_FFFF,
    focus: 0x0005_6F9E,
    field: 0x00FF_FFFF,
    field_line: 0x0079_8896,
    info: 0x00E4_EFF5,
    info_ink: 0x0017_4A63,
    warning: 0x00FD_EFD0,
    warning_ink: 0x0074_4B00,
    danger: 0x00FB_E3E0,
    danger_ink: 0x00A3_1D14,
    done: 0x00DB_F1E4,
    done_ink: 0x0010_6238,
};

const DARK: Palette = Palette {
    ground: 0x0012_1A21,
    surface: 0x001B_2630,
    line: 0x0034_4350,
    ink: 0x00E9_EFF3,
    ink_soft: 0x00A9_B8C4,
    header: 0x000A_2A39,
    header_ink: 0x00FF_FFFF,
    header_ink_soft: 0x00A3_C4CF,
    chip: 0x00D9_B45B,
    chip_line: 0x006E_5317,
    test: 0x0055_3E0D,
    test_ink: 0x00FB_E0A3,
    accent: 0x003F_B8B8,
    accent_hover: 0x0060_CBCB,
    accent_ink: 0x0006_2427,
    focus: 0x0066_C2F0,
    field: 0x0018_222B,
    field_line: 0x0078_8A99,
    info: 0x0019_3442,
    info_ink: 0x00BF_E0EF,
    warning: 0x0043_3210,
    warning_ink: 0x00FA_D88A,
    danger: 0x004B_1F1D,
    danger_ink: 0x00FF_B4AB,
    done: 0x0016_3D2A,
    done_ink: 0x009C_E2BC,
};

#[cfg(test)]
mod tests {
    use super::*;

    /// Contrast of two colours (WCAG 2.2, "contrast ratio").
    fn contrast(one: u32, other: u32) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// Relative luminance (WCAG 2.2).
    fn luminance(colour: u32) -> f64 {
        let [_, red, green, blue] = colour.to_be_bytes();
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    #[test]
    fn black_on_white_is_the_greatest_contrast() {
        assert!((contrast(0, 0x00FF_FFFF) - 21.0).abs() < 0.001);
        assert!((contrast(0x0077_7777, 0x00FF_FFFF) - 4.478).abs() < 0.01);
    }

    /// WCAG 2.2, 1.4.3 (AA): 4.5 for text.
    #[test]
    fn every_text_is_read_by_weak_eyes() {
        for (name, palette) in [("light", LIGHT), ("dark", DARK)] {
            for (what, ink, grounds) in [
                (
                    "ink",
                    palette.ink,
                    &[palette.ground, palette.surface, palette.field][..],
                ),
                ("soft", palette.ink_soft, &[palette.ground, palette.surface]),
                ("header", palette.header_ink, &[palette.header]),
                ("header, soft", palette.header_ink_soft, &[palette.header]),
                ("test", palette.test_ink, &[palette.test]),
                (
                    "button",
                    palette.accent_ink,
                    &[palette.accent, palette.accent_hover],
                ),
                ("link", palette.focus, &[palette.ground]),
                ("info", palette.info_ink, &[palette.info]),
                ("warning", palette.warning_ink, &[palette.warning]),
                (
                    "danger",
                    palette.danger_ink,
                    &[
                        palette.danger,
                        palette.ground,
                        palette.surface,
                        palette.field,
                    ],
                ),
                ("done", palette.done_ink, &[palette.done]),
            ] {
                for ground in grounds {
                    let contrast = contrast(ink, *ground);
                    assert!(
                        contrast >= 4.5,
                        "{name} {what} on {ground:06x}: {contrast:.2}"
                    );
                }
            }
        }
    }

    /// WCAG 2.2, 1.4.11 (AA): 3 for what shows where a control is, and which has the focus.
    #[test]
    fn every_control_and_its_focus_is_seen_by_weak_eyes() {
        for (name, palette) in [("light", LIGHT), ("dark", DARK)] {
            for (what, ink, grounds) in [
                (
                    "field",
                    palette.field_line,
                    &[palette.ground, palette.field][..],
                ),
                ("focus", palette.focus, &[palette.ground, palette.field]),
                ("dots", palette.ink, &[palette.field]),
                ("button", palette.accent, &[palette.ground]),
            ] {
                for ground in grounds {
                    let contrast = contrast(ink, *ground);
                    assert!(
                        contrast >= 3.0,
                        "{name} {what} on {ground:06x}: {contrast:.2}"
                    );
                }
            }
        }
    }
}
