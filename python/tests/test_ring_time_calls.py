"""How long `ring` blocks and what is heard for how long, in the program.

`ring` is timed inside the application. Lower bounds are exact. The upper bound of RING-16 is for an idle
machine; `SLACK` is added to it, since tests run on loaded ones. What is played is measured on the time line
of RTP, where no load can move it, and needs no slack.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support import sound
from support.server import Server
from support.sip import Caller
from support.sip.stream import (
    assert_continuous,
    assert_same_length,
    samples_of,
    stretches_of_tone,
)
from support.told import told

Serve = Callable[..., Server]
CallFrom = Callable[[Server], Caller]

LATE = 0.05
SLACK = 0.35

RING_AS_TOLD = """
    import json
    import threading
    import time
    from offhook.uas import Error, PlayableMedia, ToneManager, TonePlayer

    __uas_identify__ = "application"

    RINGS = {rings}

    def main(channel, application_instance_id, file_man, my_log, application_parameters):
        manager = ToneManager()
        silence = {{"frequency": 0, "amplitude": 0}}
        short = {{"frequency": 1000, "amplitude": 10}}
        manager.create_tone(
            [(short, silence, {{"duration": 200, "add": "summation"}}),
             (silence, silence, {{"duration": 150, "add": "summation"}})],
            "blip",
        )
        TonePlayer(channel, manager)
        for arguments in RINGS:
            if "file" in arguments:
                arguments["custom_ringtone"] = PlayableMedia(file_to_play=arguments.pop("file"))
            began = time.monotonic()
            try:
                outcome = channel.ring(**arguments).name
            except Error as error:
                outcome = f"Error: {{error}}"
            ended = time.monotonic()
            # A difference of floats has an error of its own.
            print("told", json.dumps([outcome, round(ended - began, 9), ended]))
        channel.wait_for_idle()
"""


def rings(serve: Serve, arguments: list[dict[str, object]]) -> Server:
    """A server whose application rings with these arguments, one after another, and tells how it went."""
    server = serve(RING_AS_TOLD.format(rings=repr(arguments).replace("nan", "float('nan')")))
    sound.write_wav(server.media_root / "short.wav", sound.sine(1000, 0.4))
    sound.write_wav(server.media_root / "long.wav", sound.sine(1000, 4))
    return server


@pytest.mark.parametrize("seconds", [0.2, 1, 1.25])
@pytest.mark.parametrize("early_media", [False, True])
def test_ring_blocks_for_its_time(
    serve: Serve, call_from: CallFrom, seconds: float, early_media: bool
) -> None:
    """RING-11, RING-16, RING-3: no shorter, hardly longer, with and without early media."""
    server = rings(serve, [{"seconds_ringtime": seconds, "negotiate_early_media": early_media}])
    call = call_from(server).invite()
    call.wait_for(183 if early_media else 180)
    ((outcome, elapsed, _),) = told(server)
    assert outcome == "RING_INCOMING"
    assert seconds <= elapsed <= seconds + LATE + SLACK


def test_the_ringtone_stops_with_the_ring_time(serve: Serve, call_from: CallFrom) -> None:
    """RING-11, RING-16: 0.7 s of a file of 4 s, to one frame, and silence afterwards."""
    server = rings(serve, [{"seconds_ringtime": 0.7, "negotiate_early_media": True, "file": "long.wav"}])
    call = call_from(server).invite()
    told(server)
    packets = call.media.wait_for_packets(60)
    assert_continuous(packets)
    ((begin, end),) = stretches_of_tone(samples_of(packets), 1000)
    assert_same_length(end - begin, 0.7)


def test_a_short_ringtone_is_followed_by_silence(serve: Serve, call_from: CallFrom) -> None:
    """RING-11: 0.4 s of sound in 1 s of ringing."""
    server = rings(serve, [{"seconds_ringtime": 1, "negotiate_early_media": True, "file": "short.wav"}])
    call = call_from(server).invite()
    ((_, elapsed, _),) = told(server)
    assert elapsed >= 1
    packets = call.media.wait_for_packets(50)
    ((begin, end),) = stretches_of_tone(samples_of(packets), 1000)
    assert_same_length(end - begin, 0.4)


def test_zero_does_not_block_and_the_ringtone_goes_on(serve: Serve, call_from: CallFrom) -> None:
    """RING-10, RING-44: looped in the background for longer than the file lasts."""
    arguments = {"negotiate_early_media": True, "file": "short.wav", "loop_ringtone": True}
    server = rings(serve, [{"seconds_ringtime": 0, **arguments}])
    call = call_from(server).invite()
    ((outcome, elapsed, _),) = told(server)
    assert outcome == "RING_INCOMING"
    assert elapsed < 0.4, "a ring of no time blocked for the ringtone"
    packets = call.media.wait_for_packets(60)[:60]
    ((begin, end),) = stretches_of_tone(samples_of(packets), 1000)
    assert end - begin > 1.1


def test_zero_and_a_ringtone_that_is_not_looped(serve: Serve, call_from: CallFrom) -> None:
    """RING-10: in the background until it ends, then silence."""
    arguments = {"negotiate_early_media": True, "file": "short.wav"}
    server = rings(serve, [{"seconds_ringtime": 0, **arguments}])
    call = call_from(server).invite()
    packets = call.media.wait_for_packets(40)
    ((begin, end),) = stretches_of_tone(samples_of(packets), 1000)
    assert_same_length(end - begin, 0.4)


@pytest.mark.parametrize(
    ("ringtone", "seconds"), [({"file": "short.wav"}, 0.4), ({"custom_ringtone": "blip"}, 0.35)]
)
def test_none_blocks_for_one_pass(
    serve: Serve, call_from: CallFrom, ringtone: dict[str, object], seconds: float
) -> None:
    """RING-12: of a file, and of a tone's sequence; looping counts as False."""
    arguments = {"negotiate_early_media": True, "loop_ringtone": True, **ringtone}
    server = rings(serve, [{"seconds_ringtime": None, **arguments}])
    call = call_from(server).invite()
    ((outcome, elapsed, _),) = told(server)
    assert outcome == "RING_INCOMING"
    assert seconds <= elapsed <= seconds + LATE + SLACK
    packets = call.media.wait_for_packets(45)
    ((begin, end),) = stretches_of_tone(samples_of(packets), 1000)
    assert_same_length(end - begin, 0.4 if "file" in ringtone else 0.2)


