"""The random numbers that Martlet draws (Sources/Tensors/RandomStream.swift), so that peers can draw the same.

Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): every word is a function
of seed, purpose, epoch, stream and index.
"""

import numpy as np

SHUFFLE, DROPOUT, SAMPLE, SPLIT = 2, 4, 5, 6  # purposes
LOW, HALF = np.uint64(0xFFFFFFFF), np.uint64(32)


def words(seed, purpose, count, epoch=0, stream=0):
    """32-bit words 0..<count."""
    blocks = np.arange((count + 3) // 4, dtype=np.uint64)
    zero = np.zeros_like(blocks)
    c0, c1, c2, c3 = blocks, zero + np.uint64(purpose << 24), zero + np.uint64(stream), zero + np.uint64(epoch)
    k0, k1 = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(10):
        a, b = np.uint64(0xD2511F53) * c0, np.uint64(0xCD9E8D57) * c2
        c0, c1, c2, c3 = (b >> HALF) ^ c1 ^ np.uint64(k0), b & LOW, (a >> HALF) ^ c3 ^ np.uint64(k1), a & LOW
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3], axis=1).reshape(-1)[:count]


def integers(bounds, seed, purpose, epoch=0):
    """One integer below each bound."""
    drawn = words(seed, purpose, 2 * len(bounds), epoch)
    pairs = (drawn[0::2] << HALF | drawn[1::2]).tolist()
    return [word * bound >> 64 for word, bound in zip(pairs, bounds)]


def permutation(count, seed, purpose, epoch=0):
    """A random order (Fisher and Yates)."""
    order = list(range(count))
    others = integers(range(1, count + 1), seed, purpose, epoch)
    for last in range(count - 1, 0, -1):
        order[last], order[others[last]] = order[others[last]], order[last]
    return np.array(order)


def keep_mask(shape, rate, layer, step, seed=0):
    """What the dropout layer of this path multiplies by in a step, counted from 1."""
    stream = 0x811C9DC5  # FNV-1a
    for byte in layer.encode():
        stream = (stream ^ byte) * 0x01000193 & 0xFFFFFFFF
    drawn = words(seed, DROPOUT, int(np.prod(shape)), step, stream)
    return np.where(drawn >= np.uint64(rate * 2**32), 1 / (1 - rate), 0.0).reshape(shape)
