"""Noise that follows from a seed: the same numbers in every language, so the same images.

Programs in other languages follow this file; `noise.js` does for web pages. All arithmetic is on
unsigned integers of 32 bits until the last line but one.
"""

import numpy as np

GOLDEN = 0x9E3779B9  # 2^32 divided by the golden ratio: steps of it are spread evenly


def mix(values: np.ndarray) -> np.ndarray:
    """Make each number another one that looks random: uint32 to uint32.

    Source: A. Appleby, the last step of MurmurHash3 (fmix32), in the public domain.
    """
    values = (values ^ (values >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    values = (values ^ (values >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    mixed: np.ndarray = values ^ (values >> np.uint32(16))
    return mixed


def normal(seed: int, places: np.ndarray, size: int) -> np.ndarray:
    """Draw from the standard normal distribution: float32 [places, size].

    A row depends on the seed, 0 to 2^32 - 1, and its place alone. Source: G. E. P. Box and
    M. E. Muller (1958), A Note on the Generation of Random Normal Deviates.
    """
    golden = np.uint32(GOLDEN)
    seeds = mix(np.array([seed], np.uint32) + golden)
    keys = mix(seeds + places.astype(np.uint32) * golden)[:, None]
    counter = np.arange(1, 2 * size + 1, dtype=np.uint32) * golden
    drawn = (mix(mix(keys + counter)) + 0.5) / 2.0**32  # float64, never 0 or 1
    radius, turn = np.sqrt(-2 * np.log(drawn[:, 0::2])), 2 * np.pi * drawn[:, 1::2]
    numbers: np.ndarray = (radius * np.cos(turn)).astype(np.float32)
    return numbers
