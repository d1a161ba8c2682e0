"""What a ringtone may be, and that what is heard is what was asked for, in the program.

The audio is decoded from RTP and measured; the files are encoded by the tests themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from support import sound
from support.server import Server
from support.sip import Call, Caller, audio
from support.sip.stream import (
    assert_continuous,
    assert_same_length,
    samples_of,
    stretches_of_sound,
    stretches_of_tone,
)
from support.told import told

Serve = Callable[..., Server]
CallFrom = Callable[[Server], Caller]

PLAY_AS_CALLED = """
    import json
    import time
    from offhook.uas import PlayableMedia

    def main(channel):
        name = channel.Details.call_to.partition(":")[2].partition("@")[0]
        began = time.monotonic()
        channel.ring(None, True, PlayableMedia(file_to_play=name + ".wav"))
        print("told", json.dumps(time.monotonic() - began))
        channel.wait_for_idle()
"""

TRY_RINGTONES = """
    import json
    from offhook.uas import Error, PlayableMedia, ToneManager, TonePlayer

    def main(channel):
        {setup}
        for ringtone in ({ringtones}):
            try:
                channel.ring(0, True, ringtone)
                outcome = ""
            except Error as error:
                outcome = str(error)
            print("told", json.dumps([outcome, channel.state().name]))
        channel.ring(0.2)
        print("told", json.dumps(["", channel.state().name]))
        channel.wait_for_idle()
"""

TONE_IN_EARLY_MEDIA = """
    from offhook.uas import ToneManager, TonePlayer

    def main(channel):
        manager = ToneManager()
        silence = {{"frequency": 0, "amplitude": 0}}
        {definition}
        TonePlayer(channel, manager)
        channel.ring({seconds}, True, {name!r}, {loop})
        channel.ring(1)
