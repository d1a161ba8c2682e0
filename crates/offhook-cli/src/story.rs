//! The story of one call as its caller saw and heard it: what `offhook call` and `offhook demo` print and draw.

use std::time::Duration;

use offhook::caller::{Heard, LadderDirection, LadderEntry, OutCall};
use offhook::media::{Sound, StreamStats};

use crate::hearing::{Passage, passages_between};
use crate::picture::{Band, Hue, Kind, Message, Note, Picture};

/// A call that is over.
pub(crate) struct Story {
    pub(crate) ladder: Vec<LadderEntry>,
    pub(crate) heard: Heard,
    /// What was heard, from the INVITE on.
    pub(crate) sound: Sound,
    pub(crate) passages: Vec<Passage>,
    pub(crate) stats: Option<StreamStats>,
}

/// The words of the picture.
pub(crate) struct Words<'a> {
    /// What the three stretches of the call are called.
    pub(crate) before: &'a str,
    pub(crate) ringing: &'a str,
    pub(crate) answered: &'a str,
    /// What stands before the frequencies of a tone.
    pub(crate) tone: &'a str,
    /// What is said in the passages that are speech, in order, as far as it is known.
    pub(crate) spoken: &'a [&'a str],
}

impl Story {
    /// Collects everything about a call that has cleared.
    pub(crate) async fn of(call: &OutCall) -> Self {
        let heard = call.heard().await;
        let ladder = call.ladder();
        let sound = heard.sound_since_invite();
        let mut story = Self { ladder, heard, sound, passages: Vec::new(), stats: call.stream_stats() };
        // A sentence before the answer and one after it are two, however short the pause.
        let length = story.sound.duration();
        let middle = story.answered_at().unwrap_or(length).min(length);
        story.passages = passages_between(&story.sound, Duration::ZERO, middle);
        story.passages.extend(passages_between(&story.sound, middle, length));
        story
    }

    /// When a provisional response with SDP came first.
    pub(crate) fn early_media_at(&self) -> Option<Duration> {
        self.invite_response(|status, entry| status < 200 && entry.has_sdp)
    }

    /// When ringing was signalled, in whatever way.
    pub(crate) fn ringing_at(&self) -> Option<Duration> {
        self.invite_response(|status, _| (101..200).contains(&status))
    }

    /// When the 2xx came.
    pub(crate) fn answered_at(&self) -> Option<Duration> {
        self.invite_response(|status, _| (200..300).contains(&status))
    }

    /// The final response to the INVITE.
    pub(crate) fn final_status(&self) -> Option<u16> {
        self.to_invite().filter_map(|entry| entry.status).find(|status| *status >= 200)
    }

    /// From the first message to the last or to the end of the sound, whichever is later.
    pub(crate) fn length(&self) -> Duration {
        let last = self.ladder.last().map_or(Duration::ZERO, |entry| entry.at);
        last.max(self.sound.duration())
    }

    /// The longest time between two packets.
    pub(crate) fn longest_gap(&self) -> Option<Duration> {
        self.heard.gaps().into_iter().max()
    }

    /// The picture of the call.
    pub(crate) fn picture(&self, title: &str, subtitle: &str, words: &Words<'_>) -> Picture {
        let end = self.ladder.iter().find(|entry| entry.method == "BYE").map_or(self.length(), |bye| bye.at);
        let seconds = self.length().as_secs_f64() * 1.01 + 0.05;
        let mut spoken = words.spoken.iter();
        let notes = self.passages.iter().map(|passage| {
            let text = if passage.is_speech() {
                spoken.next().map_or_else(|| passage.name(), |said| format!("“{said}”"))
            } else {
                format!("{}{}", words.tone, passage.name())
            };
            Note { from: passage.from.as_secs_f64(), to: passage.to.as_secs_f64(), text }
        });
        Picture {
            title: title.to_owned(),
            subtitle: subtitle.to_owned(),
            caller: if self.came() { "offhook" } else { "caller" }.to_owned(),
            called: if self.came() { "callee" } else { "offhook" }.to_owned(),
            messages: self
                .ladder
                .iter()
                .filter(|entry| !entry.repeated)
                .map(|entry| self.message(entry))
                .collect(),
            bands: self.bands(words, end),
            notes: notes.collect(),
            media: self.media(end),
            sound: self.sound.clone(),
            seconds,
        }
    }

    fn bands(&self, words: &Words<'_>, end: Duration) -> Vec<Band> {
        let (ringing, answered) = (self.ringing_at(), self.answered_at());
        let mut edges = vec![(Duration::ZERO, words.before.to_owned(), Hue::Quiet)];
        if let Some(at) = ringing {
            let early = if self.early_media_at().is_some() { "  early media" } else { "" };
            edges.push((at, format!("{}{early}", words.ringing), Hue::Ringing));
        }
        if let Some(at) = answered {
            edges.push((at, words.answered.to_owned(), Hue::Answered));
        }
        let ends: Vec<Duration> = edges.iter().skip(1).map(|(at, ..)| *at).chain([end]).collect();
        let band = |((from, name, hue), to): ((Duration, String, Hue), Duration)| Band {
            from: from.as_secs_f64(),
            to: to.as_secs_f64(),
            name,
            hue,
        };
        edges.into_iter().zip(ends).map(band).collect()
    }

    fn media(&self, end: Duration) -> Option<Note> {
        let first = self.heard.first_at()?;
        let codec = self.heard.packets.iter().find_map(|packet| packet.codec)?;
        let last = self.heard.packets.last().map_or(end, |packet| packet.at);
        let text = format!("RTP · {} · {} packets", codec.name(), self.heard.packets.len());
        Some(Note { from: first.as_secs_f64(), to: last.as_secs_f64(), text })
    }

    fn invite_response(&self, wanted: impl Fn(u16, &LadderEntry) -> bool) -> Option<Duration> {
        self.to_invite()
            .find(|entry| entry.status.is_some_and(|status| wanted(status, entry)))
            .map(|entry| entry.at)
    }

    /// The responses to the first INVITE.
    fn to_invite(&self) -> impl Iterator<Item = &LadderEntry> {
        let responding = if self.came() { LadderDirection::Sent } else { LadderDirection::Received };
        self.ladder.iter().filter(move |entry| {
            entry.direction == responding && entry.method == "INVITE" && entry.status.is_some()
        })
    }

    /// Whether it is told by the side that was called.
    fn came(&self) -> bool {
        self.ladder.first().is_some_and(|invite| invite.direction == LadderDirection::Received)
    }

    fn message(&self, entry: &LadderEntry) -> Message {
        message(entry, (entry.direction == LadderDirection::Sent) != self.came())
    }
}

fn message(entry: &LadderEntry, from_caller: bool) -> Message {
    let (mut label, mut remarks) = (entry.summary.clone(), Vec::new());
    for (ending, remark) in
        [(" (SDP)", "SDP"), (" (PRACK)", "PRACK"), (" (BYE)", ""), (" (CANCEL)", "CANCEL")]
    {
        if let Some(rest) = label.strip_suffix(ending) {
            label = rest.to_owned();
            if !remark.is_empty() {
                remarks.push(remark);
            }
        }
    }
    if entry.status.is_some_and(|status| status < 200)
        && entry.text().to_ascii_lowercase().contains("\r\nrseq:")
    {
        remarks.push("reliable");
    }
    let kind = match entry.status {
        None => Kind::Request,
        Some(..200) => Kind::Provisional,
        Some(200..300) => Kind::Success,
        Some(_) => Kind::Failure,
    };
    Message { at: entry.at.as_secs_f64(), from_caller, label, remark: remarks.join(", "), kind }
}
