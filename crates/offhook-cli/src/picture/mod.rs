//! A call as a picture: the ladder of its messages above the waveform and the spectrogram of what the caller heard, on
//! one time axis, with the states of the call as coloured bands. The result is one SVG file without references to
//! anything outside.

mod ladder;
mod layout;
mod spectrogram;
mod svg;
mod waveform;

use offhook::media::Sound;

use self::layout::{Axis, Layout};
use self::svg::{Svg, Text};

/// What is drawn. All times are seconds from the first message.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    pub(crate) title: String,
    pub(crate) subtitle: String,
    /// Names of the two ends: who calls, who is called.
    pub(crate) caller: String,
    pub(crate) called: String,
    pub(crate) messages: Vec<Message>,
    pub(crate) bands: Vec<Band>,
    pub(crate) notes: Vec<Note>,
    /// When RTP flowed to the caller, and what to call it.
    pub(crate) media: Option<Note>,
    /// What the caller heard, from second 0.
    pub(crate) sound: Sound,
    pub(crate) seconds: f64,
}

/// One message of the ladder.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) at: f64,
    pub(crate) from_caller: bool,
    /// `INVITE` or `183 Session Progress`.
    pub(crate) label: String,
    /// What is worth knowing about it, for example `SDP`.
    pub(crate) remark: String,
    pub(crate) kind: Kind,
}

/// What colour a message has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Request,
    Provisional,
    Success,
    Failure,
}

impl Kind {
    fn colour(self) -> &'static str {
        match self {
            Self::Request => "#1d4ed8",
            Self::Provisional => "#b45309",
            Self::Success => "#15803d",
            Self::Failure => "#b91c1c",
        }
    }
}

/// A stretch of time in one state of the call.
#[derive(Debug, Clone)]
pub(crate) struct Band {
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) name: String,
    pub(crate) hue: Hue,
}

/// The colours of the bands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hue {
    Quiet,
    Ringing,
    Answered,
}

impl Hue {
    /// Of the strip with the name, of the ground behind it, and of the name.
    fn colours(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Quiet => ("#e2e8f0", "#ffffff", "#475569"),
            Self::Ringing => ("#fcd9a0", "#fff8ec", "#7c3f00"),
            Self::Answered => ("#b5e4c3", "#f1fbf4", "#14532d"),
        }
    }
}

/// A bracket with words over a stretch of time.
#[derive(Debug, Clone)]
pub(crate) struct Note {
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) text: String,
}

impl Picture {
    /// The picture as an SVG document.
    pub(crate) fn to_svg(&self) -> String {
        let axis = Axis::new(self.seconds);
        let flags = ladder::Flags::place(&self.messages, &axis);
        let layout = Layout::new(flags.height());
        let mut svg = Svg::new(layout::WIDTH, layout.height, &format!("{}. {}", self.title, self.subtitle));

        svg.rounded(0.5, 0.5, layout::WIDTH - 1.0, layout.height - 1.0, 10.0, INK_PAPER, Some(INK_FRAME));
        svg.text(layout::LEFT, layout.title, &self.title, Text::title());
        svg.text(layout::LEFT, layout.subtitle, &self.subtitle, Text::body().fill(INK_SOFT));

        self.draw_bands(&mut svg, &axis, &layout);
        flags.draw(&mut svg, self, &layout);
        self.draw_notes(&mut svg, &axis, &layout);
        waveform::draw(&mut svg, &self.sound, &axis, &layout);
        spectrogram::draw(&mut svg, &self.sound, &axis, &layout);
        self.draw_boundaries(&mut svg, &axis, &layout);
        axis.draw(&mut svg, &layout);
        svg.finish()
    }

    fn draw_bands(&self, svg: &mut Svg, axis: &Axis, layout: &Layout) {
        for band in &self.bands {
            let (x, width) = axis.span(band.from, band.to);
            let (strip, ground, ink) = band.hue.colours();
            svg.rect(
                x,
                layout.strip + layout::STRIP,
                width,
                layout.spectrogram - layout.strip - layout::STRIP,
                ground,
            );
            svg.rect(x, layout.strip, width, layout::STRIP, strip);
            let style = Text::code().bold().fill(ink).anchor_middle();
            if svg::width_of(&band.name, &style) + 6.0 <= width {
                svg.text(x + width / 2.0, layout.strip + layout::STRIP / 2.0 + 4.0, &band.name, style);
            }
        }
    }