"""

BEEP = """manager.create_tone([
            ({{"frequency": 425, "amplitude": 13}}, silence, {{"duration": 200, "add": "summation"}}),
            (silence, silence, {{"duration": 130, "add": "summation"}}),
            ({{"frequency": 1400, "amplitude": 20}}, silence, {{"duration": 150, "add": "summation"}}),
            (silence, silence, {{"duration": 240, "add": "summation"}}),
        ], "beep")""".format()


def heard(call: Call, packets: int) -> list[int]:
    """The audio of a call until that many packets have come."""
    received = call.media.wait_for_packets(packets)
    assert_continuous(received)
    return samples_of(received)


def part(samples: Sequence[int], begin: float, end: float) -> Sequence[int]:
    """The samples between two times in seconds, without 20 ms at both ends."""
    return samples[round((begin + 0.02) * audio.RATE) : round((end - 0.02) * audio.RATE)]


@pytest.mark.parametrize("kind", ["pcm16", "stereo", "pcm8", "alaw", "ulaw", "ima", "oki", "dialogic"])
def test_every_encoding_is_heard_alike(serve: Serve, call_from: CallFrom, kind: str) -> None:
    """RING-46, RING-40, RING-47, RING-12: length, frequency and level are those of what was encoded."""
    server = serve(PLAY_AS_CALLED)
    sound.write_wav(server.media_root / "file.wav", sound.sine(1020, 0.6), kind=kind)
    call = call_from(server).invite("file")
    (elapsed,) = told(server)
    samples = heard(call, 45)
    begin, end = stretches_of_tone(samples, 1020)[0][0], stretches_of_tone(samples, 1020)[-1][1]
    # An IMA block is filled up with silence.
    assert_same_length(end - begin, 0.6)
    assert elapsed >= 0.6
    middle = part(samples, begin, end)
    assert audio.frequency_near(middle, 1020) == pytest.approx(1020, rel=0.005)
    assert audio.tone_level_dbm0(middle, 1020) == pytest.approx(-10, abs=0.5)


@pytest.mark.parametrize("rate", [6000, 8000, 11025, 16000, 22050, 44100, 48000])
def test_every_sampling_rate_is_heard_alike(serve: Serve, call_from: CallFrom, rate: int) -> None:
    """RING-46, RING-47: length, frequency and level are those of the file."""
    server = serve(PLAY_AS_CALLED)
    sound.write_wav(server.media_root / "file.wav", sound.sine(1020, 0.5, rate), rate)
    call = call_from(server).invite("file")
    samples = heard(call, 40)
    ((begin, end),) = stretches_of_tone(samples, 1020)
    assert_same_length(end - begin, 0.5)
    middle = part(samples, begin, end)
    assert audio.frequency_near(middle, 1020) == pytest.approx(1020, rel=0.005)
    assert audio.tone_level_dbm0(middle, 1020) == pytest.approx(-10, abs=0.5)


def test_resampling_does_not_alias(serve: Serve, call_from: CallFrom) -> None:
    """RING-46: 6 kHz of a file at 48 kHz would fall on 2 kHz: it is at least 60 dB down."""
    server = serve(PLAY_AS_CALLED)
    sound.write_wav(server.media_root / "file.wav", sound.sine(6000, 0.6, 48000, 0), 48000)
    call = call_from(server).invite("file")
    samples = heard(call, 35)
    assert audio.tone_level_dbm0(part(samples, 0.05, 0.55), 2000) <= -60


@pytest.mark.parametrize("samples", [1048, 808, 88])
def test_a_loop_has_no_seam(serve: Serve, call_from: CallFrom, samples: int) -> None:
    """RING-44: whole periods of a tone, no whole number of frames: looped, it is one tone without a click."""
    server = serve("""
        from offhook.uas import PlayableMedia

        def main(channel):
            channel.ring(0, True, PlayableMedia(file_to_play="loop.wav"), True)
            channel.wait_for_idle()
    """)
    whole = sound.sine(1000, samples / 8000)
    sound.write_wav(server.media_root / "loop.wav", whole)
    call = call_from(server).invite()
    received = heard(call, 50)
    ((begin, end),) = stretches_of_tone(received, 1000)
    assert end - begin > 0.9
    tone = received[round(begin * 8000) : round(end * 8000)]
    # The period is 8 samples; companding is the same for each of them.
    assert all(
        abs(tone[index] - tone[index - 8]) <= abs(tone[index]) / 16 + 16 for index in range(8, len(tone))
    )


def test_a_text_is_spoken_for_as_long_as_ring_blocks(serve: Serve, call_from: CallFrom) -> None:
    """RING-40, RING-12: what is heard is speech, and ring returns when it ends."""
    server = serve("""
        import json
        import time
        from offhook.uas import PlayableMedia

        def main(channel):
            began = time.monotonic()
            channel.ring(None, True, PlayableMedia(text_to_say="Please hold the line."))
            print("told", json.dumps(time.monotonic() - began))
            channel.ring(1)
    """)
    call = call_from(server).invite()
    (elapsed,) = told(server)
    call.wait_for_final(10)
    samples = samples_of(call.media.packets)
    assert_continuous(call.media.packets)
    stretches = stretches_of_sound(samples)
    assert stretches[0][0] < 0.4
    assert 0.6 < stretches[-1][1] - stretches[0][0] < 4
    assert stretches[-1][1] <= elapsed + 0.05, "it returned in mid-sentence"
    # Speech has a voice: it moves between loud and soft and is no steady tone.
    levels = [audio.level_dbm0(samples[at : at + 160]) for at in range(0, round(elapsed * 8000) - 160, 160)]
    assert max(levels) > -25
    assert max(levels) - sorted(levels)[len(levels) // 4] > 6


def test_nothing_is_played_without_a_ringtone(serve: Serve, call_from: CallFrom) -> None:
    """RING-42: silence under early media."""
    server = serve("def main(channel):\n    channel.ring(1, True, None, True)\n")
    call = call_from(server).invite()
    call.wait_for_final()
    assert stretches_of_sound(samples_of(call.media.packets)) == []
    # A second of frames, less what a machine that stands still for a moment leaves out.
    assert len(call.media.packets) >= 40


def refusals(server: Server, call: Call, count: int) -> list[str]:
    """The errors of that many bad ringtones; nothing was sent, and the call could be rung afterwards."""
    *refused, last = told(server, count + 1)
    assert [state for _, state in refused] == ["CALL_INCOMING"] * count, refused
    assert last == ["", "RING_INCOMING"]
    assert not call.wait_for(180).body
    assert [status for status in call.statuses if status != 100] == [180]
    return [message for message, _ in refused]


def test_a_tone_name_needs_a_tone_player(serve: Serve, call_from: CallFrom) -> None:
    """RING-41, RING-6: without one any name is refused, and the message says what is missing."""
    server = serve(TRY_RINGTONES.format(setup="pass", ringtones="'RINGBACK', 'ringback.fr'"))
    for message in refusals(server, call_from(server).invite(), 2):
        assert "TonePlayer" in message or "tone player" in message


def test_a_tone_must_be_known_to_the_players_manager(serve: Serve, call_from: CallFrom) -> None:
    """RING-41, RING-6: another manager's tone is not; the message lists the known names."""
    setup = "ToneManager(); TonePlayer(channel, ToneManager())"
    server = serve(TRY_RINGTONES.format(setup=setup, ringtones="'beep', 'ringback', ''"))
    for message in refusals(server, call_from(server).invite(), 3):
        assert all(name in message for name in ("custom_ringtone", "RINGBACK", "RINGBACK_UK", "RINGBACK_EU"))


