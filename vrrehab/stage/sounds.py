"""What each place sounds like, made in numpy: a quiet room's tone, wind in leaves with a few birds, a soft sea; and the
soft notes of what happens in a session.

Every place's sound is a loop without a seam: noise is shaped in the frequency domain and what comes and goes does so a
whole number of times. Nothing here plays.
"""

from __future__ import annotations

import io
import wave
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]

RATE_HZ = 24_000
LOOP_S = 48
_COUNT = RATE_HZ * LOOP_S
#: Root mean square of every loop, against full scale: about 30 dB below it.
_LOUDNESS = 0.03
#: No sample goes over this, whatever the chance of noise.
PEAK = 0.3


def _noise(rng: np.random.Generator, low_hz: float, high_hz: float, slope: float) -> Samples:
    """Noise (n,) of mean square 1 between two frequencies, falling by `slope` (1: pink in power, 2: brown)."""
    f = np.fft.rfftfreq(_COUNT, 1 / RATE_HZ)
    shape = np.zeros_like(f)
    shape[1:] = f[1:] ** (-slope / 2) / np.sqrt((1 + (low_hz / f[1:]) ** 4) * (1 + (f[1:] / high_hz) ** 4))
    field = np.fft.irfft(shape * np.exp(2j * np.pi * rng.random(len(f))), _COUNT)
    return field / field.std()


def _wander(rng: np.random.Generator, slowest_s: float, quickest_s: float) -> Samples:
    """Something slow (n,) between 0 and 1 that comes back to where it began."""
    t = np.arange(_COUNT) / _COUNT
    cycles = range(max(1, round(LOOP_S / slowest_s)), round(LOOP_S / quickest_s) + 1)
    sum_of = np.sum([np.sin(2 * np.pi * (k * t + rng.random())) / k for k in cycles], axis=0)
    return (sum_of - sum_of.min()) / np.ptp(sum_of)


def _room(rng: np.random.Generator) -> Samples:
    return 0.30 * _noise(rng, 60, 420, 1.6) * (0.85 + 0.15 * _wander(rng, 24, 6))


def _sea(rng: np.random.Generator) -> Samples:
    t = np.arange(_COUNT) / RATE_HZ
    low, middle, hiss = _noise(rng, 40, 240, 1.2), _noise(rng, 150, 900, 1.0), _noise(rng, 900, 3600, 0.8)
    sea = 0.40 * low + 0.14 * middle * (0.7 + 0.3 * _wander(rng, 24, 5))
    waves = 6
    for k in range(waves):
        at = (LOOP_S / waves) * (k + 0.35 * rng.random())
        strength = rng.uniform(0.6, 1.0)
        # Seconds since the wave came, round the loop; it swells, breaks and draws back over the sand.
        since = (t - at) % LOOP_S
        swell = np.exp(-(((since - 2.6) / 1.5) ** 2))
        draw = np.exp(-(((since - 4.9) / 1.9) ** 2))
        sea += strength * (0.75 * swell * middle + 0.34 * draw * hiss + 0.30 * swell * low)
    return sea


def _garden(rng: np.random.Generator) -> Samples:
    gusts = 0.35 + 0.65 * _wander(rng, 24, 4) ** 1.5
    leaves = 0.34 * gusts * _noise(rng, 300, 2600, 0.9) + 0.20 * _noise(rng, 50, 300, 1.4)
    birds = np.zeros(_COUNT)
    for k in range(9):
        _sing(birds, (LOOP_S / 9) * (k + 0.7 * rng.random()), rng)
    # Birds are some way off: what one hears of them is half the garden's echo.
    t = np.arange(_COUNT) / RATE_HZ
    echo = rng.standard_normal(_COUNT) * np.exp(-t / 0.22) * (t < 1.5)
    far = np.fft.irfft(np.fft.rfft(birds) * np.fft.rfft(echo / np.sqrt((echo**2).sum())), _COUNT)
    return leaves + 0.55 * birds + 0.45 * far


def _sing(birds: Samples, at_s: float, rng: np.random.Generator) -> None:
    """A short phrase of two to five soft notes, added round the loop."""
    note_hz = rng.uniform(2300, 3900)
    loud = rng.uniform(0.05, 0.14)
    for _ in range(rng.integers(2, 6)):
        length_s = rng.uniform(0.09, 0.20)
        t = np.arange(int(length_s * RATE_HZ)) / RATE_HZ
        bend = rng.uniform(-500, 700)
        pitch = note_hz * rng.uniform(0.88, 1.14) + bend * t / length_s + 90 * np.sin(2 * np.pi * 24 * t)
        note = loud * np.sin(2 * np.pi * np.cumsum(pitch) / RATE_HZ) * np.sin(np.pi * t / length_s) ** 2
        where = (int(at_s * RATE_HZ) + np.arange(len(note))) % _COUNT
        birds[where] += note
        at_s += length_s + rng.uniform(0.03, 0.16)


_MAKERS: dict[str, Callable[[np.random.Generator], Samples]] = {"room": _room, "garden": _garden, "beach": _sea}
#: How loud each is against the others; a room is hardly heard.
_SHARES = {"room": 0.35, "garden": 0.8, "beach": 1.0}


def loop(sound: str) -> NDArray[np.int16]:
    """The loop that a place names, (n,) at RATE_HZ, the same every time."""
    made = _MAKERS[sound](np.random.default_rng(12))
    made *= _SHARES[sound] * _LOUDNESS / np.sqrt((made**2).mean())
    # Rounded off at the top, where chance would go beyond.
    return np.round(PEAK * np.tanh(made / PEAK) * 32767).astype(np.int16)


#: The notes of each cue, as frequency in Hz and when it begins in seconds: one bar of a marimba for a repetition, a
#: fourth up for a question, a major chord one after the other for a task that is done. Nothing falls, nothing warns.
CUES: dict[str, tuple[tuple[float, float], ...]] = {
    "repetition": ((659.3, 0.0),),
    "question": ((440.0, 0.0), (587.3, 0.16)),
    "done": ((523.3, 0.0), (659.3, 0.14), (784.0, 0.28)),
}
_CUE_S, _CUE_PEAK = 1.1, 0.12
#: How quickly a note comes and goes, in seconds; it never begins with a click.
_ATTACK_S, _DECAY_S = 0.012, 0.22


def cue(name: str) -> NDArray[np.int16]:
    """A soft sound of a session, (n,) at RATE_HZ: it begins and ends in silence."""
    t = np.arange(int(_CUE_S * RATE_HZ)) / RATE_HZ
    made = np.zeros_like(t)
    for frequency_hz, begins_s in CUES[name]:
        since = t - begins_s
        envelope = np.where(since > 0, (1 - np.exp(-since / _ATTACK_S)) * np.exp(-since / _DECAY_S), 0.0)
        # A bar's second partial is four times its first, and dies away sooner.
        overtone = 0.18 * np.sin(2 * np.pi * 4 * frequency_hz * since) * np.exp(-np.maximum(since, 0) / 0.05)
        made += envelope * (np.sin(2 * np.pi * frequency_hz * since) + overtone)
    made *= np.minimum(1.0, (t[-1] - t) / 0.1)
    return np.round(_CUE_PEAK * made / np.abs(made).max() * 32767).astype(np.int16)


def wav(samples: NDArray[np.int16]) -> bytes:
    """A sound as the bytes of a WAV file."""
    data = io.BytesIO()
    with wave.open(data, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes(samples.astype("<i2").tobytes())
    return data.getvalue()
