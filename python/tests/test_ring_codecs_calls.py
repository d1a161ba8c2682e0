"""The `codecs` of `ring` in the program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from support import sound
from support.server import Server
from support.sip import Call, Caller, audio, sdp
from support.sip.stream import assert_continuous
from support.told import told

Serve = Callable[..., Server]
CallFrom = Callable[[Server], Caller]

RING_ANSWER = """
    import json
    from offhook.uas import Error

    def main(channel):
        channel.ring({ring})
        print("told", json.dumps(channel.answer({answer}).name))
        channel.wait_for_idle()
"""

ALAW, ULAW, G722 = "PCMA/8000", "PCMU/8000", "G722/8000"
PAYLOAD_TYPES = {ALAW: 8, ULAW: 0, G722: 9}


def codec_of(call: Call, status: int = 200) -> str | None:
    """The one codec that the response's SDP names."""
    stream = sdp.parse(call.wait_for(status).body).audio
    (codec,) = [each for each in stream.encodings if each != "telephone-event/8000"]
    return codec


def answered(serve: Serve, call_from: CallFrom, ring: str, answer: str = "", **offer: Any) -> Call:
    """A call that rings and is answered with these arguments."""
    server = serve(RING_ANSWER.format(ring=ring, answer=answer))
    call = call_from(server).invite(**offer)
    call.wait_for(200)
    assert told(server) == ["ANSWERED"]
    return call


@pytest.mark.parametrize(
    ("codecs", "offered", "expected"),
    [
        ("g711a;g711u", (ALAW, ULAW), ALAW),
        ("g711u;g711a", (ALAW, ULAW), ULAW),
        ("g711a;g711u", (ULAW, ALAW), ALAW),
        ("g711u", (ALAW, ULAW), ULAW),
        ("g711u;g711a", (ALAW,), ALAW),
        ("g722;g711a", (ALAW, G722), G722),
        ("g722;g711a", (ALAW, ULAW), ALAW),
    ],
)
@pytest.mark.parametrize("early_media", [False, True])
def test_the_calls_own_list_decides(
    serve: Serve,
    call_from: CallFrom,
    codecs: str,
    offered: tuple[str, ...],
    expected: str,
    early_media: bool,
) -> None:
    """RING-50, RING-52, RING-53, RING-54: a SIP call heeds it, in its own order, until the answer.

    Other kinds of call would ignore it (RING-54): there are none, every call is a SIP call.
    """
    call = answered(serve, call_from, f"0, {early_media}, codecs={codecs!r}", codecs=offered)
    assert codec_of(call) == expected
    if early_media:
        assert codec_of(call, 183) == expected
    packets = call.media.wait_for_packets(10)
    assert {packet.payload_type for packet in packets} == {PAYLOAD_TYPES[expected]}


def test_the_default_list_is_the_servers(serve: Serve, call_from: CallFrom) -> None:
    """RING-50: None: what the setting says."""
    server = serve(RING_ANSWER.format(ring="0, True, codecs=None", answer=""), codecs="g711u;g711a")
    assert codec_of(call_from(server).invite(), 183) == ULAW


@pytest.mark.parametrize(
    "codecs", ["G711U;G711A", "  g711u ;g711a ", "g711u;g711u;g711a;g711u", "opus;g722;g729;g711u"]
)
def test_names_are_read_leniently(serve: Serve, call_from: CallFrom, codecs: str) -> None:
    """RING-51: letter case and blanks do not matter, duplicates are dropped, all five names are known."""
    assert codec_of(answered(serve, call_from, f"0, True, codecs={codecs!r}")) == ULAW


def test_a_bad_list_is_refused_before_anything_is_sent(serve: Serve, call_from: CallFrom) -> None:
    """RING-51, RING-6: the error lists the names, and the call can be rung afterwards."""
    server = serve("""
        import json
        import time
        from offhook.uas import Error

        def main(channel):
            for codecs in ("", " ", ";", "g711", "g711a,g711u", "g711a;gsm"):
                try:
                    channel.ring(0, True, codecs=codecs)
                    outcome = "rang"
                except Error as error:
                    outcome = str(error)
                print("told", json.dumps([codecs, outcome, channel.state().name]))
            at = time.monotonic()
            channel.ring()
            print("told", json.dumps(at))
            channel.wait_for_idle()
    """)
    call = call_from(server).invite()
    *refused, at = told(server, 7)
    for codecs, outcome, state in refused:
        assert state == "CALL_INCOMING", codecs
        assert all(name in outcome for name in ("codecs", "g711a", "g711u", "g722", "opus", "g729")), outcome
    assert call.wait_for(180).at >= at
    assert [status for status in call.statuses if status != 100] == [180]