def test_other_types_are_refused(serve: Serve, call_from: CallFrom) -> None:
    """RING-43, RING-6: numbers, bytes, lists and classes are no ringtones."""
    server = serve(TRY_RINGTONES.format(setup="pass", ringtones="7, b'RINGBACK', ['a.wav'], PlayableMedia"))
    for message in refusals(server, call_from(server).invite(), 4):
        assert "custom_ringtone" in message


BAD_FILES: list[tuple[str, Callable[[Path], object]]] = [
    ("missing.wav", lambda path: None),
    ("../outside.wav", lambda path: sound.write_wav(path, sound.sine(1000, 1))),
    ("folder.wav", lambda path: path.mkdir()),
    ("empty.wav", lambda path: path.write_bytes(b"")),
    ("text.wav", lambda path: path.write_text("This is no sound.")),
    ("no_samples.wav", lambda path: sound.write_wav(path, [])),
    ("too_slow.wav", lambda path: sound.write_wav(path, sound.sine(1000, 1), 4000)),
    ("too_fast.wav", lambda path: sound.write_wav(path, sound.sine(1000, 1), 96000)),
]


def test_what_cannot_be_played_is_refused_before_anything_is_sent(serve: Serve, call_from: CallFrom) -> None:
    """RING-45, RING-6: files that are missing, outside, empty or no WAV, and texts with nothing to say."""
    ringtones = [f"PlayableMedia(file_to_play={name!r})" for name, _ in BAD_FILES]
    ringtones += ["PlayableMedia(text_to_say='')", "PlayableMedia()"]
    ringtones += ["PlayableMedia(text_to_say='word ' * 1000)"]
    server = serve(TRY_RINGTONES.format(setup="pass", ringtones=", ".join(ringtones)))
    for name, make in BAD_FILES:
        make(server.media_root / name)
    messages = refusals(server, call_from(server).invite(), len(ringtones))
    assert all(messages)
    for (name, _), message in zip(BAD_FILES, messages):
        assert name in message


def test_a_tone_of_ones_own_sounds_as_defined(serve: Serve, call_from: CallFrom) -> None:
    """RING-41, RING-47, RING-44: frequency to 0.5 %, level to 0.5 dB, cadence to 20 ms, twice round."""
    server = serve(TONE_IN_EARLY_MEDIA.format(definition=BEEP, seconds=1.44, name="beep", loop=True))
    call = call_from(server).invite()
    samples = heard(call, 90)
    expected = [(0.0, 0.2, 425, -13), (0.33, 0.48, 1400, -20), (0.72, 0.92, 425, -13), (1.05, 1.2, 1400, -20)]
    bursts = stretches_of_sound(samples)
    assert len(bursts) == len(expected)
    for (begin, end), (due, over, frequency, level) in zip(bursts, expected):
        assert abs(begin - bursts[0][0] - due) <= 0.02
        assert abs(end - bursts[0][0] - over) <= 0.02
        middle = part(samples, begin, end)
        assert audio.frequency_near(middle, frequency) == pytest.approx(frequency, rel=0.005)
        assert audio.level_dbm0(middle) == pytest.approx(level, abs=0.5)


@pytest.mark.parametrize(
    ("name", "frequencies", "level", "on", "off"),
    [("RINGBACK_UK", (400, 450), -19, 0.4, 0.2), ("RINGBACK_EU", (425,), -13, 1.0, 4.0)],
)
def test_predefined_tones(
    serve: Serve,
    call_from: CallFrom,
    name: str,
    frequencies: tuple[int, ...],
    level: int,
    on: float,
    off: float,
) -> None:
    """RING-41, RING-47, TONE-10: known to every manager; their frequencies, level and cadence."""
    server = serve(TONE_IN_EARLY_MEDIA.format(definition="pass", seconds=1.3, name=name, loop=True))
    call = call_from(server).invite()
    samples = heard(call, 64)
    first, *others = stretches_of_sound(samples)
    assert abs(first[1] - first[0] - on) <= 0.02
    if others:
        assert abs(others[0][0] - first[1] - off) <= 0.02
    else:
        assert off > 0.3
    middle = part(samples, *first)
    for frequency in frequencies:
        assert audio.frequency_near(middle, frequency, 15) == pytest.approx(frequency, rel=0.005)
        assert audio.tone_level_dbm0(middle, frequency) == pytest.approx(level, abs=0.5)