    /// What was heard, over the waveform.
    fn draw_notes(&self, svg: &mut Svg, axis: &Axis, layout: &Layout) {
        let y = layout.notes;
        let mut free_from = layout::LEFT;
        for note in &self.notes {
            let (x, width) = axis.span(note.from, note.to);
            svg.polyline(&[(x, y + 5.0), (x, y), (x + width, y), (x + width, y + 5.0)], INK_SOFT, 1.0);
            let style = Text::body().anchor_middle().fill(INK);
            let most = layout::WIDTH - 10.0;
            let text = shortened(&note.text, most - free_from, &style);
            let half = svg::width_of(&text, &style) / 2.0;
            let middle = (x + width / 2.0).min(most - half).max(free_from + half);
            free_from = middle + half + 10.0;
            svg.text(middle, y - 7.0, &text, style);
        }
    }

    /// The edges of the states, thin enough not to hide what lies below.
    fn draw_boundaries(&self, svg: &mut Svg, axis: &Axis, layout: &Layout) {
        for pair in self.bands.windows(2) {
            let x = axis.x(pair[0].to);
            // The first state may be over before the line would leave the edge.
            if x < layout::LEFT + 3.0 {
                continue;
            }
            svg.dashed(x, layout.strip, x, layout.waveform + layout::WAVEFORM, "#94a3b8");
            svg.dashed(x, layout.spectrogram, x, layout.spectrogram + layout::SPECTROGRAM, "#ffffff");
        }
    }
}

/// The words, or as many characters of them as fit.
fn shortened(words: &str, room: f64, style: &Text) -> String {
    let fits = |text: &str| svg::width_of(text, style) <= room;
    if fits(words) {
        return words.to_owned();
    }
    let mut text: Vec<char> = words.chars().collect();
    while text.pop().is_some() {
        let shorter: String = text.iter().copied().chain(['…']).collect();
        if fits(&shorter) {
            return shorter;
        }
    }
    String::new()
}

const INK: &str = "#0f172a";
const INK_SOFT: &str = "#64748b";
const INK_FRAME: &str = "#e2e8f0";
const INK_PAPER: &str = "#ffffff";

#[cfg(test)]
mod tests {
    use super::*;

    fn call() -> Picture {
        let message = |at, from_caller, label: &str, kind| Message {
            at,
            from_caller,
            label: label.into(),
            remark: String::new(),
            kind,
        };
        Picture {
            title: "A & B <call>".into(),
            subtitle: "5 s".into(),
            caller: "caller".into(),
            called: "offhook".into(),
            messages: vec![
                message(0.0, true, "INVITE", Kind::Request),
                message(0.001, false, "100 Trying", Kind::Provisional),
                message(0.004, false, "183 Session Progress", Kind::Provisional),
                message(3.0, false, "200 OK", Kind::Success),
                message(3.001, true, "ACK", Kind::Request),
                message(5.0, false, "BYE", Kind::Request),
            ],
            bands: vec![
                Band { from: 0.004, to: 3.0, name: "RING_INCOMING".into(), hue: Hue::Ringing },
                Band { from: 3.0, to: 5.0, name: "ANSWERED".into(), hue: Hue::Answered },
            ],
            notes: vec![Note { from: 0.1, to: 2.9, text: "425 Hz".into() }],
            media: Some(Note { from: 0.01, to: 5.0, text: "RTP".into() }),
            sound: Sound::new(
                8000,
                (0..40000).map(|i| ((f64::from(i) * 0.3).sin() * 9000.0) as i16).collect(),
            ),
            seconds: 5.0,
        }
    }

    #[test]
    fn the_picture_is_one_document_without_references() {
        let svg = call().to_svg();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
        assert!(svg.contains("A &amp; B &lt;call&gt;"), "text is escaped");
        assert!(svg.contains("data:image/png;base64,"), "the spectrogram is inside");
        for outside in ["href=\"http", "url(http", "@import", "<script"] {
            assert!(!svg.contains(outside), "{outside}");
        }
        assert_eq!(svg.matches("<g").count(), svg.matches("</g>").count());
    }

    #[test]
    fn every_message_has_its_label() {
        let svg = call().to_svg();
        for label in ["INVITE", "100 Trying", "183 Session Progress", "200 OK", "ACK", "BYE"] {
            assert!(svg.contains(label), "{label}");
        }
    }

    #[test]
    fn a_call_without_messages_or_sound_can_be_drawn() {
        let empty = Picture {
            messages: Vec::new(),
            bands: Vec::new(),
            notes: Vec::new(),
            media: None,
            sound: Sound::new(8000, Vec::new()),
            seconds: 0.0,
            ..call()
        };
        let svg = empty.to_svg();
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
}
