//! From plain text or an SSML fragment to what is spoken (FP-18 to FP-20).

use std::fmt;
use std::time::Duration;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::text::{self, Reading};
use super::{Prosody, Voice};

/// What to say, with the markup resolved.
///
/// Understood are `speak`, `p`, `s`, `break`, `prosody`, `say-as`, `sub`, `emphasis`, `phoneme`, `lang`, `voice` and
/// `acu-engine` (FP-18). Other elements are spoken without their markup. Text that is no well-formed markup, a bare `<`
/// or `&` included, is spoken as it stands (FP-20). Each comes with a warning for the log.
///
/// ```
/// use offhook_media::speech::{Script, Voice};
///
/// let script = Script::parse("Press <say-as interpret-as='digits'>42</say-as> &amp; wait.", Voice::EnGb);
/// assert_eq!(script.text(), "Press 4 2 & wait.");
/// assert!(script.warnings().is_empty());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    parts: Vec<Part>,
    warnings: Vec<MarkupWarning>,
}

impl Script {
    /// Reads plain text or an SSML fragment; `voice` speaks where the text does not ask for another.
    pub fn parse(text: &str, voice: Voice) -> Self {
        if !text.contains(['<', '&']) {
            return Self::plain(text, voice, Vec::new());
        }
        match Builder::new(voice).read(text) {
            Ok(script) => script,
            Err(reason) => Self::plain(text, voice, vec![MarkupWarning::Malformed { reason }]),
        }
    }

    /// The parts in the order in which they are spoken.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// What in the markup was not followed.
    pub fn warnings(&self) -> &[MarkupWarning] {
        &self.warnings
    }

    /// The words alone.
    pub fn text(&self) -> String {
        let words = self.parts.iter().filter_map(|part| match part {
            Part::Speech { text, .. } => Some(text.as_str()),
            Part::Pause(_) => None,
        });
        let mut text = String::new();
        for part in words {
            // A part that begins with punctuation belongs to the word before it.
            if !text.is_empty() && !part.starts_with(['.', ',', ';', ':', '!', '?']) {
                text.push(' ');
            }
            text.push_str(part);
        }
        text
    }

    pub(super) fn into_warnings(self) -> Vec<MarkupWarning> {
        self.warnings
    }

    fn plain(text: &str, voice: Voice, warnings: Vec<MarkupWarning>) -> Self {
        let text = one_line(text);
        let speech = Part::Speech { text, voice, prosody: Prosody::PLAIN };
        Self { parts: vec![speech], warnings }
    }
}

/// A part of what is said.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// Words in one voice and one manner.
    Speech {
        /// The words, without markup.
        text: String,
        /// Who speaks them.
        voice: Voice,
        /// How.
        prosody: Prosody,
    },
    /// Nothing for a time.
    Pause(Duration),
}

/// Markup that was not followed as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MarkupWarning {
    /// The text is no well-formed markup; it was spoken as plain text.
    Malformed {
        /// What is wrong with it.
        reason: String,
    },
    /// An element that is not understood; its text was spoken.
    UnknownElement {
        /// Its name.
        name: String,
    },
    /// An engine or a voice that does not exist; the default voice spoke (FP-19).
    UnknownVoice {
        /// The element that asked for it.
        element: String,
        /// The name that it gave.
        name: String,
    },
    /// `acu-engine` inside another element; it was ignored (FP-19).
    EngineNotOutermost,
    /// A value that is not understood; it was ignored.
    UnknownValue {
        /// The element.
        element: String,
        /// Its attribute.
        attribute: &'static str,
        /// The value.
        value: String,
    },
    /// A pronunciation; the text of the element was spoken.
    Pronunciation,
}

impl fmt::Display for MarkupWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { reason } => write!(f, "malformed markup is spoken as plain text: {reason}"),
            Self::UnknownElement { name } => {
                write!(f, "element {name:?} is not understood, its text is spoken")
            }
            Self::UnknownVoice { element, name } => {
                write!(f, "{element} {name:?} is not known, the default voice speaks")
            }
            Self::EngineNotOutermost => f.write_str("acu-engine is not the outermost element and is ignored"),
            Self::UnknownValue { element, attribute, value } => {
                write!(f, "{attribute} {value:?} of {element} is not understood and is ignored")
            }
            Self::Pronunciation => {
                f.write_str("the pronunciation of phoneme is not used, its text is spoken")
            }
        }
    }
}

/// How the text inside an element is spoken.
#[derive(Clone, Copy, PartialEq)]
struct Style {
    voice: Voice,
    /// Factors; they multiply as elements nest.
    speed: f64,
    pitch: f64,
    volume: f64,
    reading: Reading,
    /// Inside `sub`: the text has been replaced.
    replaced: bool,
}

impl Style {
    fn prosody(&self) -> Prosody {
        // The casts saturate.
        let percent = |factor: f64| (factor * 100.0).round() as u16;
        Prosody {
            speed_percent: percent(self.speed),
            pitch_percent: percent(self.pitch),
            volume_percent: percent(self.volume),
        }
    }
}

