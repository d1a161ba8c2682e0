//! Just enough SVG: shapes, text, and an embedded image.

use std::fmt::Write as _;

/// A document that grows.
pub(super) struct Svg {
    text: String,
}

/// How text looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text {
    size: f64,
    weight: u16,
    fill: &'static str,
    anchor: &'static str,
    family: Family,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Sans,
    Mono,
}

impl Text {
    pub(super) const fn title() -> Self {
        Self { size: 19.0, weight: 700, ..Self::body() }
    }

    pub(super) const fn body() -> Self {
        Self { size: 12.5, weight: 400, fill: super::INK, anchor: "start", family: Family::Sans }
    }

    pub(super) const fn small() -> Self {
        Self { size: 11.0, ..Self::body() }
    }

    pub(super) const fn code() -> Self {
        Self { size: 11.5, family: Family::Mono, ..Self::body() }
    }

    pub(super) const fn bold(self) -> Self {
        Self { weight: 600, ..self }
    }

    pub(super) const fn fill(self, fill: &'static str) -> Self {
        Self { fill, ..self }
    }

    pub(super) const fn anchor_middle(self) -> Self {
        Self { anchor: "middle", ..self }
    }

    pub(super) const fn anchor_end(self) -> Self {
        Self { anchor: "end", ..self }
    }
}

/// About how wide the text will be: fonts differ from machine to machine, so this is on the safe side.
pub(super) fn width_of(text: &str, style: &Text) -> f64 {
    let per_character = match style.family {
        Family::Mono => 0.62,
        Family::Sans if style.weight >= 600 => 0.62,
        Family::Sans => 0.56,
    };
    text.chars().count() as f64 * per_character * style.size
}

impl Svg {
    /// `about` is what a screen reader says.
    pub(super) fn new(width: f64, height: f64, about: &str) -> Self {
        let mut text = String::with_capacity(64 << 10);
        // Writing to a String cannot fail, here and below.
        let _ = write!(
            text,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
             height=\"{height:.0}\" role=\"img\">\n<title>"
        );
        escape(&mut text, about);
        text.push_str("</title>\n<g>\n");
        Self { text }
    }

    pub(super) fn finish(mut self) -> String {
        self.text.push_str("</g>\n</svg>\n");
        self.text
    }

    pub(super) fn rect(&mut self, x: f64, y: f64, width: f64, height: f64, fill: &str) {
        let _ = writeln!(
            self.text,
            "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" height=\"{height:.2}\" fill=\"{fill}\"/>"
        );
    }

    #[expect(clippy::too_many_arguments, reason = "place, size and colours of one shape")]
    pub(super) fn rounded(
        &mut self,
        x: f64,
        y: f64,
        width: f64,
        height: f64,
        radius: f64,
        fill: &str,
        stroke: Option<&str>,
    ) {
        let stroke = stroke.unwrap_or("none");
        let _ = writeln!(
            self.text,
            "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" height=\"{height:.2}\" rx=\"{radius}\" \
             fill=\"{fill}\" stroke=\"{stroke}\"/>"
        );
    }

    pub(super) fn line(&mut self, x1: f64, y1: f64, x2: f64, y2: f64, stroke: &str, width: f64) {
        let _ = writeln!(
            self.text,
            "<line x1=\"{x1:.2}\" y1=\"{y1:.2}\" x2=\"{x2:.2}\" y2=\"{y2:.2}\" stroke=\"{stroke}\" \
             stroke-width=\"{width}\"/>"
        );
    }

    pub(super) fn dashed(&mut self, x1: f64, y1: f64, x2: f64, y2: f64, stroke: &str) {
        let _ = writeln!(
            self.text,
            "<line x1=\"{x1:.2}\" y1=\"{y1:.2}\" x2=\"{x2:.2}\" y2=\"{y2:.2}\" stroke=\"{stroke}\" \
             stroke-width=\"1\" stroke-dasharray=\"3 3\"/>"
        );
    }

    pub(super) fn polyline(&mut self, points: &[(f64, f64)], stroke: &str, width: f64) {
        self.text.push_str("<polyline points=\"");
        self.points(points);
        let _ = writeln!(self.text, "\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{width}\"/>");
    }

    pub(super) fn polygon(&mut self, points: &[(f64, f64)], fill: &str) {
        self.text.push_str("<polygon points=\"");
        self.points(points);
        let _ = writeln!(self.text, "\" fill=\"{fill}\"/>");
    }

    pub(super) fn text(&mut self, x: f64, y: f64, words: &str, style: Text) {
        self.begin_text(x, y, style);
        escape(&mut self.text, words);
        self.text.push_str("</text>\n");
    }

    /// Words and, right behind them wherever they end, a remark in another style.
    pub(super) fn text_and_remark(
        &mut self,
        x: f64,
        y: f64,
        words: &str,
        style: Text,
        remark: &str,
        behind: Text,
    ) {
        self.begin_text(x, y, style);
        escape(&mut self.text, words);
        let _ = write!(
            self.text,
            "<tspan dx=\"7\" font-size=\"{}\" font-weight=\"{}\" fill=\"{}\">",
            behind.size, behind.weight, behind.fill
        );
        escape(&mut self.text, remark);
        self.text.push_str("</tspan></text>\n");
    }

    fn begin_text(&mut self, x: f64, y: f64, style: Text) {
        let family = match style.family {
            Family::Sans => "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif",
            Family::Mono => "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace",
        };
        let _ = write!(
            self.text,
            "<text x=\"{x:.2}\" y=\"{y:.2}\" font-family=\"{family}\" font-size=\"{}\" font-weight=\"{}\" \
             fill=\"{}\" text-anchor=\"{}\">",
            style.size, style.weight, style.fill, style.anchor
        );
    }

    /// An image inside the document.
    pub(super) fn png(&mut self, x: f64, y: f64, width: f64, height: f64, png: &[u8]) {
        let _ = write!(
            self.text,
            "<image x=\"{x:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" height=\"{height:.2}\" \
             preserveAspectRatio=\"none\" href=\"data:image/png;base64,"
        );
        base64(&mut self.text, png);
        self.text.push_str("\"/>\n");
    }

    fn points(&mut self, points: &[(f64, f64)]) {
        for (x, y) in points {
            let _ = write!(self.text, "{x:.1},{y:.1} ");
        }
    }
}

fn escape(text: &mut String, words: &str) {
    for character in words.chars() {
        match character {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            // XML 1.0 has no way to write other control characters.
            other if other.is_control() => text.push(' '),
            other => text.push(other),
        }
    }
}

/// RFC 4648 section 4.
fn base64(text: &mut String, bytes: &[u8]) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    text.reserve(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for position in 0..4 {
            if position <= chunk.len() {
                text.push(char::from(ALPHABET[(group >> (18 - 6 * position) & 63) as usize]));
            } else {
                text.push('=');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of RFC 4648 section 10.
    #[test]
    fn base64_is_padded() {
        for (bytes, expected) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            let mut text = String::new();
            base64(&mut text, bytes.as_bytes());
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn text_cannot_break_the_document() {
        let mut text = String::new();
        escape(&mut text, "</text><script>\u{0}&\"");
        assert_eq!(text, "&lt;/text&gt;&lt;script&gt; &amp;&quot;");
    }
}
