//! The messages: arrows between two life lines, each with a flag that names it.
//!
//! Several messages often fall into a few milliseconds. Their arrows are set side by side, a thin line leads from each
//! to its true place on the time axis, and their flags hang at different heights so that no pole crosses a label.

use super::layout::{self, Axis, Layout};
use super::svg::{self, Svg, Text};
use super::{INK, INK_SOFT, Message, Picture};

/// The labels and arrows with their places.
pub(super) struct Flags {
    placed: Vec<Placed>,
}

struct Placed {
    /// Of the arrow.
    x: f64,
    /// Of the moment.
    true_x: f64,
    /// Height of the label, counted from the caller's life line.
    row: usize,
    message: Message,
}

impl Flags {
    /// Finds a place for every message, which come in order of time.
    pub(super) fn place(messages: &[Message], axis: &Axis) -> Self {
        let mut placed: Vec<Placed> = Vec::with_capacity(messages.len());
        for message in messages {
            let true_x = axis.x(message.at);
            let x = placed.last().map_or(true_x, |last| true_x.max(last.x + APART));
            placed.push(Placed { x, true_x, row: 0, message: message.clone() });
        }
        // What was pushed over the right edge moves back to the left.
        let mut edge = layout::RIGHT + 8.0;
        for flag in placed.iter_mut().rev() {
            flag.x = flag.x.min(edge);
            edge = flag.x - APART;
        }
        // From the right: a label has to be above every pole that it passes.
        for index in (0..placed.len()).rev() {
            let end = placed[index].x + INDENT + placed[index].width() + 8.0;
            let passed = placed[index + 1..].iter().take_while(|flag| flag.x < end);
            placed[index].row = passed.map(|flag| flag.row + 1).max().unwrap_or(0);
        }
        Self { placed }
    }

    /// What the labels take above the caller's life line.
    pub(super) fn height(&self) -> f64 {
        let rows = self.placed.iter().map(|flag| flag.row + 1).max().unwrap_or(1);
        rows as f64 * ROW + 4.0
    }

    pub(super) fn draw(&self, svg: &mut Svg, picture: &Picture, layout: &Layout) {
        for (y, name) in [(layout.caller, &picture.caller), (layout.called, &picture.called)] {
            svg.line(layout::LEFT - 8.0, y, layout::RIGHT + 14.0, y, "#cbd5e1", 2.0);
            svg.text(layout::LEFT - 14.0, y + 4.5, name, Text::body().bold().anchor_end());
        }
        if let Some(media) = &picture.media {
            draw_media(svg, media, &Axis::new(picture.seconds), layout);
        }
        for flag in &self.placed {
            flag.draw(svg, layout);
        }
    }
}

impl Placed {
    fn width(&self) -> f64 {
        svg::width_of(&self.message.label, &LABEL) + svg::width_of(&self.remark(), &REMARK) + 7.0
    }

    /// What stands behind the name: the remark and the time.
    fn remark(&self) -> String {
        let at = self.message.at;
        let time = if at < 1.0 { format!("{:.0} ms", at * 1000.0) } else { format!("{at:.2} s") };
        if self.message.remark.is_empty() { time } else { format!("{} · {time}", self.message.remark) }
    }

    fn draw(&self, svg: &mut Svg, layout: &Layout) {
        let colour = self.message.kind.colour();
        let (x, top, bottom) = (self.x, layout.caller, layout.called);
        let label_y = top - 10.0 - self.row as f64 * ROW;

        // To its moment on the time axis.
        svg.polyline(
            &[(x, bottom), (x, bottom + 3.0), (self.true_x, layout.strip - 2.0), (self.true_x, layout.strip)],
            "#94a3b8",
            0.8,
        );
        // The pole and the label.
        svg.line(x, top, x, label_y - 8.0, colour, 1.0);
        svg.text_and_remark(
            x + INDENT,
            label_y,
            &self.message.label,
            LABEL.fill(colour),
            &self.remark(),
            REMARK,
        );
        // The arrow.
        svg.line(x, top, x, bottom, colour, 1.6);
        let (tip, back) = if self.message.from_caller { (bottom, -8.0) } else { (top, 8.0) };
        svg.polygon(&[(x, tip), (x - 3.6, tip + back), (x + 3.6, tip + back)], colour);
    }
}

/// The flow of RTP between the life lines.
fn draw_media(svg: &mut Svg, media: &super::Note, axis: &Axis, layout: &Layout) {
    let (x, width) = axis.span(media.from, media.to);
    let middle = f64::midpoint(layout.caller, layout.called);
    svg.rounded(x, middle - 11.0, width, 22.0, 3.0, "#eef2ff", None);
    let style = Text::small().fill("#4f46e5").anchor_middle();
    if svg::width_of(&media.text, &style) + 80.0 <= width {
        svg.text(x + width / 2.0, middle + 4.0, &media.text, style);
    }
}

const LABEL: Text = Text::body().bold().fill(INK);
const REMARK: Text = Text::small().fill(INK_SOFT);
/// Between neighbouring arrows.
const APART: f64 = 11.0;
/// From the pole to its label.
const INDENT: f64 = 5.0;
const ROW: f64 = 17.0;

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::*;

    fn at(times: &[f64]) -> Vec<Message> {
        let message = |&at| Message {
            at,
            from_caller: true,
            label: "ACK".into(),
            remark: "".into(),
            kind: Kind::Request,
        };
        times.iter().map(message).collect()
    }

    #[test]
    fn labels_of_messages_at_one_moment_hang_at_different_heights() {
        let flags = Flags::place(&at(&[0.0, 0.0, 0.0]), &Axis::new(10.0));
        assert_eq!(flags.placed.iter().map(|flag| flag.row).collect::<Vec<_>>(), [2, 1, 0]);
    }

    #[test]
    fn arrows_keep_their_order_and_distance_at_the_end_of_the_call() {
        let flags = Flags::place(&at(&[9.9, 10.0, 10.0, 10.0]), &Axis::new(10.0));
        for pair in flags.placed.windows(2) {
            assert!(pair[1].x - pair[0].x >= APART - 1e-9);
        }
        assert!(flags.placed.last().is_some_and(|flag| flag.x <= layout::RIGHT + 8.0));
    }

    #[test]
    fn messages_far_apart_share_the_lowest_row() {
        let flags = Flags::place(&at(&[0.0, 5.0, 9.0]), &Axis::new(10.0));
        assert!(flags.placed.iter().all(|flag| flag.row == 0));
    }
}