struct Builder {
    default_voice: Voice,
    /// The elements that are open: the style outside of each, and the pause after it.
    open: Vec<(Style, Option<Duration>)>,
    style: Style,
    text: String,
    script: Script,
}

impl Builder {
    fn new(voice: Voice) -> Self {
        let style =
            Style { voice, speed: 1.0, pitch: 1.0, volume: 1.0, reading: Reading::Plain, replaced: false };
        let script = Script { parts: Vec::new(), warnings: Vec::new() };
        Self { default_voice: voice, open: Vec::new(), style, text: String::new(), script }
    }

    /// Reads the whole fragment; an error says why it is no markup.
    fn read(mut self, fragment: &str) -> Result<Script, String> {
        let mut reader = Reader::from_str(fragment);
        loop {
            match reader.read_event().map_err(|error| error.to_string())? {
                Event::Start(element) => self.open(&element)?,
                Event::End(_) => self.close(),
                Event::Empty(element) => {
                    self.open(&element)?;
                    self.close();
                }
                Event::Text(text) => self.say(&text.xml10_content()),
                Event::CData(text) => self.say(&text.xml10_content()),
                Event::GeneralRef(reference) => {
                    if let Some(character) =
                        reference.resolve_char_ref().map_err(|error| error.to_string())?
                    {
                        self.say(character.encode_utf8(&mut [0; 4]));
                    } else {
                        let name = reference.xml10_content();
                        let resolved = quick_xml::escape::resolve_xml_entity(&name);
                        self.say(resolved.ok_or_else(|| format!("entity {name:?} is not defined"))?);
                    }
                }
                Event::Comment(_) | Event::PI(_) | Event::Decl(_) | Event::DocType(_) => {}
                Event::Eof => break,
            }
        }
        if !self.open.is_empty() {
            return Err("an element is not closed".to_owned());
        }
        self.flush();
        Ok(self.script)
    }

    fn say(&mut self, text: &str) {
        if !self.style.replaced {
            self.text.push_str(text);
        }
    }

    fn open(&mut self, element: &BytesStart<'_>) -> Result<(), String> {
        if self.open.len() >= DEEPEST {
            return Err(format!("more than {DEEPEST} elements inside each other"));
        }
        let name = element.local_name().as_ref().to_owned();
        let outermost = self.open.is_empty() && self.text.trim().is_empty() && self.script.parts.is_empty();
        let mut style = self.style;
        let mut pause_after = None;
        match name.as_str() {
            "speak" => self.language(element, &mut style)?,
            "p" | "paragraph" => {
                self.language(element, &mut style)?;
                self.flush();
                pause_after = Some(AFTER_PARAGRAPH);
            }
            "s" | "sentence" => {
                self.language(element, &mut style)?;
                self.flush();
                pause_after = Some(AFTER_SENTENCE);
            }
            "break" => self.pause(element)?,
            "prosody" => {
                self.factor(element, "rate", text::rate, &mut style.speed)?;
                self.factor(element, "pitch", text::pitch, &mut style.pitch)?;
                self.factor(element, "volume", text::volume, &mut style.volume)?;
            }
            "emphasis" => {
                let level = attribute(element, "level")?.unwrap_or_else(|| "moderate".to_owned());
                let (speed, pitch, volume) = match level.as_str() {
                    "strong" => (0.85, 1.1, 1.25),
                    "moderate" => (0.92, 1.05, 1.1),
                    "reduced" => (1.1, 0.97, 0.8),
                    "none" => (1.0, 1.0, 1.0),
                    _ => {
                        self.unknown_value(&name, "level", level);
                        (1.0, 1.0, 1.0)
                    }
                };
                style.speed *= speed;
                style.pitch *= pitch;
                style.volume *= volume;
            }
            "say-as" => {
                if let Some(kind) = attribute(element, "interpret-as")? {
                    match Reading::named(&kind) {
                        Some(reading) => style.reading = reading,
                        None => self.unknown_value(&name, "interpret-as", kind),
                    }
                }
            }
            "sub" => {
                if let Some(alias) = attribute(element, "alias")? {
                    self.say(&alias);
                    style.replaced = true;
                }
            }
            "phoneme" => self.script.warnings.push(MarkupWarning::Pronunciation),
            "lang" => self.language(element, &mut style)?,
            "voice" => {
                self.language(element, &mut style)?;
                if let Some(wanted) = attribute(element, "name")? {
                    style.voice = self.voice(&name, &wanted);
                }
            }
            "acu-engine" if outermost => {
                if let Some(engine) = attribute(element, "name")?
                    && !ENGINES.contains(&engine.to_ascii_lowercase().as_str())
                {
                    self.script.warnings.push(MarkupWarning::UnknownVoice { element: name, name: engine });
                }
                if let Some(wanted) = attribute(element, "voice")? {
                    style.voice = self.voice("acu-engine", &wanted);
                }
            }
            "acu-engine" => self.script.warnings.push(MarkupWarning::EngineNotOutermost),
            _ => self.script.warnings.push(MarkupWarning::UnknownElement { name }),
        }
        self.open.push((self.style, pause_after));
        self.restyle(style);
        Ok(())
    }

