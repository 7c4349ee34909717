//! The icons: a card, and a mark whose shape alone tells its condition.

use super::condition::Condition;

/// Sides of the squares, in pixels: panels of usual and of double density.
const SIDES: [u16; 3] = [22, 32, 48];

/// A square picture: ARGB32 in network byte order, line by line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) side: u16,
    pub(crate) argb: Vec<u8>,
}

/// The icon of a condition in each size.
pub(crate) fn pictures(condition: Condition) -> Vec<Picture> {
    let layers = layers(condition);
    SIDES.iter().map(|side| draw(*side, &layers)).collect()
}

/// A colour, and how far a point is from where it is (negative inside), in sides of the picture.
type Layer = ([u8; 3], Box<dyn Fn(f32, f32) -> f32>);

/// Seen on light and dark panels alike.
const GREY: [u8; 3] = [0x8A, 0x90, 0x99];
const BLUE: [u8; 3] = [0x2F, 0x7D, 0xE1];
const GOLD: [u8; 3] = [0xF4, 0xCF, 0x5B];
const ORANGE: [u8; 3] = [0xF0, 0x8C, 0x00];
const RED: [u8; 3] = [0xE0, 0x31, 0x31];
const WHITE: [u8; 3] = [0xFF, 0xFF, 0xFF];
const BLACK: [u8; 3] = [0x1B, 0x1E, 0x23];

/// From the lowest to the highest.
fn layers(condition: Condition) -> Vec<Layer> {
    match condition {
        Condition::NoAgent => vec![
            (GREY, Box::new(outline)),
            (GREY, stroke((0.16, 0.90), (0.84, 0.10), 0.055)),
        ],
        Condition::NoReader => vec![
            (GREY, Box::new(outline)),
            (GREY, stroke((0.37, 0.37), (0.63, 0.63), 0.05)),
            (GREY, stroke((0.63, 0.37), (0.37, 0.63), 0.05)),
        ],
        Condition::NoCard => vec![(GREY, Box::new(outline))],
        Condition::Ready => card(BLUE),
        Condition::Attention => with_mark(
            card(BLUE),
            Box::new(|x, y| triangle(x, y, 0.05)),
            (ORANGE, Box::new(|x, y| triangle(x, y, 0.0))),
            vec![
                (BLACK, stroke((0.70, 0.62), (0.70, 0.76), 0.035)),
                (BLACK, stroke((0.70, 0.87), (0.70, 0.87), 0.038)),
            ],
        ),
        Condition::Blocked => with_mark(
            card(GREY),
            Box::new(|x, y| circle(x, y, 0.33)),
            (RED, Box::new(|x, y| circle(x, y, 0.28))),
            vec![(WHITE, stroke((0.56, 0.69), (0.82, 0.69), 0.06))],
        ),
    }
}

/// A card with its chip.
fn card(colour: [u8; 3]) -> Vec<Layer> {
    vec![
        (colour, Box::new(|x, y| frame(x, y, 0.0))),
        (
            GOLD,
            Box::new(|x, y| rounded(x, y, (0.28, 0.44), (0.11, 0.09), 0.03)),
        ),
    ]
}

/// A mark over the corner of a card, with a gap around it so that its shape stands out.
fn with_mark(
    card: Vec<Layer>,
    gap: Box<dyn Fn(f32, f32) -> f32>,
    mark: Layer,
    signs: Vec<Layer>,
) -> Vec<Layer> {
    let gap = std::rc::Rc::new(gap);
    let cut = card.into_iter().map(|(colour, distance)| -> Layer {
        let gap = std::rc::Rc::clone(&gap);
        (colour, Box::new(move |x, y| distance(x, y).max(-gap(x, y))))
    });
    cut.chain([mark]).chain(signs).collect()
}

/// The border of a card.
fn frame(x: f32, y: f32, inset: f32) -> f32 {
    rounded(x, y, (0.5, 0.5), (0.46 - inset, 0.33 - inset), 0.09)
}

fn outline(x: f32, y: f32) -> f32 {
    frame(x, y, 0.0).max(-frame(x, y, 0.085))
}

