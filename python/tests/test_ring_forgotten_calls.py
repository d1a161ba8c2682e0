"""What implementations forget: odd offers, races and repetitions, in the program."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from typing import Any

import pytest

from support import sound
from support.server import Server
from support.sip import Call, Caller, sdp
from support.sip.recording import RecordingCaller
from support.sip.rtp import MediaSession
from support.sip.stream import assert_continuous, collect, samples_of, stretches_of_tone
from support.told import told

Serve = Callable[..., Server]
CallFrom = Callable[[Server], Caller]

EARLY = """
    import json
    from offhook.uas import Error, Hangup, PlayableMedia

    def main(channel):
        state = channel.ring({seconds}, True, PlayableMedia(file_to_play="tone.wav"), True)
        print("told", json.dumps([state.name, channel.Details.early_media]))
        channel.wait_for_idle()
        print("told", json.dumps(channel.cause().name))
"""

RING_THEN_ANSWER = """
    import json
    from offhook.uas import Error, Hangup, PlayableMedia

    def main(channel):
        channel.ring(0, True, PlayableMedia(file_to_play="tone.wav"), True)
        try:
            print("told", json.dumps([channel.Details.early_media, channel.answer().name]))
        except (Error, Hangup) as error:
            print("told", json.dumps([channel.Details.early_media, type(error).__name__]))
        print("told", json.dumps([channel.wait_for_idle().name, channel.cause().name]))
"""

RING_AFTER_THE_CALL = """
    import json
    from offhook.uas import Hangup

    def main(channel):
        channel.wait_for_idle()
        try:
            channel.ring(1)
        except Hangup:
            print("told", json.dumps(["Hangup", channel.cause().name]))
