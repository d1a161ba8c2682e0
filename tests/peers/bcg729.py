"""G.729 by bcg729, an implementation that shares nothing with ours but the Recommendation.

As a program, `bcg729.py encode [dtx] | decode`, it reads samples (16 bits, little endian) and writes frames,
or the other way round. A frame is a byte with its length, then that many bytes: 10 for speech, 2 for a SID
frame, 0 for nothing sent; 255 stands for a frame that was lost.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterable, Iterator

SAMPLES = 80
LOST = 255


def library() -> ctypes.CDLL:
    """The library, of the Debian package libbcg729-0."""
    library = ctypes.CDLL("libbcg729.so.0")
    for start in (library.initBcg729EncoderChannel, library.initBcg729DecoderChannel):
        start.restype = ctypes.c_void_p
    library.bcg729Encoder.argtypes = [ctypes.c_void_p] * 4
    library.bcg729Decoder.argtypes = [ctypes.c_void_p] * 2 + [ctypes.c_uint8] * 4 + [ctypes.c_void_p]
    return library


def encode(samples: bytes, dtx: bool = False) -> Iterator[bytes]:
    """The frames of 16-bit samples; with `dtx`, pauses are described and not sent."""
    bcg729 = library()
    encoder = bcg729.initBcg729EncoderChannel(ctypes.c_uint8(dtx))
    frame = ctypes.create_string_buffer(16)
    length = ctypes.c_uint8()
    for start in range(0, len(samples) - 2 * SAMPLES + 1, 2 * SAMPLES):
        bcg729.bcg729Encoder(encoder, samples[start : start + 2 * SAMPLES], frame, ctypes.byref(length))
        yield frame.raw[: length.value]


def decode(frames: Iterable[bytes | None]) -> Iterator[bytes]:
    """The 16-bit samples of each frame; None is a frame that was lost, an empty one belongs to a pause."""
    bcg729 = library()
    decoder = bcg729.initBcg729DecoderChannel()
    samples = ctypes.create_string_buffer(2 * SAMPLES)
    for frame in frames:
        lost = frame is None
        pause = frame is not None and len(frame) < 10
        bcg729.bcg729Decoder(decoder, frame or None, len(frame or b""), lost, pause, False, samples)
        yield samples.raw


def packed(frame: bytes) -> bytes:
    """A frame with its length."""
    return bytes([len(frame)]) + frame


def unpacked(stream: bytes) -> Iterator[bytes | None]:
    """The frames of a stream of frames with their lengths."""
    at = 0
    while at < len(stream):
        length = stream[at]
        at += 1
        if length == LOST:
            yield None
        else:
            yield stream[at : at + length]
            at += length


def main(what: str, *options: str) -> None:
    """Encodes or decodes the standard input."""
    given = sys.stdin.buffer.read()
    coded = what == "encode"
    made = (packed(frame) for frame in encode(given, "dtx" in options)) if coded else decode(unpacked(given))
    for piece in made:
        sys.stdout.buffer.write(piece)


if __name__ == "__main__":
    main(*sys.argv[1:])
