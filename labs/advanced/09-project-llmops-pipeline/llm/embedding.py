"""Embeddings: a text as 256 numbers, so that texts on one matter point in like directions. Hashed word stems, no network was trained."""

import hashlib
import math
from functools import lru_cache

from .text import COMMON, meaning

SIZE = 256


def embedding(text: str) -> list[float]:
    """Return 256 numbers of length 1 (all zero for a text without words that carry meaning)."""
    return list(_embedding(text))


@lru_cache(2048)
def _embedding(text: str) -> tuple[float, ...]:
    values = [0.0] * SIZE
    for one in meaning(text):
        digest = hashlib.sha256(one.encode()).digest()
        for byte, sign in ((0, 4), (8, 12)):  # two places a word: two words seldom share both
            values[int.from_bytes(digest[byte : byte + 2], "big") % SIZE] += (1 if digest[sign] % 2 else -1) * (
                0.3 if one in COMMON else 1.0
            )
    length = math.sqrt(sum(value * value for value in values))
    return tuple(round(value / length, 6) for value in values) if length else tuple(values)
