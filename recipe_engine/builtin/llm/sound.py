"""How long a recording is, from its own bytes, and what writing it down costs.

The one rule: before a call rather too long than too short, since a limit is held against it; after it what the server says.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from recipe_engine.builtin.llm.reading import count, inside
from recipe_engine.plugin import JSON, JSONObject

# A recording whose length is not told by its bytes is taken for one of very little quality: 8 kbit/s.
_LEAST_BYTES_A_SECOND = 1_000
# And one that says to be shorter than this allows (uncompressed, two channels at 96 kHz) is not believed.
_MOST_BYTES_A_SECOND = 600_000
_MP3_KBITS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0)
_MP3_KBITS_LOW = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0)
_MPEG_1 = 3


@dataclass(frozen=True, slots=True)
class SoundPrice:
    """Dollars for a minute of sound, and per million tokens where the server counts them. It holds for servers whose
    address begins with `address`."""

    per_minute: float
    input: float | None = None
    output: float | None = None
    address: str = ""

    def of(self, answer: JSON, estimated: float) -> float:
        """What an answer cost: by the tokens or the seconds that it tells, else by the estimated seconds."""
        usage = inside(answer, "usage")
        tokens = count(usage, "input_tokens"), count(usage, "output_tokens")
        if self.input is not None and self.output is not None and any(tokens):
            return (tokens[0] * self.input + tokens[1] * self.output) / 1_000_000
        return self.of_seconds(_told(usage, "seconds") or _told(answer, "duration") or estimated)

    def of_seconds(self, seconds: float) -> float:
        """What that much sound costs."""
        return seconds / 60 * self.per_minute


def seconds_of(data: bytes) -> float:
    """How long a recording is at most, in seconds."""
    try:
        told = _wav(data) or _ogg(data) or _mp4(data) or _flac(data) or _mp3(data)
    except (struct.error, IndexError):
        told = None
    shortest = len(data) / _MOST_BYTES_A_SECOND
    return max(told, shortest) if told else len(data) / _LEAST_BYTES_A_SECOND


def _told(data: JSON, name: str) -> float:
    value = data.get(name) if isinstance(data, dict) else None
    return float(value) if isinstance(value, int | float) and 0 < value < 10**7 else 0.0


def _wav(data: bytes) -> float | None:
    at = data.find(b"fmt ", 0, 4096) if data.startswith(b"RIFF") else -1
    rate = struct.unpack_from("<I", data, at + 16)[0] if at >= 0 else 0
    return len(data) / rate if rate else None


def _ogg(data: bytes) -> float | None:
    """From the position that the last page tells; Opus counts in 48,000ths, Vorbis in samples."""
    if not data.startswith(b"OggS"):
        return None
    vorbis = data.find(b"\x01vorbis", 0, 4096)
    rate = struct.unpack_from("<I", data, vorbis + 12)[0] if vorbis >= 0 else 48_000
    samples = struct.unpack_from("<q", data, data.rfind(b"OggS") + 6)[0]
    return samples / rate if rate and samples > 0 else None


def _mp4(data: bytes) -> float | None:
    at = data.find(b"mvhd") if data[4:8] == b"ftyp" else -1
    if at < 0:
        return None
    layout, where = (">IQ", at + 24) if data[at + 4] else (">II", at + 16)
    scale, length = struct.unpack_from(layout, data, where)
    return float(length / scale) if scale and length else None


def _flac(data: bytes) -> float | None:
    if not data.startswith(b"fLaC"):
        return None
    packed = int.from_bytes(data[18:26], "big")
    rate, samples = packed >> 44, packed & 0xFFFFFFFFF
    return samples / rate if rate and samples else None


def _mp3(data: bytes) -> float | None:
    """From the rate of the first frame, which is that of all in recordings of a constant rate."""
    at = 0
    if data.startswith(b"ID3"):
        size = data[6:10]
        at = 10 + (size[0] << 21 | size[1] << 14 | size[2] << 7 | size[3])
    if data[at] != 0xFF or data[at + 1] & 0xE0 != 0xE0 or b"Xing" in data[at : at + 200]:
        return None
    rates = _MP3_KBITS if data[at + 1] >> 3 & 3 == _MPEG_1 else _MP3_KBITS_LOW
    kbits = rates[data[at + 2] >> 4]
    return (len(data) - at) * 8 / (kbits * 1000) if kbits else None


def prices_of(data: JSONObject) -> dict[str, SoundPrice]:
    """The prices written in the form of models.json, by model."""
    address = str(data.get("address", ""))
    return {name: SoundPrice(**price, address=address) for name, price in data.get("models", {}).items()}