    fn close(&mut self) {
        // The reader has checked that ends match beginnings.
        if let Some((style, pause_after)) = self.open.pop() {
            if let Some(pause) = pause_after {
                self.flush();
                self.push_pause(pause);
            }
            self.restyle(style);
        }
    }

    /// The manner changes here: what was said so far was said in the old one.
    fn restyle(&mut self, style: Style) {
        let only_replaced = Style { replaced: style.replaced, ..self.style } == style;
        if !only_replaced {
            self.flush();
        }
        self.style = style;
    }

    fn flush(&mut self) {
        let text = one_line(&self.style.reading.apply(&self.text));
        self.text.clear();
        if text.is_empty() {
            return;
        }
        let (voice, prosody) = (self.style.voice, self.style.prosody());
        match self.script.parts.last_mut() {
            Some(Part::Speech { text: before, voice: same_voice, prosody: same_prosody })
                if *same_voice == voice && *same_prosody == prosody =>
            {
                if !text.starts_with(['.', ',', ';', ':', '!', '?']) {
                    before.push(' ');
                }
                before.push_str(&text);
            }
            _ => self.script.parts.push(Part::Speech { text, voice, prosody }),
        }
    }

    fn pause(&mut self, element: &BytesStart<'_>) -> Result<(), String> {
        let time = attribute(element, "time")?;
        let strength = attribute(element, "strength")?;
        let pause = match (time, strength) {
            (Some(time), _) => match text::duration(&time) {
                Some(duration) if duration <= LONGEST_PAUSE => Some(duration),
                found => {
                    self.unknown_value("break", "time", time);
                    found.map(|_| LONGEST_PAUSE)
                }
            },
            (None, Some(strength)) => {
                let pause = text::strength(&strength);
                if pause.is_none() {
                    self.unknown_value("break", "strength", strength);
                }
                pause
            }
            (None, None) => text::strength("medium"),
        };
        self.flush();
        if let Some(pause) = pause {
            self.push_pause(pause);
        }
        Ok(())
    }

    fn push_pause(&mut self, pause: Duration) {
        // A paragraph's end that is also a sentence's end is one pause, the longer one; nothing needs one before it.
        match self.script.parts.last_mut() {
            _ if pause.is_zero() => {}
            Some(Part::Pause(before)) => *before = (*before).max(pause),
            _ => self.script.parts.push(Part::Pause(pause)),
        }
    }

    fn factor(
        &mut self,
        element: &BytesStart<'_>,
        name: &'static str,
        read: impl Fn(&str) -> Option<f64>,
        factor: &mut f64,
    ) -> Result<(), String> {
        if let Some(value) = attribute(element, name)? {
            match read(value.trim()) {
                Some(change) => *factor *= change,
                None => self.unknown_value("prosody", name, value),
            }
        }
        Ok(())
    }

    fn language(&mut self, element: &BytesStart<'_>, style: &mut Style) -> Result<(), String> {
        if let Some(language) = attribute(element, "xml:lang")? {
            // A voice that speaks this variety of the language need not be changed for a less special name of it.
            let speaks = |voice: Voice| voice.language().split('-').next() == Some(language.as_str());
            if !speaks(style.voice) {
                let element = element.local_name().as_ref().to_owned();
                style.voice = self.voice(&element, &language);
            }
        }
        Ok(())
    }

    fn voice(&mut self, element: &str, name: &str) -> Voice {
        name.parse().unwrap_or_else(|_| {
            let (element, name) = (element.to_owned(), name.to_owned());
            self.script.warnings.push(MarkupWarning::UnknownVoice { element, name });
            self.default_voice
        })
    }

    fn unknown_value(&mut self, element: &str, attribute: &'static str, value: String) {
        let element = element.to_owned();
        self.script.warnings.push(MarkupWarning::UnknownValue { element, attribute, value });
    }
}

/// Elements inside each other, at most.
const DEEPEST: usize = 64;
/// What a single `break` may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
const AFTER_SENTENCE: Duration = Duration::from_millis(150);
const AFTER_PARAGRAPH: Duration = Duration::from_millis(400);
/// The names of the engine that is built in.
const ENGINES: [&str; 3] = ["default", "pico", "svox"];

fn attribute(element: &BytesStart<'_>, name: &str) -> Result<Option<String>, String> {
    for attribute in element.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        if attribute.key.as_ref() == name {
            let value =
                attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
            return Ok(Some(value.into_owned()));
        }
    }
    Ok(None)
}

/// Text with every run of white space made one blank.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
