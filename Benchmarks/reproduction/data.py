"""Reads the data sets, and draws the same images from them as Martlet does."""

import gzip
import os
import struct
import sys
from dataclasses import dataclass

import numpy as np

from settings import SAMPLE_SEED

FOLDERS = {
    "mnist": ["mnist", "MNIST/raw"],
    "fashion-mnist": ["fashion-mnist", "FashionMNIST/raw", "/usr/share/datasets/fashion-mnist"],
    "cifar-10": ["cifar-10-batches-bin", "cifar-10", "cifar-10/cifar-10-batches-bin"],
}
FIRST_FILES = {"cifar-10": "data_batch_1.bin"}

# Martlet's purposes of random streams.
SAMPLE, SPLIT = 5, 6


@dataclass
class Part:
    """Images as bytes [N, H, W, C] and labels as int64 [N]."""

    images: np.ndarray
    labels: np.ndarray

    def __len__(self):
        return len(self.labels)

    def at(self, indices):
        return Part(self.images[indices], self.labels[indices])


def load(system, folder, limit=None):
    """The parts to train on, to validate on (None where the system holds nothing out) and to test on."""
    dataset = system.dataset
    location = find(dataset, folder)
    training, test = (read_cifar if dataset == "cifar-10" else read_mnist)(location)
    if system.bootstrap:
        training = training.at(bootstrap(len(training) // 2, len(training)))
        test = test.at(bootstrap(len(test) // 2, len(test)))
    if limit:
        training, test = training.at(slice(limit)), test.at(slice(limit))
    if not system.held_out:
        return training, None, test
    place, amount = system.held_out
    count = amount if isinstance(amount, int) else len(training) - int(len(training) * (1 - amount))
    count = min(count, len(training) // 2)
    indices = np.arange(len(training))
    held = {
        "first": lambda: indices < count,
        "last": lambda: indices >= len(training) - count,
        "random": lambda: np.isin(indices, permutation(len(training))[:count]),
    }[place]()
    return training.at(~held), training.at(held), test


def find(dataset, folder):
    first = FIRST_FILES.get(dataset, "train-images-idx3-ubyte")
    for below in FOLDERS[dataset] + ["."]:
        location = os.path.join(folder, below)
        if any(os.path.exists(os.path.join(location, first + end)) for end in ("", ".gz")):
            return location
    sys.exit(f"peers: no {dataset} in {folder} or below it")


def read_mnist(folder):
    return tuple(
        Part(read_idx(folder, f"{part}-images-idx3-ubyte")[..., None],
            read_idx(folder, f"{part}-labels-idx1-ubyte").astype(np.int64))
        for part in ("train", "t10k"))


def read_idx(folder, name):
    path = os.path.join(folder, name)
    path = path if os.path.exists(path) else path + ".gz"
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
        rank = file.read(4)[3]
        shape = struct.unpack(f">{rank}I", file.read(4 * rank))
        return np.frombuffer(file.read(), np.uint8).reshape(shape)


def read_cifar(folder):
    def read(names):
        rows = np.concatenate([np.fromfile(os.path.join(folder, name), np.uint8) for name in names])
        rows = rows.reshape(-1, 1 + 3 * 32 * 32)
        images = rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        return Part(np.ascontiguousarray(images), rows[:, 0].astype(np.int64))

    return read([f"data_batch_{number}.bin" for number in range(1, 6)]), read(["test_batch.bin"])


def bootstrap(count, total):
    """Indices drawn with replacement: the ones that Martlet draws."""
    return np.array([word * total >> 64 for word in words(SAMPLE, count)])


def permutation(count):
    """A random order (Fisher and Yates): the one that Martlet draws."""
    order = list(range(count))
    drawn = words(SPLIT, count)
    for last in range(count - 1, 0, -1):
        other = drawn[last] * (last + 1) >> 64
        order[last], order[other] = order[other], order[last]
    return np.array(order)


def words(purpose, count):
    """64-bit words of Philox4x32-10 (Salmon et al., SC 2011) with Martlet's counters, as Python integers."""
    low = np.uint64(0xFFFFFFFF)
    half = np.uint64(32)
    blocks = np.arange((count + 1) // 2, dtype=np.uint64)
    zero = np.zeros_like(blocks)
    c0, c1, c2, c3 = blocks, zero + np.uint64(purpose << 24), zero, zero
    k0, k1 = SAMPLE_SEED & 0xFFFFFFFF, SAMPLE_SEED >> 32
    for _ in range(10):
        a, b = np.uint64(0xD2511F53) * c0, np.uint64(0xCD9E8D57) * c2
        c0, c1, c2, c3 = (b >> half) ^ c1 ^ np.uint64(k0), b & low, (a >> half) ^ c3 ^ np.uint64(k1), a & low
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    pairs = np.stack([c0 << half | c1, c2 << half | c3], axis=1)
    return [int(word) for word in pairs.reshape(-1)[:count]]
