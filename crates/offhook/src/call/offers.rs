//! Offers and answers after the first: the peer's UPDATE and re-INVITE, PRACK with SDP, INFO.

use bytes::Bytes;
use offhook_sip::sdp::{self, Attribute, Direction, Negotiated, SessionDescription};
use offhook_sip::{OfferId, StatusCode, Text};

use super::session::{Session, codec_specs};
use super::{Channel, Context, Ending};
use crate::info_digit::digit_of_info;
use crate::state::State;

impl Channel {
    /// The peer offers a session again: hold, another address, another codec (RFC 3264 section 8).
    pub(crate) fn offered(&mut self, cx: &mut Context<'_>, id: OfferId, offer: Option<&SessionDescription>) {
        let specs = codec_specs(self.codec_list(cx));
        let held = self.is_holding();
        let reply = match (&mut self.session, offer) {
            (Session::Open(open), Some(offer)) => sdp::answer_again(&open.ours, offer, &specs, &open.local)
                .map(|mut negotiated| {
                    if held {
                        keep_on_hold(&mut negotiated);
                    }
                    open.ours = negotiated.answer.clone();
                    (negotiated.answer, Some(negotiated.stream))
                }),
            (Session::Open(open), None) => {
                let direction = if held { Direction::SendOnly } else { Direction::SendRecv };
                let ours = sdp::offer_again(&open.ours, &specs, &open.local, direction);
                open.pending_offer = Some(ours.clone());
                Ok((ours, None))
            }
            (Session::Agreed(agreed), Some(offer)) => {
                agreed.renegotiate(offer, &specs).map(|ours| (ours, None))
            }
            _ => {
                tracing::info!(
                    call_id = %self.identity.call_id,
                    "the far end offers a session where none can be changed; refused with 488"
                );
                self.reply_to_offer(cx, id, Err(StatusCode::NOT_ACCEPTABLE_HERE));
                return;
            }
        };
        match reply {
            Ok((ours, parameters)) => {
                self.reply_to_offer(cx, id, Ok(ours));
                if let Some(parameters) = parameters {
                    self.update_stream(cx, parameters);
                }
            }
            Err(error) => {
                tracing::info!(
                    call_id = %self.identity.call_id,
                    %error,
                    "the far end's later offer is refused with 488; the session goes on as it was"
                );
                self.reply_to_offer(cx, id, Err(StatusCode::NOT_ACCEPTABLE_HERE));
            }
        }
    }

    /// The peer answered an offer of ours.
    pub(crate) fn answered_offer(&mut self, cx: &mut Context<'_>, answer: &SessionDescription) {
        if self.is_calling() {
            return self.keep_answer(answer);
        }
        let specs = codec_specs(self.codec_list(cx));
        if let Some(open) = self.session.open_mut() {
            let Some(ours) = open.pending_offer.take() else { return };
            match sdp::accept(&ours, answer, &specs) {
                Ok(parameters) => {
                    open.ours = ours;
                    self.update_stream(cx, parameters);
                    self.offer_settled(cx, true);
                }
                Err(error) => {
                    tracing::info!(
                        call_id = %self.identity.call_id,
                        %error,
                        "the answer to our later offer cannot be used; the session goes on as it was"
                    );
                    self.offer_settled(cx, false);
                }
            }
            return;
        }
        if self.offer_answered(cx, answer) { self.media_agreed(cx) } else { self.media_failed(cx) }
    }

    /// An ACK or PRACK that had to carry the answer carried none.
    pub(crate) fn offer_unanswered(&mut self, cx: &mut Context<'_>) {
        if self.is_calling() {
            // The 2xx that lacks the answer comes next.
            return;
        }
        match &mut self.session {
            Session::Open(open) => {
                open.pending_offer = None;
                self.offer_settled(cx, false);
            }
            Session::Offered(_) => {
                self.session = Session::Failed;
                self.media_failed(cx);
            }
            _ => {}
        }
    }

    /// The PRACK of our newest reliable response arrived: a 183 that waited for it has left (RFC 3262 section 3).
    pub(crate) fn provisional_acknowledged(&mut self, cx: &mut Context<'_>) {
        if matches!(&self.session, Session::Agreed(agreed) if agreed.early) {
            self.start_early_media(cx);
        }
    }

    /// A key that the far end sends by INFO, where telephone events were not negotiated (DTMF-11).
    pub(crate) fn info(&mut self, cx: &mut Context<'_>, content_type: Option<&Text>, body: &Bytes) {
        let by_events = match &self.session {
            Session::Open(open) => open.parameters.telephone_event.is_some(),
            _ => true,
        };
        if by_events {
            return;
        }
        if let Some(digit) = content_type.and_then(|content_type| digit_of_info(content_type, body)) {
            self.digit_by_info(cx, digit);
        }
    }

    fn media_agreed(&mut self, cx: &mut Context<'_>) {
        match self.state() {
            State::Answering | State::Answered => self.open_stream(cx),
            _ if matches!(&self.session, Session::Agreed(agreed) if agreed.early) => {
                self.start_early_media(cx);
            }
            _ => {}
        }
    }

    /// Our offer got no usable answer: in ringing there is no early media (RING-31), after the 200
    /// the call ends (ANS-13).
    fn media_failed(&mut self, cx: &mut Context<'_>) {
        match self.state() {
            State::CallIncoming | State::RingIncoming => self.early_media_failed(cx),
            _ => self.hang_up(cx, Ending::error("no usable answer to our offer")),
        }
    }

    fn reply_to_offer(
        &self,
        cx: &mut Context<'_>,
        id: OfferId,
        reply: Result<SessionDescription, StatusCode>,
    ) {
        let Some(call) = self.sip else { return };
        if let Err(error) =
            cx.endpoint.answer_offer(cx.now, call, id, reply.as_ref().map_err(|status| *status))
        {
            tracing::debug!(call_id = %self.identity.call_id, %error, "the offer was withdrawn");
        }
    }
}

/// Answers an offer of a far end that is on hold: nothing of it is listened to (RFC 3264 section 8.4).
fn keep_on_hold(negotiated: &mut Negotiated) {
    let direction = negotiated.stream.direction.and(Direction::SendOnly);
    negotiated.stream.direction = direction;
    if let Some(media) = negotiated.answer.media.get_mut(negotiated.stream.media_index) {
        media.attributes.retain(|attribute| !DIRECTIONS.contains(&attribute.name.as_str()));
        media.attributes.push(Attribute::flag(direction.as_str()));
    }
}

/// The attributes that tell a direction (RFC 8866 section 6.7).
const DIRECTIONS: [&str; 4] = ["sendrecv", "sendonly", "recvonly", "inactive"];
