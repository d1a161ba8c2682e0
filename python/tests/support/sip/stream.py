"""What a stream of RTP is like: its continuity and where in it there is sound."""

from __future__ import annotations

from collections.abc import Sequence

from support.sip import audio
from support.sip.rtp import FRAME_SECONDS, MediaSession, RtpPacket

AUDIO_PAYLOADS = (0, 8)


def assert_continuous(packets: Sequence[RtpPacket]) -> None:
    """One source; each packet follows the one before in sequence number and timestamp; the first is marked.

    A machine that stands still for more than two frames, which the times of arrival show, may pass over whole
    frames; then the next packet has a marker too (RING-36: "and after a gap").
    """
    assert packets, "there are no packets"
    assert packets[0].marker
    assert {packet.ssrc for packet in packets} == {packets[0].ssrc}
    assert len({packet.source for packet in packets}) == 1
    for before, after in zip(packets, packets[1:]):
        assert after.sequence == (before.sequence + 1) & 0xFFFF
        frame = len(before.payload)
        missing = (after.timestamp - before.timestamp - frame) & 0xFFFFFFFF
        assert after.marker == bool(missing)
        if missing:
            stood_still = after.at - before.at
            assert stood_still > 2 * frame / audio.RATE, f"{missing} samples are left out for no reason"
            assert missing % frame == 0
            assert missing / audio.RATE < stood_still


def samples_of(packets: Sequence[RtpPacket]) -> list[int]:
    """The decoded audio on its time line; what is missing is silence."""
    samples: list[int] = []
    for packet in packets:
        offset = (packet.timestamp - packets[0].timestamp) & 0xFFFFFFFF
        samples.extend([0] * (offset - len(samples)))
        samples.extend(packet.samples)
    return samples


def stretches_of_tone(
    samples: Sequence[int], frequency: float, least_dbm0: float = -30.0
) -> list[tuple[float, float]]:
    """Where the tone is heard, as pairs of start and end in seconds, in steps of 10 ms."""
    step = audio.RATE // 100
    stretches: list[tuple[float, float]] = []
    for start in range(0, len(samples) - step + 1, step):
        if audio.tone_level_dbm0(samples[start : start + step], frequency) < least_dbm0:
            continue
        begin, end = start / audio.RATE, (start + step) / audio.RATE
        if stretches and abs(stretches[-1][1] - begin) < 0.001:
            stretches[-1] = (stretches[-1][0], end)
        else:
            stretches.append((begin, end))
    return stretches


def stretches_of_sound(samples: Sequence[int], threshold_dbm0: float = -45.0) -> list[tuple[float, float]]:
    """Where anything is heard, as pairs of start and end in seconds, in steps of 5 ms."""
    stretches = []
    at = 0.0
    for sounding, seconds in audio.cadence(samples, threshold_dbm0):
        if sounding:
            stretches.append((at, at + seconds))
        at += seconds
    return stretches


def collect(media: MediaSession, seconds: float) -> list[RtpPacket]:
    """The packets that come to a media session in that time."""
    seen = len(media.packets)
    media.network.sleep(seconds)
    return media.packets[seen:]


def assert_same_length(seconds: float, expected: float) -> None:
    """What was played is as long as asked for, to one frame (RING-16)."""
    assert abs(seconds - expected) <= FRAME_SECONDS + 1e-6, f"{seconds} s were played, not {expected} s"