fn rounded(x: f32, y: f32, middle: (f32, f32), half: (f32, f32), radius: f32) -> f32 {
    let dx = (x - middle.0).abs() - half.0 + radius;
    let dy = (y - middle.1).abs() - half.1 + radius;
    dx.max(0.0).hypot(dy.max(0.0)) + dx.max(dy).min(0.0) - radius
}

fn circle(x: f32, y: f32, radius: f32) -> f32 {
    (x - 0.69).hypot(y - 0.69) - radius
}

/// Point up, with round corners; `grown` makes it larger.
fn triangle(x: f32, y: f32, grown: f32) -> f32 {
    let (dx, dy) = ((x - 0.70).abs(), y - 0.40);
    let side = dx.mul_add(0.894, -dy * 0.447);
    side.max(y - 0.97) - grown
}

fn stroke(from: (f32, f32), to: (f32, f32), half_width: f32) -> Box<dyn Fn(f32, f32) -> f32> {
    Box::new(move |x, y| {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = dx.mul_add(dx, dy * dy);
        let along = if length > 0.0 {
            ((x - from.0).mul_add(dx, (y - from.1) * dy) / length).clamp(0.0, 1.0)
        } else {
            0.0
        };
        let (px, py) = (along.mul_add(dx, from.0), along.mul_add(dy, from.1));
        (x - px).hypot(y - py) - half_width
    })
}

fn draw(side: u16, layers: &[Layer]) -> Picture {
    let size = f32::from(side);
    let mut argb = Vec::with_capacity(usize::from(side) * usize::from(side) * 4);
    for row in 0..side {
        for column in 0..side {
            let x = (f32::from(column) + 0.5) / size;
            let y = (f32::from(row) + 0.5) / size;
            argb.extend(point(x, y, size, layers));
        }
    }
    Picture { side, argb }
}

/// Alpha, red, green, blue of a point, its edges softened over one pixel.
fn point(x: f32, y: f32, size: f32, layers: &[Layer]) -> [u8; 4] {
    let (mut alpha, mut colour) = (0.0_f32, [0.0_f32; 3]);
    for (ink, distance) in layers {
        let cover = distance(x, y).mul_add(-size, 0.5).clamp(0.0, 1.0);
        let after = (1.0 - alpha).mul_add(cover, alpha);
        if cover <= 0.0 || after <= 0.0 {
            continue;
        }
        for (channel, ink) in colour.iter_mut().zip(ink) {
            let below = *channel * alpha * (1.0 - cover);
            *channel = f32::from(*ink).mul_add(cover, below) / after;
        }
        alpha = after;
    }
    let [red, green, blue] = colour.map(byte);
    [byte(alpha * 255.0), red, green, blue]
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is clamped to a byte"
)]
fn byte(value: f32) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Condition; 6] = [
        Condition::NoAgent,
        Condition::NoReader,
        Condition::NoCard,
        Condition::Ready,
        Condition::Attention,
        Condition::Blocked,
    ];

    /// Where a picture is opaque, and how bright: what an eye sees that sees no colours.
    fn without_colours(picture: &Picture) -> Vec<u8> {
        picture
            .argb
            .chunks_exact(4)
            .map(|pixel| {
                let grey = (u32::from(pixel[1]) + u32::from(pixel[2]) + u32::from(pixel[3])) / 3;
                u8::from(pixel[0] > 127) * if grey > 200 { 2 } else { 1 }
            })
            .collect()
    }

    #[test]
    fn every_two_conditions_differ_by_shape_in_every_size() {
        for (index, one) in ALL.iter().enumerate() {
            for other in &ALL[index + 1..] {
                for (a, b) in pictures(*one).iter().zip(&pictures(*other)) {
                    let pairs = without_colours(a).into_iter().zip(without_colours(b));
                    let different = pairs.filter(|(a, b)| a != b).count();
                    let area = usize::from(a.side) * usize::from(a.side);
                    assert!(different * 40 > area, "{one:?} {other:?}: {different}");
                }
            }
        }
    }

    #[test]
    fn a_picture_has_all_its_pixels_and_its_corners_are_clear() {
        for condition in ALL {
            for picture in pictures(condition) {
                let side = usize::from(picture.side);
                assert_eq!(picture.argb.len(), side * side * 4);
                assert_eq!(picture.argb[0], 0, "{condition:?}");
            }
        }
    }
}