"""

SIX = socket.AF_INET6


def tone_server(serve: Serve, source: str, host: str = "127.0.0.1") -> Server:
    """A server with the application and a tone of 1 s."""
    server = serve(source, host)
    sound.write_wav(server.media_root / "tone.wav", sound.sine(1000, 1))
    return server


def early_call(serve: Serve, call_from: CallFrom, **offer: Any) -> Call:
    """A call that has heard the first frames of early media; its 183 is acknowledged."""
    server = tone_server(serve, EARLY.format(seconds=0))
    call = call_from(server).invite(reliable="supported", **offer)
    call.wait_for_response("PRACK", 2)
    call.media.wait_for_packets(5)
    return call


def stays_silent(call: Call, seconds: float) -> bool:
    """Whether no RTP comes in that time."""
    before = len(call.media.packets)
    # Nothing that these calls get is a BYE: this waits.
    assert not call.has_received("BYE", seconds)
    return len(call.media.packets) == before


# Offers


@pytest.mark.parametrize(
    ("direction", "answered", "heard"),
    [("recvonly", "sendonly", True), ("sendonly", "recvonly", False), ("inactive", "inactive", False)],
)
def test_the_direction_of_the_offer_is_mirrored(
    serve: Serve, call_from: CallFrom, direction: str, answered: str, heard: bool
) -> None:
    """RING-31, RING-21, RING-36: the 183 agrees; RTP is sent only where the caller wants to hear it."""
    server = tone_server(serve, EARLY.format(seconds=0.6))
    call = call_from(server).invite(direction=direction)
    assert sdp.parse(call.wait_for(183).body).audio.direction == answered
    assert told(server)[0] == ["RING_INCOMING", True]
    if heard:
        packets = call.media.wait_for_packets(20)
        assert stretches_of_tone(samples_of(packets), 1000)
    else:
        assert not call.media.packets


def test_an_offer_on_hold_by_its_address(serve: Serve, call_from: CallFrom) -> None:
    """RING-31: c=0.0.0.0 is negotiated; nothing is sent, and the ring time passes as usual."""
    server = tone_server(serve, RING_THEN_ANSWER)
    call = call_from(server).invite(connection="0.0.0.0")
    assert sdp.parse(call.wait_for(183).body).audio.port
    assert call.wait_for(200).body == call.wait_for(183).body
    assert told(server)[0] == [True, "ANSWERED"]
    assert not call.media.packets


def test_a_stream_with_port_zero(serve: Serve, call_from: CallFrom) -> None:
    """RING-31, RING-30, ANS-9: there is no early media, and nothing in common to answer: 180, then 488."""
    server = tone_server(serve, RING_THEN_ANSWER)
    call = call_from(server).invite(
        body="v=0\r\no=caller 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        "m=audio 0 RTP/AVP 8\r\n"
    )
    assert call.wait_for_final().status == 488
    assert [status for status in call.statuses if status != 100] == [180, 488]
    assert told(server, 2) == [[False, "Error"], ["IDLE", "REJECTED"]]


def test_no_codec_in_common(serve: Serve, call_from: CallFrom) -> None:
    """RING-31, RING-30, ANS-9: 180, then 488."""
    server = tone_server(serve, RING_THEN_ANSWER)
    call = call_from(server).invite(codecs=("G722/8000", "G729/8000"))
    assert call.wait_for_final().status == 488
    assert [status for status in call.statuses if status != 100] == [180, 488]
    assert told(server, 2) == [[False, "Error"], ["IDLE", "REJECTED"]]


def test_no_offer_at_all(serve: Serve, call_from: CallFrom) -> None:
    """RING-31, ANS-13: without 100rel: 180 without SDP, our offer in the 200, the answer in the ACK."""
    server = tone_server(serve, RING_THEN_ANSWER)
    call = call_from(server).invite(body=False)
    assert not call.wait_for(180).body
    assert sdp.parse(call.wait_for(200).body).audio.encodings[0] == "PCMA/8000"
    assert told(server)[0] == [False, "ANSWERED"]
    call.media.wait_for_packets(5)


def test_several_streams_and_a_video(serve: Serve, call_from: CallFrom) -> None:
    """RING-31, RING-21: the first usable audio stream; all others are refused with port 0."""
    server = tone_server(serve, EARLY.format(seconds=0))
    call = call_from(server).invite(
        before=["m=video 40002 RTP/AVP 96", "a=rtpmap:96 H264/90000", "m=audio 40004 RTP/SAVP 8"],
        after=["m=audio 40006 RTP/AVP 0", "m=application 40008 TCP/BFCP *"],
    )
    streams = re.findall(r"^m=(\w+) (\d+) (\S+) ", call.wait_for(183).body, re.MULTILINE)
    kinds = [(kind, protocol) for kind, _, protocol in streams]
    assert kinds == [
        ("video", "RTP/AVP"),
        ("audio", "RTP/SAVP"),
        ("audio", "RTP/AVP"),
        ("audio", "RTP/AVP"),
        ("application", "TCP/BFCP"),
    ]
    assert [port != "0" for _, port, _ in streams] == [False, False, True, False, False]
    assert_continuous(call.media.wait_for_packets(10))


def test_ipv6(serve: Serve, call_from: CallFrom) -> None:
    """RING-31, RING-21, RING-35: over [::1]; a machine without it is shown to have none."""
    if not has_ipv6():
        assert "::1" not in loopback_addresses()
        return
    server = tone_server(serve, RING_THEN_ANSWER, "::1")
    call = call_from(server).invite()
    description = sdp.parse(call.wait_for(183).body)
    assert description.connection == "IN IP6 ::1"
    assert call.wait_for(200).body == call.wait_for(183).body
    packets = call.media.wait_for_packets(20)
    assert_continuous(packets)
    assert packets[0].source == description.address
    assert told(server)[0] == [True, "ANSWERED"]


def has_ipv6() -> bool:
    """Whether the machine has IPv6 on its loopback interface."""
    if not socket.has_ipv6:
        return False
    try:
        with socket.socket(SIX, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def loopback_addresses() -> set[str]:
    """The addresses of the name that stands for this machine."""
    return {str(found[4][0]) for found in socket.getaddrinfo("localhost", None, type=socket.SOCK_DGRAM)}


# Clearing


def test_a_cancel_before_the_180(serve: Serve, call_from: CallFrom) -> None:
    """RING-4, RING-1: 200 and 487, no 180; ring raises Hangup afterwards."""
    server = serve(RING_AFTER_THE_CALL)
    call = call_from(server).invite()
    server.wait_for_log("instance started")
    call.cancel()
    assert call.wait_for_response("CANCEL", 1).status == 200
    assert call.wait_for_final().status == 487
    assert told(server) == [["Hangup", "NORMAL"]]
    assert 180 not in call.statuses


def test_a_cancel_on_the_heels_of_the_invite(serve: Serve, call_from: CallFrom) -> None:
    """RING-4: in whatever order they are worked on, the call ends with 487, and the next is served."""
    server = tone_server(serve, EARLY.format(seconds=30))
    caller = call_from(server)
    calls = [caller.invite() for _ in range(10)]
    for call in calls:
        call.cancel()
    for call in calls:
        assert call.wait_for_response("CANCEL", 1).status == 200
        assert call.wait_for_final().status == 487
    caller.invite().wait_for(183)


def test_a_cancel_between_the_180_and_the_183(serve: Serve, call_from: CallFrom) -> None:
    """RING-4, RING-22: the early media that was to come does not come."""
    server = serve("""
        import json
        from offhook.uas import Hangup

        def main(channel):
            print("told", json.dumps(channel.ring(30).name))
            try:
                channel.ring(0, True)
            except Hangup:
                print("told", json.dumps("Hangup"))
    """)
    call = call_from(server).invite()
    call.wait_for(180)
    call.cancel()
    assert call.wait_for_final().status == 487
    assert told(server, 2) == ["IDLE", "Hangup"]
    assert [status for status in call.statuses if status != 100] == [180, 487]
    assert not call.media.packets


def test_a_cancel_stops_early_media(serve: Serve, call_from: CallFrom) -> None:
    """RING-4, RING-10: no RTP after the end of the call, ringing in the background or not."""
    call = early_call(serve, call_from)
    call.cancel()
    assert call.wait_for_final().status == 487
    # What was on its way is no late packet.
    assert not call.has_received("BYE", 0.1)
    assert stays_silent(call, 0.3)


def test_a_cancel_that_crosses_the_200(serve: Serve, call_from: CallFrom) -> None:
    """RING-4, ANS-12: it gets its 200 and has no effect (RFC 3261 section 9.2): the call is answered."""
    server = tone_server(serve, RING_THEN_ANSWER)
    call = call_from(server).invite(auto_ack=False)
    answered = call.wait_for(200)
    call.cancel()
    assert call.wait_for_response("CANCEL", 1).status == 200
    call.ack(answered)
    assert told(server)[0] == [True, "ANSWERED"]
    assert call.wait_for_response("BYE", call.bye()).status == 200
    assert told(server, 2)[1] == ["IDLE", "NORMAL"]
    assert [status for status in call.statuses if status != 100] == [183, 200]


@pytest.mark.parametrize("early_media", [False, True])
def test_a_bye_on_the_early_dialog(serve: Serve, call_from: CallFrom, early_media: bool) -> None:
    """RING-4, RING-23: the BYE gets 200, the INVITE 487, and ring returns IDLE."""
    server = serve(f"""
        import json

        def main(channel):
            print("told", json.dumps([channel.ring(30, {early_media}).name, channel.cause().name]))
    """)
    call = call_from(server).invite()
    call.wait_for(183 if early_media else 180)
    assert call.wait_for_response("BYE", call.bye()).status == 200
    assert call.wait_for_final().status == 487
    assert told(server) == [["IDLE", "NORMAL"]]


# Repetitions


def test_an_invite_that_is_repeated_at_every_stage(serve: Serve) -> None:
    """RING-25: before the 180, after it, after the 200 and after the ACK: one instance, one call."""
    server = tone_server(serve, RING_THEN_ANSWER)
    with RecordingCaller(server.network, server.address) as caller:
        call = caller.invite(auto_ack=False)
        call.send_invite()
        call.wait_for(183)
        call.send_invite()
        answered = call.wait_for(200)
        call.send_invite()
        call.ack(answered)
        assert told(server)[0] == [True, "ANSWERED"]
        call.send_invite()
        assert call.wait_for_response("BYE", call.bye()).status == 200
        assert told(server, 2)[1] == ["IDLE", "NORMAL"]
        assert [status for status in call.statuses if status != 100] == [183, 200]
        assert server.log.count("instance started") == 1


def test_a_merged_request(serve: Serve) -> None:
    """RING-25: the same INVITE with another branch (it was forked): 482, and the call that rings goes on."""
    server = tone_server(serve, EARLY.format(seconds=0))
    with RecordingCaller(server.network, server.address) as caller:
        call = caller.invite(auto_ack=False)
        call.wait_for(183)
        caller.send(re.sub(rb"branch=z9hG4bK\w+", b"branch=z9hG4bKanother", caller.last("INVITE"), count=1))
        merged = call.wait_for_final()
        assert merged.status == 482
        assert "z9hG4bKanother" in merged.headers.require("Via")
        ack = caller.last("INVITE").replace(b"INVITE", b"ACK", 1).partition(b"\r\n\r\n")[0].decode()
        ack = re.sub(r"branch=z9hG4bK\w+", "branch=z9hG4bKanother", ack, count=1)
        ack = re.sub(r"\r\nContent-(Type|Length): [^\r]*", "", ack.replace("1 INVITE", "1 ACK"))
        caller.send(ack.encode() + b"\r\nContent-Length: 0\r\n\r\n")
        before = len(call.media.packets)
        call.media.wait_for_packets(before + 10)
        assert server.log.count("instance started") == 1
        call.cancel()
        cancelled = call.wait_for_count(487, 1)[0]
        assert "z9hG4bKanother" not in cancelled.headers.require("Via")
        call.ack(cancelled)


# UPDATE during early media


def updated(call: Call, **offer: Any) -> sdp.SessionDescription:
    """Send an UPDATE with an offer; the answer in its 200."""
    body = sdp.offer("127.0.0.1", offer.pop("port", call.media.port), version=2, **offer)
    response = call.wait_for_response("UPDATE", call.update(body))
    assert response.status == 200
    return sdp.parse(response.body)


@pytest.mark.parametrize(("direction", "answered"), [("inactive", "inactive"), ("sendonly", "recvonly")])
def test_an_update_puts_early_media_on_hold(
    serve: Serve, call_from: CallFrom, direction: str, answered: str
) -> None:
    """RING-35, RING-31: no RTP while on hold; the next UPDATE brings the same stream back, later in time."""
    call = early_call(serve, call_from)
    assert updated(call, direction=direction).media[0].direction == answered
    assert not call.has_received("BYE", 0.1)
    assert stays_silent(call, 0.4)
    before = list(call.media.packets)
    assert updated(call).media[0].direction == "sendrecv"
    packets = call.media.wait_for_packets(len(before) + 10)
    last, first = before[-1], packets[len(before)]
    assert (first.ssrc, first.source) == (last.ssrc, last.source)
    assert first.marker, "a marker after the gap (RING-36)"
    assert (first.timestamp - last.timestamp) & 0xFFFFFFFF >= 0.4 * 8000
    assert stretches_of_tone(first.samples, 1000), "the ringtone went on"


def test_an_update_with_a_new_address(serve: Serve, call_from: CallFrom) -> None:
    """RING-35: the same stream goes to the new address from then on."""
    call = early_call(serve, call_from)
    media = MediaSession(call.network, "127.0.0.1")
    try:
        updated(call, port=media.port)
        moved = collect(media, 0.4)
        assert len(moved) >= 10
        assert stays_silent(call, 0.2)
        assert_continuous([*call.media.packets, *moved])
    finally:
        media.close()


def test_an_update_with_a_new_codec(serve: Serve, call_from: CallFrom) -> None:
    """RING-35, RING-52: the stream goes on in the codec that is offered now, and the tone is heard on."""
    call = early_call(serve, call_from, codecs=("PCMA/8000",))
    answer = updated(call, codecs=("PCMU/8000",))
    assert answer.audio.encodings[0] == "PCMU/8000"
    before = len(call.media.packets)
    packets = call.media.wait_for_packets(before + 10)
    assert packets[0].payload_type == 8
    assert {packet.payload_type for packet in packets[-9:]} == {0}
    assert {packet.ssrc for packet in packets} == {packets[0].ssrc}
    assert all(stretches_of_tone(packet.samples, 1000) for packet in packets[-9:])


def test_an_update_that_cannot_be_met(serve: Serve, call_from: CallFrom) -> None:
    """RING-35, RING-52: 488, and what was negotiated stays (RFC 3311 section 5.2)."""
    call = early_call(serve, call_from)
    body = sdp.offer("127.0.0.1", call.media.port, ("G729/8000",), version=2)
    assert call.wait_for_response("UPDATE", call.update(body)).status == 488
    before = len(call.media.packets)
    assert_continuous(call.media.wait_for_packets(before + 10))
