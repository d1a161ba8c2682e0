"""Sound files for tests, encoded here from the formats' definitions (RFC 2361, IMA, Dialogic)."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from pathlib import Path

from support.sip import audio

PCM, IMA, DIALOGIC, ALAW, ULAW, OKI = 1, 0x11, 0x17, 6, 7, 0x10
"""Format tags of WAV files (RFC 2361)."""

IMA_BLOCK_BYTES = 256


def sine(frequency: float, seconds: float, rate: int = 8000, level_dbm0: float = -10.0) -> list[int]:
    """A sine as 16-bit samples."""
    amplitude = 32768 * 10 ** ((level_dbm0 - audio.FULL_SCALE_DBM0) / 20)
    step = 2 * math.pi * frequency / rate
    return [round(amplitude * math.sin(step * index)) for index in range(round(seconds * rate))]


def write_wav(path: Path, samples: Sequence[int], rate: int = 8000, kind: str = "pcm16") -> None:
    """Write a WAV file.

    Args:
        path: the file.
        samples: 16-bit samples of one channel.
        rate: samples a second.
        kind: `pcm16`, `stereo` (both channels alike), `pcm8`, `alaw`, `ulaw`, `ima`, `oki` or `dialogic`.
    """
    encode, tag, bits, channels = _KINDS[kind]
    data = encode(samples)
    align = {IMA: IMA_BLOCK_BYTES}.get(tag, max(1, channels * bits // 8))
    extra = struct.pack("<HH", 2, (IMA_BLOCK_BYTES - 4) * 2 + 1) if tag == IMA else b"\0\0"
    header = struct.pack("<HHIIHH", tag, channels, rate, rate * channels * bits // 8, align, bits)
    chunks = _chunk(b"fmt ", header if tag == PCM else header + extra)
    if tag != PCM:
        chunks += _chunk(b"fact", struct.pack("<I", len(samples)))
    path.write_bytes(_chunk(b"RIFF", b"WAVE" + chunks + _chunk(b"data", data)))


def read_wav(path: Path) -> list[int]:
    """The samples of a WAV file of one channel in A-law, mu-law or 16-bit PCM."""
    return read_wav_channels(path)[0]


def read_wav_channels(path: Path) -> list[list[int]]:
    """The samples of each channel of such a file."""
    content = path.read_bytes()
    assert (content[:4], content[8:12]) == (b"RIFF", b"WAVE"), f"{path} is not a WAV file"
    at, tag, channels, samples = 12, 0, 0, []
    while at < len(content):
        name, size = struct.unpack_from("<4sI", content, at)
        body = content[at + 8 : at + 8 + size]
        if name == b"fmt ":
            tag, channels = struct.unpack_from("<HH", body)
        elif name == b"data":
            decode = {PCM: _decode_pcm16, ALAW: audio.decode_alaw, ULAW: audio.decode_ulaw}[tag]
            samples = decode(body)
        at += 8 + size + size % 2
    return [samples[channel::channels] for channel in range(channels)]


def _decode_pcm16(data: bytes) -> list[int]:
    return list(struct.unpack(f"<{len(data) // 2}h", data))


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _pcm16(samples: Sequence[int]) -> bytes:
    return struct.pack(f"<{len(samples)}h", *samples)


def _stereo(samples: Sequence[int]) -> bytes:
    return _pcm16([sample for each in samples for sample in (each, each)])


def _pcm8(samples: Sequence[int]) -> bytes:
    return bytes(min(255, max(0, round(sample / 256) + 128)) for sample in samples)


def _nearest(decode: Callable[[bytes], list[int]]) -> Callable[[Sequence[int]], bytes]:
    """The encoder of a companding law: for each sample the octet that decodes nearest to it."""

    def encode(samples: Sequence[int]) -> bytes:
        table = decode(bytes(range(256)))
        known: dict[int, int] = {}
        for sample in set(samples):
            known[sample] = min(range(256), key=lambda octet: abs(table[octet] - sample))
        return bytes(known[sample] for sample in samples)

    return encode


class _Adaptive:
    """The adaptive quantiser that IMA ADPCM (16 bits) and Dialogic ADPCM (12 bits) have in common.

    Args:
        steps: the step sizes.
        highest: the largest value of a sample.
    """

    def __init__(self, steps: Sequence[int], highest: int) -> None:
        self._steps = steps
        self._highest = highest
        self.value = 0
        self.index = 0

    def encode(self, sample: int) -> int:
        """The nibble for a sample; the state becomes what a decoder's becomes."""
        step = self._steps[self.index]
        difference = sample - self.value
        nibble = 8 if difference < 0 else 0
        left = abs(difference)
        change = step >> 3
        for bit, part in ((4, step), (2, step >> 1), (1, step >> 2)):
            if left >= part:
                nibble |= bit
                left -= part
                change += part
        moved = self.value + (-change if nibble & 8 else change)
        self.value = max(-self._highest - 1, min(self._highest, moved))
        adapted = self.index + (-1, -1, -1, -1, 2, 4, 6, 8)[nibble & 7]
        self.index = max(0, min(len(self._steps) - 1, adapted))
        return nibble


def _ima(samples: Sequence[int]) -> bytes:
    """Blocks of a header (first sample, step index) and nibbles, the low one first."""
    coder = _Adaptive(_IMA_STEPS, 32767)
    per_block = (IMA_BLOCK_BYTES - 4) * 2
    blocks = b""
    for start in range(0, len(samples), per_block + 1):
        part = list(samples[start : start + per_block + 1])
        part += [0] * (per_block + 1 - len(part))
        coder.value = part[0]
        blocks += struct.pack("<hBB", part[0], coder.index, 0)
        nibbles = [coder.encode(sample) for sample in part[1:]]
        blocks += bytes(low | high << 4 for low, high in zip(nibbles[::2], nibbles[1::2]))
    return blocks


def _oki(samples: Sequence[int]) -> bytes:
    """Nibbles of 12-bit samples, the high one first."""
    coder = _Adaptive(_IMA_STEPS[8 : 8 + 49], 2047)
    nibbles = [coder.encode(sample >> 4) for sample in samples]
    nibbles += [0] * (len(nibbles) % 2)
    return bytes(high << 4 | low for high, low in zip(nibbles[::2], nibbles[1::2]))


_IMA_STEPS = [
    *(7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80),
    *(88, 97, 107, 118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544),
    *(598, 658, 724, 796, 876, 963, 1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749),
    *(3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894, 6484, 7132, 7845, 8630, 9493, 10442, 11487, 12635),
    *(13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794, 32767),
]

_KINDS: dict[str, tuple[Callable[[Sequence[int]], bytes], int, int, int]] = {
    "pcm16": (_pcm16, PCM, 16, 1),
    "stereo": (_stereo, PCM, 16, 2),
    "pcm8": (_pcm8, PCM, 8, 1),
    "alaw": (_nearest(audio.decode_alaw), ALAW, 8, 1),
    "ulaw": (_nearest(audio.decode_ulaw), ULAW, 8, 1),
    "ima": (_ima, IMA, 4, 1),
    "oki": (_oki, OKI, 4, 1),
    "dialogic": (_oki, DIALOGIC, 4, 1),
}
