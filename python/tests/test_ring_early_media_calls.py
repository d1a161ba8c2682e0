"""Early media by `ring` in the program: when there is some, and what its RTP is like."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Any

import pytest

from support import sound
from support.server import Server
from support.sip import Caller, audio, sdp
from support.sip.rtp import MediaSession, RtpPacket
from support.sip.stream import (
    assert_continuous,
    assert_same_length,
    collect,
    samples_of,
    stretches_of_sound,
    stretches_of_tone,
)
from support.told import told

Serve = Callable[..., Server]
CallFrom = Callable[[Server], Caller]

LATE = 0.02
SLACK = 0.3
"""What a loaded machine may add to the 20 ms of RING-36."""

SECOND_FOUNDING_EXAMPLE = """\
# an incoming call is detected
if channel.state() == channel.State.CALL_INCOMING:
    # we have a call, create and play a custom ring tone
    my_ring_tone = PlayableMedia(text_to_say="Thank you for calling.", channel=channel)
    state = channel.ring(seconds_ringtime=None,        # to block for the duration of the text
                         negotiate_early_media=True,   # to negotiate early media, if available
                         custom_ringtone=my_ring_tone) # the media object to play is Early Media is negotiated
    if state == channel.State.RING_INCOMING:
        # after the first Early Media message, we can play another one
        my_next_ring_tone = PlayableMedia(file_to_play="some_music.wav", channel=channel)
        channel.ring(seconds_ringtime=10,               # play for ten seconds
                     custom_ringtone=my_next_ring_tone) # the media to play
        channel.answer()
"""
"""The body of `main`, as the founding document has it, letter for letter."""

RING_EARLY = """
    import json
    import time
    from offhook.uas import PlayableMedia

    def main(channel):
        began = time.monotonic()
        channel.ring(None, True, PlayableMedia(file_to_play="short.wav"))
        elapsed = time.monotonic() - began
        print("told", json.dumps([channel.Details.early_media, elapsed]))
        channel.wait_for_idle()
"""

RING_SILENTLY = """
    def main(channel):
        channel.ring(0, True)
        channel.wait_for_idle()
