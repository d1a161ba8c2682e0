"""Sound that a peer says, and what is measured of the sound that it hears."""

from __future__ import annotations

import array
import math
import struct
import wave
from pathlib import Path

RATE = 8000


def write_sine(file: Path, hertz: float, seconds: float, dbm0: float = -10) -> None:
    """Writes a sine as a WAV file; a sine of full scale is +3.14 dBm0."""
    peak = 32767 * 10 ** ((dbm0 - 3.14) / 20)
    step = 2 * math.pi * hertz / RATE
    samples = array.array("h", (round(peak * math.sin(step * index)) for index in range(int(RATE * seconds))))
    write_wav(file, samples)


def write_wav(file: Path, samples: array.array[int]) -> None:
    """Writes samples of 16 bits as a WAV file."""
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(samples.tobytes())


def read_wav(file: Path) -> tuple[int, array.array[int]]:
    """The sampling rate and the samples of a mono WAV file, linear or A-law, complete or cut short."""
    content = file.read_bytes()
    assert content[:4] == b"RIFF", f"{file} is no WAV file"
    at, tag, rate = 12, 0, RATE
    while at + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, at)
        body = content[at + 8 : at + 8 + size]
        if name == b"fmt ":
            tag, _, rate = struct.unpack_from("<HHI", body)
        if name == b"data":
            # A peer that was ended may have left no length.
            data = body or content[at + 8 :]
            if tag == 6:
                return rate, array.array("h", map(_A_LAW.__getitem__, data))
            samples = array.array("h")
            samples.frombytes(data[: len(data) // 2 * 2])
            return rate, samples
        at += 8 + size + size % 2
    raise AssertionError(f"{file} has no sound")


def level_dbm0(samples: array.array[int], rate: int, hertz: float) -> float:
    """The level of one frequency: a sine of full scale is +3.14 dBm0."""
    count = len(samples)
    real = sum(value * math.cos(2 * math.pi * hertz * index / rate) for index, value in enumerate(samples))
    imaginary = sum(
        value * math.sin(2 * math.pi * hertz * index / rate) for index, value in enumerate(samples)
    )
    amplitude = 2 * math.hypot(real, imaginary) / count
    return 20 * math.log10(max(amplitude, 1e-3) / 32768) + 3.14


def seconds_of(samples: array.array[int], rate: int, hertz: float) -> float:
    """For how long a frequency is heard at a clear level, in steps of 100 ms."""
    step = rate // 10
    blocks = [samples[start : start + step] for start in range(0, len(samples) - step + 1, step)]
    return sum(0.1 for block in blocks if level_dbm0(block, rate, hertz) > -20)


def _linear(code: int) -> int:
    """One octet of A-law as a sample (ITU-T G.711)."""
    code ^= 0x55
    exponent, mantissa = (code >> 4) & 7, code & 15
    magnitude = (mantissa << 4) + 8 if exponent == 0 else ((mantissa << 4) + 0x108) << (exponent - 1)
    return magnitude if code & 0x80 else -magnitude


_A_LAW = [_linear(code) for code in range(256)]
