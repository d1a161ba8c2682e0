"""Measuring audio: G.711 decoding, level, frequency and cadence."""

from __future__ import annotations

import math
from collections.abc import Sequence

RATE = 8000
"""Samples a second of G.711."""

FULL_SCALE_DBM0 = 3.14
"""The level of a full-scale sine in dBm0 (ITU-T G.711)."""


def decode_alaw(payload: bytes) -> list[int]:
    """A-law octets to 16-bit samples."""
    return [_ALAW[octet] for octet in payload]


def decode_ulaw(payload: bytes) -> list[int]:
    """Mu-law octets to 16-bit samples."""
    return [_ULAW[octet] for octet in payload]


def rms(samples: Sequence[int]) -> float:
    """The root mean square."""
    return math.sqrt(sum(sample * sample for sample in samples) / len(samples)) if samples else 0.0


def level_dbm0(samples: Sequence[int]) -> float:
    """The level of all that is heard, in dBm0; -100 for silence."""
    value = rms(samples)
    return 20 * math.log10(value / (32768 / math.sqrt(2))) + FULL_SCALE_DBM0 if value > 0.33 else -100.0


def tone_level_dbm0(samples: Sequence[int], frequency: float) -> float:
    """The level of one frequency, in dBm0, by the Goertzel algorithm under a Hann window."""
    count = len(samples)
    coefficient = 2 * math.cos(2 * math.pi * frequency / RATE)
    previous = before = 0.0
    weight = 0.0
    for index, sample in enumerate(samples):
        window = 0.5 - 0.5 * math.cos(2 * math.pi * index / count)
        weight += window
        previous, before = window * sample + coefficient * previous - before, previous
    power = previous * previous + before * before - coefficient * previous * before
    amplitude = 2 * math.sqrt(max(power, 0.0)) / weight
    return 20 * math.log10(amplitude / 32768) + FULL_SCALE_DBM0 if amplitude > 0.33 else -100.0


def frequency_near(samples: Sequence[int], frequency: float, width: float = 40.0) -> float:
    """The frequency of the strongest tone within `width` Hz around `frequency`, to about 0.1 Hz."""
    low, high = frequency - width, frequency + width
    for _ in range(3):
        step = (high - low) / 16
        best = max(
            (low + step * index for index in range(17)), key=lambda each: tone_level_dbm0(samples, each)
        )
        low, high = best - step, best + step
    return (low + high) / 2


def cadence(samples: Sequence[int], threshold_dbm0: float = -45.0) -> list[tuple[bool, float]]:
    """The runs of sound (`True`) and silence with their seconds, measured in windows of 5 ms."""
    window = RATE // 200
    runs: list[tuple[bool, float]] = []
    for start in range(0, len(samples) - window + 1, window):
        sounding = level_dbm0(samples[start : start + window]) > threshold_dbm0
        if runs and runs[-1][0] == sounding:
            runs[-1] = (sounding, runs[-1][1] + 0.005)
        else:
            runs.append((sounding, 0.005))
    return runs


def _alaw_sample(octet: int) -> int:
    octet ^= 0x55
    segment = (octet & 0x70) >> 4
    value = ((octet & 0x0F) << 4) + 8
    if segment:
        value = (value + 0x100) << (segment - 1)
    return value if octet & 0x80 else -value


def _ulaw_sample(octet: int) -> int:
    octet = ~octet & 0xFF
    value = (((octet & 0x0F) << 3) + 0x84) << ((octet & 0x70) >> 4)
    return 0x84 - value if octet & 0x80 else value - 0x84


_ALAW = [_alaw_sample(octet) for octet in range(256)]
_ULAW = [_ulaw_sample(octet) for octet in range(256)]