"""


def early_server(serve: Serve, source: str = RING_EARLY, **settings: Any) -> Server:
    """A server with the application and its sound files."""
    server = serve(source, **settings)
    sound.write_wav(server.media_root / "short.wav", sound.sine(1000, 0.3))
    return server


def test_the_second_founding_example_as_it_stands(serve: Serve, call_from: CallFrom) -> None:
    """RING-12, RING-32, RING-35, RING-40, RING-11, RING-16, ANS-7: a sentence, 10 s of music, the 200."""
    source = "from offhook.uas import PlayableMedia\n\ndef main(channel):\n"
    server = serve(source + textwrap.indent(SECOND_FOUNDING_EXAMPLE, "    "))
    sound.write_wav(server.media_root / "some_music.wav", sound.sine(1000, 12))
    call = call_from(server).invite()
    progress = call.wait_for(183)
    answered = call.wait_for(200, 20)
    call.wait_for_request("BYE")
    assert [status for status in call.statuses if status != 100] == [183, 200]
    assert progress.body
    assert answered.body == progress.body
    assert sdp.parse(progress.body).audio.encodings[0] == "PCMA/8000"
    packets = list(call.media.packets)
    assert_continuous(packets)
    samples = samples_of(packets)
    (music,) = [each for each in stretches_of_tone(samples, 1000, -13) if each[1] - each[0] > 0.5]
    assert_same_length(music[1] - music[0], 10)
    middle = samples[round((music[0] + 0.5) * 8000) :][:8000]
    assert abs(audio.level_dbm0(middle) + 10) < 0.5
    assert audio.frequency_near(middle, 1000) == pytest.approx(1000, rel=0.005)
    # Before the music there is the sentence, from its first to its last sound, and nothing that is no speech.
    spoken = samples[: round(music[0] * 8000)]
    assert 0.8 < music[0] < 4, "a sentence of four words"
    voiced = stretches_of_sound(spoken)
    assert voiced[0][0] < 0.4
    assert voiced[-1][1] > music[0] - 1, "the pause after a sentence is part of it, and short"
    assert sum(end - begin for begin, end in voiced) > 0.5 * music[0]
    # The 200 comes when the music is over, measured from the 183 by the clock of the network.
    assert answered.at - progress.at >= music[1] - SLACK


def other_streams(*lines: str) -> dict[str, Any]:
    """Arguments of an INVITE whose offer has these lines in place of the usable audio stream."""
    head = ["v=0", "o=caller 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0"]
    return {"body": "".join(f"{line}\r\n" for line in [*head, *lines])}


@pytest.mark.parametrize(
    "offer",
    [
        {"body": False},
        {"codecs": ("G729/8000",)},
        other_streams("m=video 40000 RTP/AVP 96", "a=rtpmap:96 H264/90000"),
        other_streams("m=audio 40000 RTP/SAVP 8"),
        other_streams("m=audio 0 RTP/AVP 8"),
        other_streams(),
    ],
    ids=[
        "no offer and no 100rel",
        "no common codec",
        "only video",
        "no keying in common",
        "port 0",
        "no stream",
    ],
)
def test_without_early_media_the_call_rings_plainly(
    serve: Serve, call_from: CallFrom, offer: dict[str, Any]
) -> None:
    """RING-30, RING-31, RING-13, RING-33: 180 without SDP, no RTP, the details and a log line tell it."""
    server = early_server(serve)
    call = call_from(server).invite(**offer)
    assert not call.wait_for(180).body
    assert told(server)[0][0] is False
    assert "early media" in server.log, "no line of the log tells why"
    assert [status for status in call.statuses if status != 100] == [180]
    assert not call.media.packets


@pytest.mark.parametrize("reliable", ["supported", "required"])
def test_without_an_offer_the_reliable_183_has_ours(serve: Serve, call_from: CallFrom, reliable: str) -> None:
    """RING-31, RING-23, RING-30: the PRACK answers it, and the ringtone is heard whole."""
    server = early_server(serve)
    call = call_from(server).invite(body=False, reliable=reliable)
    progress = call.wait_for(183)
    assert progress.is_reliable
    offered = sdp.parse(progress.body).audio
    assert offered.encodings[:2] == ["PCMA/8000", "PCMU/8000"]
    assert call.wait_for_response("PRACK", 2).status == 200
    assert told(server)[0][0] is True
    packets = call.media.wait_for_packets(30)
    assert_continuous(packets)
    ((begin, end),) = stretches_of_tone(samples_of(packets), 1000)
    assert_same_length(end - begin, 0.3)


@pytest.mark.parametrize("answer", ["", "m=audio 0 RTP/AVP 8", "m=audio 40000 RTP/AVP 18"])
def test_without_a_usable_answer_there_is_no_early_media(
    serve: Serve, call_from: CallFrom, answer: str
) -> None:
    """RING-31, RING-30: a PRACK without answer, with a refused stream, with another codec; no RTP is sent."""
    server = early_server(serve)
    call = call_from(server).invite(body=False, reliable="supported", auto_prack=False)
    progress = call.wait_for(183)
    body = other_streams(answer)["body"] if answer else ""
    call.wait_for_response("PRACK", call.prack(progress, body))
    early_media, elapsed = told(server)[0]
    assert early_media is False
    assert elapsed < 5, "it waited for an answer that had come"
    assert not call.media.packets


def test_a_new_ringtone_replaces_the_old_one(serve: Serve, call_from: CallFrom) -> None:
    """RING-34, RING-10: at a frame boundary; None stops what plays; the stream goes on."""
    server = early_server(
        serve,
        """
        from offhook.uas import PlayableMedia

        def main(channel):
            low = PlayableMedia(file_to_play="low.wav")
            high = PlayableMedia(file_to_play="high.wav")
            channel.ring(0, True, low, True)
            channel.wait_for_idle(0.5)
            channel.ring(0, False, high, True)
            channel.wait_for_idle(0.5)
            channel.ring(0)
            channel.wait_for_idle()
        """,
    )
    sound.write_wav(server.media_root / "low.wav", sound.sine(500, 0.313))
    sound.write_wav(server.media_root / "high.wav", sound.sine(1500, 0.217))
    call = call_from(server).invite()
    call.media.wait_until(lambda packets: len(packets) > 70, what="more than 70 packets")
    packets = list(call.media.packets)
    assert_continuous(packets)
    order: list[str] = []
    for packet in packets:
        low, high = (audio.tone_level_dbm0(packet.samples, hertz) for hertz in (500, 1500))
        if max(low, high) < -40:
            heard = "silence"
        else:
            assert abs(low - high) > 15, "both are in one frame"
            heard = "low" if low > high else "high"
        if not order or order[-1] != heard:
            order.append(heard)
    # The stream opens before it is told what to play: on a loaded machine a frame of silence may come first.
    assert order[order[0] == "silence" :] == ["low", "high", "silence"]


def test_one_media_session_from_the_183_to_the_end(serve: Serve, call_from: CallFrom) -> None:
    """RING-35, RING-36, ANS-7: a text in the answered call continues the stream that began with the 183."""
    server = early_server(
        serve,
        """
        from offhook.uas import PlayableMedia

        def main(channel):
            channel.ring(0.4, True, PlayableMedia(file_to_play="short.wav"))
            channel.answer()
            channel.FilePlayer.play("short.wav")
        """,
    )
    call = call_from(server).invite()
    assert call.wait_for(200).body == call.wait_for(183).body
    call.wait_for_request("BYE")
    packets = list(call.media.packets)
    assert_continuous(packets)
    assert packets[0].source == call.remote_media
    stretches = stretches_of_tone(samples_of(packets), 1000)
    assert len(stretches) == 2
    for begin, end in stretches:
        assert_same_length(end - begin, 0.3)


def intervals(packets: list[RtpPacket]) -> float:
    """The mean time between packets in seconds."""
    return (packets[-1].at - packets[0].at) / (len(packets) - 1)


@pytest.mark.parametrize(
    ("attribute", "milliseconds"), [(None, 20), ("a=ptime:40", 40), ("a=maxptime:10", 10)]
)
def test_rtp_begins_with_the_183_and_is_paced(
    serve: Serve, call_from: CallFrom, attribute: str | None, milliseconds: int
) -> None:
    """RING-36: the first packet within 20 ms (and `SLACK`), frames of the offer's length, one marker."""
    server = early_server(serve, RING_SILENTLY)
    call = call_from(server).invite(extra=[attribute] if attribute else [])
    progress = call.wait_for(183)
    packets = call.media.wait_for_packets(1000 // milliseconds)
    assert packets[0].at - progress.at <= LATE + SLACK
    assert_continuous(packets)
    assert {len(packet.payload) for packet in packets} == {milliseconds * 8}
    assert intervals(packets) == pytest.approx(milliseconds / 1000, rel=0.25)


@pytest.mark.sockets_only(reason="virtual time stands while an application computes")
def test_an_application_that_is_busy_does_not_delay_frames(serve: Serve, call_from: CallFrom) -> None:
    """RING-36: frames are paced by a clock, never by the application."""
    server = early_server(
        serve,
        """
        import time

        def main(channel):
            channel.ring(0, True)
            until = time.monotonic() + 1
            while time.monotonic() < until:
                pass
            channel.wait_for_idle()
        """,
    )
    call = call_from(server).invite()
    packets = call.media.wait_for_packets(50)
    assert_continuous(packets)
    assert intervals(packets) == pytest.approx(0.02, rel=0.25)


def test_silence_is_sent_where_nothing_plays(serve: Serve, call_from: CallFrom) -> None:
    """RING-37, RING-42: by default: silent frames at the full rate."""
    server = early_server(serve, RING_SILENTLY)
    call = call_from(server).invite()
    packets = call.media.wait_for_packets(40)
    assert_continuous(packets)
    assert max(abs(sample) for sample in samples_of(packets)) <= 8, "A-law has no smaller value"


def test_silence_can_be_suppressed(serve: Serve, call_from: CallFrom) -> None:
    """RING-37, RING-36: no packets where nothing plays; a marker after the gap, which the time line keeps."""
    server = early_server(
        serve,
        """
        from offhook.uas import PlayableMedia

        def main(channel):
            tone = PlayableMedia(file_to_play="short.wav")
            for _ in range(2):
                channel.ring(None, True, tone)
                channel.ring(0.5)
            channel.answer()
        """,
        silence="suppress",
    )
    call = call_from(server).invite()
    call.wait_for(200)
    packets = list(call.media.packets)
    assert [index for index, packet in enumerate(packets) if packet.marker] == [0, len(packets) // 2]
    assert len(packets) in (30, 31, 32), "twice 0.3 s"
    sequences = [packet.sequence for packet in packets]
    assert sequences == [(sequences[0] + index) & 0xFFFF for index in range(len(packets))]
    ahead = (packets[len(packets) // 2].timestamp - packets[0].timestamp) & 0xFFFFFFFF
    assert ahead / 8000 >= 0.78, "the gap is not in the timestamps"
    assert {packet.ssrc for packet in packets} == {packets[0].ssrc}


def test_rtp_goes_to_where_the_callers_comes_from(serve: Serve, call_from: CallFrom) -> None:
    """RING-38: not for what is no RTP; for the first valid packet; and after that the address is locked."""
    server = early_server(serve, RING_SILENTLY)
    call = call_from(server).invite()
    call.media.wait_for_packets(5)
    remote = call.remote_media
    stranger, behind_nat, late = (MediaSession(call.network, "127.0.0.1") for _ in range(3))
    try:
        for garbage in (b"hello", bytes(172), b"\x40" * 172, b"\x80\x61\0\1", b"\x80\x00" + bytes(5)):
            stranger.rtp.sendto(garbage, remote)
        assert not collect(stranger, 0.3), "RTP goes to one that sent none"
        before = len(call.media.packets)
        call.media.wait_for_packets(before + 10)

        behind_nat.start_sending(remote)
        assert len(collect(behind_nat, 0.8)) >= 20, "RTP does not follow the caller's"
        at_latch = len(call.media.packets)
        late.start_sending(remote)
        assert not collect(late, 0.5), "the latch is not locked"
        assert len(collect(behind_nat, 0.3)) >= 8
        assert len(call.media.packets) == at_latch, "RTP goes to two addresses"
        everything = sorted([*call.media.packets, *behind_nat.packets], key=lambda each: each.timestamp)
        assert {packet.ssrc for packet in everything} == {everything[0].ssrc}
    finally:
        for each in (stranger, behind_nat, late):
            each.close()


def test_symmetric_rtp_can_be_switched_off(serve: Serve, call_from: CallFrom) -> None:
    """RING-38: then only the address of the SDP counts."""
    server = early_server(serve, RING_SILENTLY, symmetric_rtp="off")
    call = call_from(server).invite()
    call.media.wait_for_packets(5)
    elsewhere = MediaSession(call.network, "127.0.0.1")
    try:
        elsewhere.start_sending(call.remote_media)
        assert not collect(elsewhere, 0.5)
        call.media.wait_for_packets(len(call.media.packets) + 10)
    finally:
        elsewhere.close()
