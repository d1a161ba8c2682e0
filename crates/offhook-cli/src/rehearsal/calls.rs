//! The simulated people and their calls.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use offhook::caller::{CallRequest, CallSdp, Caller, LadderDirection, LadderEntry, OutCall};
use offhook::media::Sound;
use offhook::sim::Sim;
use offhook::sip::{Clearing, Party, Reliability};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::callees::refusal;
use super::lines::{Line, seconds, server_at};
use super::people;
use super::protocol::{self, Deed, Problem, Reliable};

/// A call that a simulated person made or took.
pub(crate) struct PersonsCall {
    pub(crate) out: OutCall,
    /// The server at the other end, if it is one of ours.
    pub(super) server: Option<usize>,
    /// Everything up to here has been recognised; seconds since the INVITE.
    pub(super) heard_until: f64,
    /// The telephone of somebody who calls, which runs the call; that of a callee is in the hall.
    caller: Option<Caller>,
}

/// Person number `index` calls server number `wanted.server`; the result tells too from which host the server sees the
/// call come.
pub(crate) async fn start(
    sim: &Sim,
    index: usize,
    server: SocketAddr,
    wanted: &protocol::Call,
) -> Result<(PersonsCall, IpAddr), Problem> {
    let mut request = request(server, wanted)?;
    let line = Line::lay(sim, index, wanted.link)?;
    let user = wanted.caller.clone();
    let caller = sim
        .caller_with(|config| {
            config.bind = line.own;
            config.user = user;
            config.seed = Some(line.seed);
        })
        .await;
    if wanted.mute {
        request = request.silent();
    }
    let out = caller.call(request).await.map_err(|error| Problem::usage(error.to_string()))?;
    let call = PersonsCall { out, server: Some(wanted.server), heard_until: 0.0, caller: Some(caller) };
    Ok((call, line.seen))
}

fn request(server: SocketAddr, wanted: &protocol::Call) -> Result<CallRequest, Problem> {
    let target = format!("sip:{}@{server}", wanted.to);
    let mut request = CallRequest::to(&target)
        .map_err(|error| Problem::usage(error.to_string()))?
        .person(people::person(&wanted.person)?)
        .sdp(if wanted.sdp { CallSdp::Offer } else { CallSdp::None })
        .reliability(match wanted.reliable {
            Reliable::Required => Reliability::Required,
            Reliable::Supported => Reliability::Supported,
            Reliable::Absent => Reliability::Absent,
        });
    if let Some(after) = wanted.gives_up_after {
        request = request.give_up_after(seconds("gives_up_after", after)?);
    }
    if let Some(after) = wanted.hangs_up_after {
        request = request.hang_up_after(seconds("hangs_up_after", after)?);
    }
    if let Some(codecs) = &wanted.codecs {
        request = request.codecs(codecs.as_str());
    }
    for (name, value) in &wanted.headers {
        request = request.header(name, value);
    }
    Ok(request)
}

impl PersonsCall {
    /// A call that came to a callee.
    pub(super) fn taken(out: OutCall) -> Self {
        let server = server_at(out.remote_address().ip());
        Self { out, server, heard_until: 0.0, caller: None }
    }

    /// Whether it is that of a caller, not of a callee.
    pub(super) fn was_made(&self) -> bool {
        self.caller.is_some()
    }

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
                self.play(people::spoken(&text)?).await;
            }
            Deed::Play(path) => {
                self.play(people::read(&path)?).await;
            }
            Deed::Answer | Deed::Refuse(_) if self.was_made() => {
                return Err(Problem::usage(
                    "who calls cannot answer or refuse; accepted: the deeds of a caller",
                ));
            }
            Deed::Answer => self.out.answer(),
            Deed::Refuse(status) => self.out.refuse(refusal(status)?),
            Deed::HangUp => self.out.hang_up(),
        }
        Ok(())
    }

    /// Virtual time since the INVITE; to be asked inside a piece of the simulation.
    pub(crate) fn now(&self) -> Duration {
        Instant::now().into_std().saturating_duration_since(self.out.began())
    }

    /// Everything that is known, as the protocol has it. Times are seconds since the INVITE.
    pub(super) fn status(&self) -> Value {
        let ladder = self.out.ladder();
        let responding = match self.was_made() {
            true => LadderDirection::Received,
            false => LadderDirection::Sent,
        };
        let responses: Vec<Value> = ladder
            .iter()
            .filter(|entry| entry.direction == responding && entry.method == "INVITE" && !entry.repeated)
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
            "ended": self.out.clearing().as_ref().map(|clearing| self.ended(clearing)),
            "ladder": ladder.iter().map(|entry| {
                json!([entry.at.as_secs_f64(), entry.direction.arrow(), entry.summary])
            }).collect::<Vec<_>>(),
        })
    }

    /// The INVITE, as the protocol has it: the address that was called, the header fields, the session description.
    pub(super) fn invite(&self) -> Value {
        let ladder = self.out.ladder();
        let text = ladder.first().map(LadderEntry::text).unwrap_or_default();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut lines = head.split("\r\n");
        let uri = lines.next().and_then(|line| line.split(' ').nth(1));
        let fields: Vec<Value> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| json!([name.trim(), value.trim()]))
            .collect();
        json!({"uri": uri, "headers": fields, "body": body})
    }

    fn ended(&self, clearing: &Clearing) -> Value {
        let person = if self.was_made() { "caller" } else { "callee" };
        json!({
            "status": clearing.status,
            "by": match clearing.by {
                Party::Us => person,
                Party::Peer => "application",
            },
            "q850": clearing.q850,
        })
    }

    async fn play(&self, sound: Sound) {
        let duration = sound.duration();
        self.out.play(sound);
        sleep(duration).await;
    }
}

/// A key is pressed for 100 ms, and 100 ms lie between two (DTMF-17).
const PRESS: Duration = Duration::from_millis(200);
/// A comma.
const PAUSE: Duration = Duration::from_millis(500);
