//! The simulated people and their calls.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, anyhow};
use offhook::caller::{CallRequest, CallSdp, Caller, LadderDirection, OutCall};
use offhook::media::speech::{self, Voice};
use offhook::media::{Sound, wav};
use offhook::sim::{Link, Sim};
use offhook::sip::{Clearing, Party, Reliability};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::protocol::{self, Deed, Problem, Reliable};

/// A call that a simulated person made, with the person's own host on the virtual network.
pub(crate) struct PersonsCall {
    pub(crate) out: OutCall,
    pub(super) address: IpAddr,
    /// Virtual time at the INVITE.
    pub(super) began: Instant,
    /// The server that was called.
    pub(super) server: usize,
    /// Everything up to here has been recognised; seconds since the INVITE.
    pub(super) heard_until: f64,
    /// The person's telephone, which runs the call.
    _caller: Caller,
}

/// Person number `index` calls.
pub(crate) async fn start(
    sim: &Sim,
    index: usize,
    server: SocketAddr,
    wanted: &protocol::Call,
) -> Result<PersonsCall, Problem> {
    let address = address(index);
    sim.set_link_of(address, link(wanted.link)?);
    let user = wanted.caller.clone();
    let nat = wanted.nat;
    let seed = sim.seed().wrapping_add(index as u64 + 1).wrapping_mul(SPREAD);
    let caller = sim
        .caller_with(|config| {
            config.bind = SocketAddr::new(address, SIP_PORT);
            config.user = user;
            config.seed = Some(seed);
            config.media.advertised = nat.then_some(BEHIND_NAT);
        })
        .await;
    let target = format!("sip:{}@{server}", wanted.to);
    let mut request = CallRequest::to(&target)
        .map_err(|error| Problem::usage(error.to_string()))?
        .sdp(if wanted.sdp { CallSdp::Offer } else { CallSdp::None })
        .reliability(match wanted.reliable {
            Reliable::Required => Reliability::Required,
            Reliable::Supported => Reliability::Supported,
            Reliable::Absent => Reliability::Absent,
        });
    if let Some(codecs) = &wanted.codecs {
        request = request.codecs(codecs.as_str());
    }
    for (name, value) in &wanted.headers {
        request = request.header(name, value);
    }
    if wanted.mute {
        request = request.silent();
    }
    let began = Instant::now();
    let out = caller.call(request).await.map_err(|error| Problem::usage(error.to_string()))?;
    Ok(PersonsCall { out, address, began, server: wanted.server, heard_until: 0.0, _caller: caller })
}

impl PersonsCall {
    /// Does what a person does, and lets as much time go by as it takes.
    pub(crate) async fn act(&self, deed: Deed) -> Result<(), Problem> {
        match deed {
            Deed::Press(digits) => {
                let key = |key: char| matches!(key, '0'..='9' | '*' | '#' | 'A'..='D' | ',');
                if let Some(wrong) = digits.chars().find(|digit| !key(*digit)) {
                    return Err(Problem::usage(format!(
                        "digits are {digits:?} with {wrong:?}; accepted: 0-9, *, #, A-D, and a comma for a pause"
                    )));
                }
                self.out.send_digits(&digits);
                let pauses = digits.chars().filter(|key| *key == ',').count() as u32;
                sleep(PRESS * (digits.len() as u32 - pauses) + PAUSE * pauses).await;
            }
            Deed::Say(text) => {
                let spoken = speech::speak(&text, Voice::default());
                let spoken = spoken.map_err(|error| Problem::usage(error.to_string()))?;
                self.play(spoken.sound).await;
            }
            Deed::Play(path) => {
                let sound = read(&path).map_err(|error| Problem::usage(format!("{error:#}")))?;
                self.play(sound).await;
            }
            Deed::HangUp => self.out.hang_up(),
        }
        Ok(())
    }

    /// Virtual time since the INVITE; to be asked inside a piece of the simulation.
    pub(crate) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Everything that is known, as the protocol has it. Times are seconds since the INVITE.
    pub(super) fn status(&self) -> Value {
        let ladder = self.out.ladder();
        let received = |entry: &&offhook::caller::LadderEntry| {
            entry.direction == LadderDirection::Received && entry.method == "INVITE" && !entry.repeated
        };
        let responses: Vec<Value> = ladder
            .iter()
            .filter(received)
            .filter_map(|entry| {
                let status = entry.status.filter(|status| *status > 100)?;
                let text = entry.text();
                Some(json!({
                    "status": status,
                    "summary": entry.summary,
                    "at": entry.at.as_secs_f64(),
                    "sdp": entry.has_sdp,
                    "reliable": status < 200 && text.to_ascii_lowercase().contains("\r\nrseq:"),
                }))
            })
            .collect();
        json!({
            "state": self.out.state().name(),
            "responses": responses,
            "ended": self.out.clearing().as_ref().map(ended),
            "ladder": ladder.iter().map(|entry| {
                json!([entry.at.as_secs_f64(), entry.direction.arrow(), entry.summary])
            }).collect::<Vec<_>>(),
        })
    }

    async fn play(&self, sound: Sound) {
        let duration = sound.duration();
        self.out.play(sound);
        sleep(duration).await;
    }
}

fn ended(clearing: &Clearing) -> Value {
    json!({
        "status": clearing.status,
        "by": match clearing.by {
            Party::Us => "caller",
            Party::Peer => "application",
        },
        "q850": clearing.q850,
    })
}

/// The sound of a WAV file.
pub(super) fn read(path: &Path) -> anyhow::Result<Sound> {
    let bytes = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    wav::read(&bytes).map_err(|error| anyhow!("{} cannot be played: {error}", path.display()))
}

fn link(link: protocol::Link) -> Result<Link, Problem> {
    let seconds = |name: &str, value: f64| {
        Duration::try_from_secs_f64(value)
            .map_err(|_| Problem::usage(format!("{name} is {value}; accepted: 0 or more seconds")))
    };
    let share = |name: &str, value: f64| match value {
        0.0..=1.0 => Ok(value),
        _ => Err(Problem::usage(format!("{name} is {value}; accepted: a share from 0.0 to 1.0"))),
    };
    Ok(Link {
        delay: seconds("delay", link.delay)?,
        jitter: seconds("jitter", link.jitter)?,
        loss: share("loss", link.loss)?,
        duplicate: share("duplicate", link.duplicate)?,
        reorder: share("reorder", link.reorder)?,
    })
}

/// Each person has a host: 10.1.0.1 and up.
fn address(index: usize) -> IpAddr {
    let number = u32::from(FIRST_PERSON).saturating_add(u32::try_from(index).unwrap_or(u32::MAX >> 1));
    IpAddr::V4(Ipv4Addr::from(number))
}

const FIRST_PERSON: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 1);
const SIP_PORT: u16 = 5060;
/// What a person behind a NAT takes for the own address.
const BEHIND_NAT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 0, 10));
/// A key is pressed for 100 ms, and 100 ms lie between two (DTMF-17).
const PRESS: Duration = Duration::from_millis(200);
/// A comma.
const PAUSE: Duration = Duration::from_millis(500);
/// An odd number without pattern: neighbouring persons get seeds that have nothing in common.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
