//! What offer and answer come to: the parameters of the one audio stream.

use std::net::{IpAddr, SocketAddr};

use super::address::Address;
use super::agreement::NoAgreement;
use super::attribute::{Direction, EventSet};
use super::codec::CodecSpec;
use super::description::SessionDescription;
use super::media::{Media, Protocol};

/// Everything a media engine has to know about the negotiated stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamParameters {
    /// Where RTP goes; `None` while the far end has asked for nothing (`c=0.0.0.0`).
    pub remote_rtp: Option<SocketAddr>,
    /// Where RTCP goes: `a=rtcp` (RFC 3605), else the port after RTP's, or RTP's own with `rtcp_mux`.
    pub remote_rtcp: Option<SocketAddr>,
    /// Whether RTP and RTCP share a port in both directions (RFC 5761).
    pub rtcp_mux: bool,
    /// The codec, both ways.
    pub codec: CodecSpec,
    /// The payload number that the far end wants to see.
    pub payload_send: u8,
    /// The payload number that the far end sends.
    pub payload_receive: u8,
    /// Telephone events, if both sides have them at the codec's clock rate.
    pub telephone_event: Option<TelephoneEvent>,
    /// Sound in a packet that is sent, in milliseconds, 10 to 60.
    pub packet_time_ms: u8,
    /// What this side does.
    pub direction: Direction,
    /// Which `m=` line it is, counted from 0.
    pub media_index: usize,
}

/// How telephone events travel (RFC 4733).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TelephoneEvent {
    /// The payload number that the far end wants to see.
    pub payload_send: u8,
    /// The payload number that the far end sends.
    pub payload_receive: u8,
    /// RTP clock rate in hertz: that of the codec.
    pub clock_rate_hz: u32,
    /// The events that the far end can receive.
    pub events: EventSet,
}

/// The addresses at which the far end receives.
pub(super) struct Remote {
    pub(super) rtp: Option<SocketAddr>,
    pub(super) rtcp: Option<SocketAddr>,
}

impl Remote {
    /// Reads them from a section of the far end's description. `ours` decides the IP version.
    pub(super) fn of(
        description: &SessionDescription,
        media: &Media,
        ours: IpAddr,
        rtcp_mux: bool,
    ) -> Result<Self, NoAgreement> {
        let accepted = if ours.is_ipv4() { "IPv4" } else { "IPv6" };
        let refusal = |address: String| NoAgreement::Address { address, accepted };
        let connection = description.connection(media).ok_or_else(|| refusal(String::new()))?;
        if connection.address.is_hold() {
            return Ok(Self { rtp: None, rtcp: None });
        }
        let ip = reachable(&connection.address, ours)
            .filter(|_| connection.multicast.is_none())
            .ok_or_else(|| refusal(connection.to_string()))?;
        let rtp = SocketAddr::new(ip, media.port);
        let rtcp = if rtcp_mux { Some(rtp) } else { separate_rtcp(media, ip, ours) };
        Ok(Self { rtp: Some(rtp), rtcp })
    }
}

fn separate_rtcp(media: &Media, ip: IpAddr, ours: IpAddr) -> Option<SocketAddr> {
    let Some(rtcp) = media.rtcp() else {
        return Some(SocketAddr::new(ip, media.port.checked_add(1)?));
    };
    let ip = match &rtcp.address {
        Some(address) => reachable(address, ours)?,
        None => ip,
    };
    (rtcp.port != 0).then(|| SocketAddr::new(ip, rtcp.port))
}

/// A unicast address of our IP version. Anything else would make us a sender to groups and strangers at a caller's
/// wish, or cannot be reached from our socket.
fn reachable(address: &Address, ours: IpAddr) -> Option<IpAddr> {
    let Address::Ip(ip) = address else { return None };
    let unicast = match ip.to_canonical() {
        IpAddr::V4(ip) => !ip.is_multicast() && !ip.is_broadcast() && !ip.is_unspecified(),
        IpAddr::V6(ip) => !ip.is_multicast() && !ip.is_unspecified(),
    };
    (unicast && ip.is_ipv4() == ours.is_ipv4()).then_some(*ip)
}

/// Only plain RTP is spoken.
pub(super) fn check_protocol(media: &Media) -> Result<(), NoAgreement> {
    match &media.protocol {
        Protocol::RtpAvp | Protocol::RtpAvpf => Ok(()),
        secure if secure.is_encrypted() => Err(NoAgreement::Encryption { protocol: secure.to_string() }),
        other => Err(NoAgreement::Protocol { protocol: other.to_string() }),
    }
}

/// What the far end wants in a packet, within what it can take and what makes sense: fewer than 10 ms would multiply
/// the packets at a caller's wish, more than 60 ms would be heard as delay.
///
/// A packet holds a whole number of the codec's frames, and one at least.
pub(super) fn packet_time(media: &Media, preferred_ms: u8, codec: &CodecSpec) -> u8 {
    let wanted = media.ptime().unwrap_or(u32::from(preferred_ms));
    let wanted = wanted.min(media.maxptime().unwrap_or(wanted)).clamp(10, 60);
    let frame = u32::from(codec.frame_ms.max(1));
    u8::try_from((wanted / frame).max(1) * frame).unwrap_or(20)
}

/// The direction that the far end's section gives this side.
pub(super) fn direction_for_us(description: &SessionDescription, media: &Media, held: bool) -> Direction {
    let theirs = description.direction(media);
    // An address of 0.0.0.0 says "do not send to me" whatever the attribute says (RFC 3264 section 8.4).
    let theirs = if held { theirs.and(Direction::SendOnly) } else { theirs };
    theirs.reversed()
}
