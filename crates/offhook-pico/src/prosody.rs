//! How fast, high and loud a voice speaks.

/// Speed, pitch and volume, each in percent of the voice's own. Values out of range count as the nearest in range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Prosody {
    /// 20 to 500.
    pub speed_percent: u16,
    /// 50 to 200.
    pub pitch_percent: u16,
    /// 0 to 500; clipping sets in well below.
    pub volume_percent: u16,
}

impl Prosody {
    /// As the voice speaks by itself.
    pub const PLAIN: Self = Self { speed_percent: 100, pitch_percent: 100, volume_percent: 100 };

    /// The text between the engine's commands for what differs from the voice's own. The text holds no commands.
    pub(crate) fn applied_to(self, text: &str) -> String {
        let commands = [
            ("speed", self.speed_percent.clamp(20, 500)),
            ("pitch", self.pitch_percent.clamp(50, 200)),
            ("volume", self.volume_percent.clamp(0, 500)),
        ];
        commands
            .into_iter()
            .filter(|(_, percent)| *percent != 100)
            .fold(text.to_owned(), |text, (command, percent)| {
                format!("<{command} level=\"{percent}\">{text}</{command}>")
            })
    }
}

impl Default for Prosody {
    fn default() -> Self {
        Self::PLAIN
    }
}
