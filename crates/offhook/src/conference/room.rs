//! One conference room: who is in it, and what each hears (CONF-7 to CONF-14).

use offhook_media::Party;
use offhook_net::{RoomId, StreamId};

use super::desk::PartyId;
use super::party::{PartyPlan, PartySounds};
use crate::network::MediaEngine;

/// A room with its parties. It is stopped until [`Room::reconsider`] finds what a conference needs.
pub(super) struct Room {
    media: RoomId,
    name: String,
    parties: Vec<Member>,
    started: bool,
}

struct Member {
    party: PartyId,
    stream: StreamId,
    plan: PartyPlan,
    sounds: PartySounds,
}

impl Member {
    fn talks(&self) -> bool {
        self.plan.talker && !self.plan.muted
    }
}

/// What a digit of a party asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DigitMeans {
    /// Nothing more than has been done.
    Nothing,
    /// The party leaves.
    Exit,
}

impl Room {
    pub(super) fn new(media: RoomId, name: String) -> Self {
        Self { media, name, parties: Vec::new(), started: false }
    }

    pub(super) fn media(&self) -> RoomId {
        self.media
    }

    pub(super) fn len(&self) -> usize {
        self.parties.len()
    }

    pub(super) fn parties(&self) -> impl Iterator<Item = PartyId> + '_ {
        self.parties.iter().map(|member| member.party)
    }

    /// Takes a party in, whose stream is in the media room already.
    pub(super) fn enter(
        &mut self,
        engine: &dyn MediaEngine,
        party: PartyId,
        stream: StreamId,
        plan: PartyPlan,
        sounds: PartySounds,
    ) {
        let on_entry = sounds.on_entry.clone();
        engine.play_alone(stream, Some(sounds.waiting.clone()));
        self.parties.push(Member { party, stream, plan, sounds });
        if self.started {
            self.admit(engine, self.parties.len() - 1);
        } else {
            self.reconsider(engine);
        }
        if self.started {
            for clip in on_entry {
                engine.announce(self.media, clip);
            }
        }
        self.warn_of_more_than_two();
    }

    /// Lets a party go. Tells whether that destroys the room.
    pub(super) fn leave(&mut self, engine: &dyn MediaEngine, party: PartyId) -> bool {
        let Some(at) = self.parties.iter().position(|member| member.party == party) else { return false };
        let left = self.parties.remove(at);
        engine.leave(self.media, left.stream);
        if left.plan.lifetime.destroy_on_exit || self.parties.is_empty() {
            return true;
        }
        if self.started {
            for clip in left.sounds.on_exit {
                engine.announce(self.media, clip);
            }
        }
        self.reconsider(engine);
        false
    }

    /// A party pressed a key (CONF-4, CONF-8).
    pub(super) fn digit(&mut self, engine: &dyn MediaEngine, party: PartyId, digit: char) -> DigitMeans {
        let Some(at) = self.parties.iter().position(|member| member.party == party) else {
            return DigitMeans::Nothing;
        };
        let plan = &mut self.parties[at].plan;
        if plan.exit_digit == Some(digit) {
            return DigitMeans::Exit;
        }
        if let Some(keys) = plan.mute {
            let muted = match (digit == keys.mute, digit == keys.unmute) {
                (true, true) => !plan.muted,
                (true, false) => true,
                (false, true) => false,
                (false, false) => return DigitMeans::Nothing,
            };
            plan.muted = muted;
            if self.started {
                self.admit(engine, at);
            }
        }
        DigitMeans::Nothing
    }

    /// Starts the conference, or stops it, as its parties demand (CONF-11, CONF-12).
    fn reconsider(&mut self, engine: &dyn MediaEngine) {
        let enough = self.parties.len() >= 2;
        let starts = self.parties.iter().any(|member| member.plan.lifetime.start_on_entry);
        let talker = self.parties.iter().any(|member| member.plan.talker);
        if !self.started && enough && starts && talker {
            tracing::debug!(room = self.name, "the conference starts");
            self.started = true;
            for at in 0..self.parties.len() {
                self.admit(engine, at);
            }
        } else if self.started && !enough {
            tracing::debug!(room = self.name, "the conference stops");
            self.started = false;
            for member in &self.parties {
                engine.enter(self.media, member.stream, OUTSIDE);
                engine.play_alone(member.stream, Some(member.sounds.waiting.clone()));
            }
        }
    }

    /// Lets a party of a started room hear, and talk if it may.
    fn admit(&self, engine: &dyn MediaEngine, at: usize) {
        let member = &self.parties[at];
        engine.enter(self.media, member.stream, Party { talks: member.talks(), hears: true });
        engine.play_alone(member.stream, None);
    }

    /// CONF-14: the optimisation for two talkers is given up when there are more.
    fn warn_of_more_than_two(&self) {
        let talkers = self.parties.iter().filter(|member| member.plan.talker).count();
        if talkers > 2 && self.parties.iter().any(|member| member.plan.two_parties) {
            let room = &self.name;
            tracing::warn!(
                room,
                talkers,
                "two_party_optimisation is ignored: the room has more than two talkers"
            );
        }
    }
}

/// A party of a stopped room neither talks nor hears the others.
pub(super) const OUTSIDE: Party = Party { talks: false, hears: false };
