"""What the makers of the goldens share: the hash that both sides compute, and the file's format.

A golden stores what a peer computed in float64, never its inputs: images, labels and initial weights
are functions of (name, index) that Tests/Cases/Fill.swift and Golden.swift compute as well.
"""

import json
import struct

import numpy as np

BATCH = 8
STEPS = 10
CLASSES = 10


def seed(name):
    """FNV-1a over the name's bytes, 64 bits."""
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def words(name, count, start=0):
    """SplitMix64's mixing function at seed + (index + 1) * golden ratio."""
    with np.errstate(over="ignore"):
        index = np.arange(start, start + count, dtype=np.uint64) + np.uint64(1)
        z = np.uint64(seed(name)) + index * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def units(name, count):
    """Numbers in [0, 1) with 24 bits."""
    return (words(name, count) >> np.uint64(40)).astype(np.float64) * 2.0**-24


def uniform(name, shape, limit):
    """Uniform in +-limit, rounded to float32 so that every precision starts from the same numbers."""
    values = (units(name, int(np.prod(shape))) * 2 - 1) * limit
    return values.astype(np.float32).astype(np.float64).reshape(shape)


def batch(step, height, width, channels, size=BATCH):
    """Bytes [size, height, width, channels] (stripes that depend on the class, plus noise), labels [size]."""
    labels = (words("labels", size, step * size) >> np.uint64(32)) % np.uint64(CLASSES)
    labels = labels.astype(np.int64)
    count = height * width * channels
    noise = words("images", size * count, step * size * count) >> np.uint64(57)
    noise = noise.astype(np.int64).reshape(size, height, width, channels)
    row = np.arange(height).reshape(1, height, 1, 1)
    column = np.arange(width).reshape(1, 1, width, 1)
    stripe = (row + labels.reshape(-1, 1, 1, 1) * column) // 5 % 2
    return (noise + 128 * stripe).astype(np.uint8), labels


def rotated(images, labels, order):
    """The same batch in another order (the second half of the orders backwards): only rounding differs."""
    images, labels = (images, labels) if order < BATCH // 2 else (images[::-1], labels[::-1])
    return np.roll(images, order, axis=0), np.roll(labels, order)


def glorot(fan_in, fan_out):
    return float(np.sqrt(6.0 / (fan_in + fan_out)))


def reduced(values, kept):
    """A tensor's stored part: all of it up to 1.5 times `kept` elements, else about `kept` spread ones."""
    flat = np.asarray(values, dtype=np.float64).reshape(-1)
    stride = 1 if flat.size <= kept * 3 // 2 else flat.size // kept | 1
    return flat[::stride].copy(), stride


def distance(single, double):
    """The relative L2 distance of the peer's float32 gradient from its float64 gradient."""
    single = np.asarray(single, dtype=np.float64)
    norm = np.linalg.norm(double)
    return float(np.linalg.norm(single - double) / norm) if norm > 0 else 0.0


class Golden:
    """Collects tensors and writes them as a safetensors file."""

    def __init__(self, maker, versions, about, kept=1000):
        self.kept = kept
        self.metadata = {"maker": f"scripts/goldens/{maker}", "versions": versions, "about": about}
        self.tensors = {}

    def losses(self, values):
        self.tensors["losses"] = np.asarray(values, dtype=np.float64)

    def gradient(self, path, double, singles):
        """`singles` are float32 gradients of the batch in several orders: the worst one counts, because that
        of a tensor of few elements may be near by luck."""
        self.store(f"gradient/{path}", double, [max(distance(single, double) for single in singles)])

    def weight(self, path, values):
        self.store(f"weight/{path}", values, [])

    def store(self, name, values, more):
        """The stored part, and [stride, norm, sum] (of a gradient also the float32 distance)."""
        part, stride = reduced(values, self.kept)
        flat = np.asarray(values, dtype=np.float64).reshape(-1)
        self.tensors[f"{name}/values"] = part
        self.tensors[f"{name}/summary"] = np.array([stride, np.linalg.norm(flat), flat.sum(), *more])

    def write(self, path):
        header = {"__metadata__": self.metadata}
        offset = 0
        for name in sorted(self.tensors):
            array = self.tensors[name]
            end = offset + array.size * 8
            header[name] = {"dtype": "F64", "shape": list(array.shape), "data_offsets": [offset, end]}
            offset = end
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        with open(path, "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            for name in sorted(self.tensors):
                file.write(self.tensors[name].astype("<f8").tobytes())
        print(f"{path}: {8 + len(text) + offset} bytes")
