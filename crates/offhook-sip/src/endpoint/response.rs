//! What is done with a response that arrives, and when transactions time out.

use std::time::Instant;

use super::Endpoint;
use super::core::branch_token;
use super::flow::Transmit;
use crate::header::HeaderName;
use crate::invite::{CallState, end_fork, request_like};
use crate::message::{Message, Method, Response};
use crate::transaction::{
    Branch, ClientId, ClientMachine, ClientTransaction, Due, InviteReceived, Outcome, Owner, Purpose,
    ServerId,
};

impl Endpoint {
    pub(super) fn receive_response(&mut self, now: Instant, response: Response) {
        let (Ok(via), Ok(cseq)) = (response.via(), response.cseq()) else { return };
        // A response without a transaction of ours is a stray one, and means nothing (RFC 3261 section
        // 18.1.2).
        let Some(token) = via.branch.as_deref().and_then(branch_token) else { return };
        let is_cancel = cseq.method == Method::Cancel;
        let Some(id) = self.core.clients.find(Branch { token, is_cancel }) else { return };
        let Some(transaction) = self.core.clients.at_mut(id) else { return };
        let timers = &self.core.config.timers;
        let (flow, owner) = (transaction.flow, transaction.owner);
        match &mut transaction.machine {
            ClientMachine::Other(machine) => {
                if cseq.method == Method::Invite {
                    return;
                }
                let is_final = machine.receive(now, response.status, timers);
                self.core.arrange_client(id);
                if is_final {
                    self.tell(now, id, Outcome::Response(response));
                }
            }
            ClientMachine::Invite { machine, request, acks } => {
                if cseq.method != Method::Invite {
                    return;
                }
                match machine.receive(now, response.status, timers) {
                    InviteReceived::Ignore => return,
                    InviteReceived::Acknowledge(ack) => return self.core.transmit(flow, ack),
                    InviteReceived::Refused => {
                        let mut ack = request_like(request, Method::Ack);
                        if let Some(to) = response.headers.get(&HeaderName::To) {
                            ack.headers.set(HeaderName::To, to.clone());
                        }
                        let ack = ack.to_bytes();
                        machine.refused(now, ack.clone(), timers);
                        self.core.transmit(flow, ack);
                    }
                    InviteReceived::Pass if response.status.is_success() => {
                        let tag = crate::dialog::to_tag(&response);
                        if let Some(sent) = acks.iter().find(|sent| sent.remote_tag == tag) {
                            let (flow, bytes) = (sent.flow, sent.bytes.clone());
                            return self.core.transmit(flow, bytes);
                        }
                    }
                    InviteReceived::Pass => {}
                }
                self.core.arrange_client(id);
                // What is provisional about a re-INVITE concerns nobody.
                let is_first = matches!(owner, Some(Owner::Call(_, Purpose::Invite)));
                if is_first || !response.status.is_provisional() {
                    self.tell(now, id, Outcome::Response(response));
                }
            }
        }
    }

    /// Does what a client transaction wants at a deadline.
    pub(super) fn client_due(&mut self, now: Instant, id: ClientId) {
        let Some(transaction) = self.core.clients.at_mut(id) else { return };
        transaction.timer = None;
        let flow = transaction.flow;
        match transaction.machine.handle_timeout(now) {
            Due::Nothing => self.core.arrange_client(id),
            Due::Send(bytes) => {
                self.core.transmit(flow, bytes);
                self.core.arrange_client(id);
            }
            Due::Over => drop(self.core.end_client(id)),
            Due::TimedOut => {
                self.tell(now, id, Outcome::TimedOut);
                self.core.end_client(id);
            }
        }
    }

    /// Does what a server transaction wants at a deadline.
    pub(super) fn server_due(&mut self, now: Instant, id: ServerId) {
        let Some(transaction) = self.core.servers.at_mut(id) else { return };
        transaction.timer = None;
        let flow = transaction.reply;
        match transaction.machine.handle_timeout(now) {
            Due::Nothing => self.core.arrange_server(id),
            Due::Send(bytes) => {
                self.core.transmit(flow, bytes);
                self.core.arrange_server(id);
            }
            // Without an ACK for a refusal there is nothing to be done.
            Due::Over | Due::TimedOut => self.core.end_server(id),
        }
    }

    pub(super) fn fail_transmit(&mut self, now: Instant, transmit: &Transmit) {
        let limits = &self.core.config.limits.parse;
        let Ok(Message::Request(request)) = Message::parse(transmit.bytes.clone(), limits) else { return };
        let token = request.via().ok().and_then(|via| via.branch.as_deref().and_then(branch_token));
        let Some(token) = token else { return };
        let branch = Branch { token, is_cancel: request.method == Method::Cancel };
        let Some(id) = self.core.clients.find(branch) else { return };
        let is_beginning = self.core.clients.at(id).is_some_and(|transaction| {
            let is_calling =
                matches!(&transaction.machine, ClientMachine::Invite { machine, .. } if machine.is_calling());
            match transaction.owner {
                Some(Owner::Call(_, Purpose::Invite)) => is_calling && request.method == Method::Invite,
                Some(Owner::Registration(_)) => true,
                _ => false,
            }
        });
        if !is_beginning {
            return;
        }
        self.tell(now, id, Outcome::TransportFailed);
        self.core.end_client(id);
    }

    /// Tells the owner of a request what came of it.
    fn tell(&mut self, now: Instant, id: ClientId, outcome: Outcome) {
        let Some(ClientTransaction { owner: Some(owner), .. }) = self.core.clients.at(id) else { return };
        let (call, purpose) = match *owner {
            Owner::Call(call, purpose) => (call, purpose),
            Owner::Registration(registration) => {
                self.with_registration(registration, |state, core| {
                    state.receive_outcome(core, now, id, &outcome);
                });
                return;
            }
        };
        if purpose != Purpose::Invite {
            self.with_call(call, |state, core| state.receive_outcome(core, now, purpose, id, &outcome));
            return;
        }
        let success = match &outcome {
            Outcome::Response(response) if response.status.is_success() => Some(response.clone()),
            _ => None,
        };
        let is_taken = self.with_call(call, |state, core| state.receive_invite_outcome(core, now, outcome));
        if let (Some(response), None | Some(false)) = (success, is_taken) {
            let auth = self.calls.at_mut(call).and_then(CallState::auth_mut);
            end_fork(&mut self.core, now, id, &response, auth);
        }
    }
}
