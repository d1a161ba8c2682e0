//! The rules of the call channel, held in the simulator: one test a behaviour, named by its rules.
//!
//! Every test runs on the virtual clock. What callers hear is decoded and measured.

mod support;

mod answer;
mod authentication;
mod bad_links;
mod cancellation;
mod causes;
mod codecs;
mod conferences;
mod connection;
mod details;
mod digit_collection;
mod digit_sending;
mod digits;
mod early_media;
mod encrypted_files;
mod exceptions;
mod files;
mod forgotten_offers;
mod forgotten_races;
mod forgotten_reliability;
mod hang_up;
mod header_fields;
mod hold;
mod leaks;
mod legs;
mod limits;
mod live_speaker;
mod logging;
mod outbound_calls;
mod outbound_causes;
mod outbound_early_media;
mod outbound_routes;
mod players;
mod recorder;
mod reinvite;
mod reject;
mod reliable_queue;
mod ring_signalling;
mod ring_state;
mod ring_time;
mod ringtone;
mod rtp;
mod services;
mod telephones;
mod tones;
mod transfers;
mod trunk_registration;