@pytest.mark.parametrize(("payloads", "event"), [({}, 101), ({ALAW: 97}, 96), ({ALAW: 8}, 127), ({}, None)])
def test_the_answer_has_the_payload_numbers_of_the_offer(
    serve: Serve, call_from: CallFrom, payloads: dict[str, int], event: int | None
) -> None:
    """RING-52: one codec, telephone events at its clock rate if they were offered, their numbers kept."""
    call = answered(serve, call_from, "0, True, codecs='g711a'", payloads=payloads, telephone_event=event)
    number = payloads.get(ALAW, 8)
    stream = sdp.parse(call.wait_for(200).body).audio
    assert stream.formats == [number] + ([event] if event is not None else [])
    assert stream.encodings == [ALAW] + (["telephone-event/8000"] if event is not None else [])
    assert {packet.payload_type for packet in call.media.wait_for_packets(5)} == {number}


def test_telephone_events_at_another_clock_rate_are_left_out(serve: Serve, call_from: CallFrom) -> None:
    """RING-52: of two the one at the codec's rate is answered."""
    offer = (
        "v=0\r\no=caller 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        "m=audio 40000 RTP/AVP 8 100 101\r\na=rtpmap:100 telephone-event/48000\r\n"
        "a=rtpmap:101 telephone-event/8000\r\n"
    )
    call = answered(serve, call_from, "0, True", body=offer)
    assert sdp.parse(call.wait_for(200).body).audio.formats == [8, 101]


def test_the_list_is_remembered_for_the_answer(serve: Serve, call_from: CallFrom) -> None:
    """RING-53: given to a plain ring, used by the 200; a later ring without a list does not forget it."""
    server = serve("""
        def main(channel):
            channel.ring(0, codecs="g711u")
            channel.ring(0)
            channel.answer()
            channel.wait_for_idle()
    """)
    call = call_from(server).invite()
    assert codec_of(call) == ULAW


@pytest.mark.parametrize(
    "second", ["channel.ring(0, True, codecs='g711a')", "channel.answer(codecs='g711a')"]
)
def test_once_media_is_negotiated_another_list_is_ignored(
    serve: Serve, call_from: CallFrom, second: str
) -> None:
    """RING-53, RING-35, ANS-8: with a warning in the log; the codec and the stream stay."""
    server = serve(f"""
        from offhook.uas import PlayableMedia

        def main(channel):
            channel.ring(0, True, PlayableMedia(file_to_play="tone.wav"), True, "g711u")
            {second}
            if channel.state() == channel.State.RING_INCOMING:
                channel.answer()
            channel.wait_for_idle()
    """)
    sound.write_wav(server.media_root / "tone.wav", sound.sine(1000, 1))
    call = call_from(server).invite()
    assert codec_of(call, 183) == ULAW
    assert call.wait_for(200).body == call.wait_for(183).body
    packets = call.media.wait_for_packets(20)
    assert_continuous(packets)
    assert {packet.payload_type for packet in packets} == {0}
    warnings = [line for line in server.log.splitlines() if " WARN " in line and "codec" in line]
    assert len(warnings) == 1


def test_both_codecs_sound_alike(serve: Serve, call_from: CallFrom) -> None:
    """RING-50, RING-47: A-law and mu-law carry the same tone at the same level."""
    server = serve("""
        from offhook.uas import PlayableMedia

        def main(channel):
            name = channel.Details.call_to.partition(":")[2].partition("@")[0]
            channel.ring(0, True, PlayableMedia(file_to_play="tone.wav"), True, name)
            channel.wait_for_idle()
    """)
    sound.write_wav(server.media_root / "tone.wav", sound.sine(1000, 1))
    caller = call_from(server)
    calls = [caller.invite("g711a"), caller.invite("g711u")]
    for call in calls:
        packets = call.media.wait_for_packets(25)
        samples = [sample for packet in packets[3:] for sample in packet.samples]
        assert audio.tone_level_dbm0(samples, 1000) == pytest.approx(-10, abs=0.5)