@pytest.mark.parametrize("asked", [False, True])
def test_none_without_early_media_counts_as_zero(serve: Serve, call_from: CallFrom, asked: bool) -> None:
    """RING-13, RING-33: off or unavailable, the ringtone's length does not count."""
    server = rings(serve, [{"seconds_ringtime": None, "negotiate_early_media": asked, "file": "long.wav"}])
    # Without an offer and without 100rel there can be no early media.
    call = call_from(server).invite(body=not asked)
    assert not call.wait_for(180).body
    ((outcome, elapsed, _),) = told(server)
    assert outcome == "RING_INCOMING"
    assert elapsed < 2, "it blocked for a ringtone that nobody hears"
    assert not call.media.packets


def test_none_without_a_ringtone_counts_as_zero(serve: Serve, call_from: CallFrom) -> None:
    """RING-14: under early media, at once and in a second ring."""
    server = rings(
        serve, [{"seconds_ringtime": None, "negotiate_early_media": True}, {"seconds_ringtime": None}]
    )
    call = call_from(server).invite()
    call.wait_for(183)
    for outcome, elapsed, _ in told(server, 2):
        assert outcome == "RING_INCOMING"
        assert elapsed < 1, "there was nothing to wait for"


def test_what_is_no_time_is_refused_before_anything_is_sent(serve: Serve, call_from: CallFrom) -> None:
    """RING-15, RING-6: each error names the argument; the call can be rung afterwards."""
    bad: list[object] = [-1, -0.001, float("nan"), True, "1", [1]]
    server = rings(serve, [*({"seconds_ringtime": each} for each in bad), {"seconds_ringtime": 0.1}])
    call = call_from(server).invite()
    call.wait_for(180)
    outcomes = told(server, len(bad) + 1)
    for outcome, _, _ in outcomes[:-1]:
        assert outcome.startswith("Error: "), outcome
        assert "seconds_ringtime" in outcome
    assert outcomes[-1][0] == "RING_INCOMING"
    # The clock of the application is that of the test: nothing was sent before the last error.
    assert call.wait_for(180).at >= outcomes[-2][2]


@pytest.mark.parametrize("early_media", [False, True])
def test_a_caller_that_clears_ends_the_ringing(serve: Serve, call_from: CallFrom, early_media: bool) -> None:
    """RING-4: ring returns IDLE within 50 ms (and `SLACK`) of the CANCEL."""
    server = rings(serve, [{"seconds_ringtime": 60, "negotiate_early_media": early_media}])
    call = call_from(server).invite()
    call.wait_for(183 if early_media else 180)
    cancelled_at = call.network.now()
    call.cancel()
    assert call.wait_for_response("CANCEL", 1).status == 200
    assert call.wait_for_final().status == 487
    ((outcome, _, returned_at),) = told(server)
    assert outcome == "IDLE"
    assert returned_at - cancelled_at <= LATE + SLACK
