"""Reads the data sets, and draws the same images from them as Martlet does."""

import gzip
import os
import struct
import sys
from dataclasses import dataclass

import numpy as np

import philox
from settings import SAMPLE_SEED

FOLDERS = {
    "mnist": ["mnist", "MNIST/raw"],
    "fashion-mnist": ["fashion-mnist", "FashionMNIST/raw", "/usr/share/datasets/fashion-mnist"],
    "cifar-10": ["cifar-10-batches-bin", "cifar-10", "cifar-10/cifar-10-batches-bin"],
}
FIRST_FILES = {"cifar-10": "data_batch_1.bin"}


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
        training, test = half(training), half(test)
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
        "random": lambda: np.isin(indices, philox.permutation(len(training), SAMPLE_SEED, philox.SPLIT)[:count]),
    }[place]()
    return training.at(~held), training.at(held), test


def half(part):
    """Half as many images, drawn with replacement."""
    return part.at(philox.integers([len(part)] * (len(part) // 2), SAMPLE_SEED, philox.SAMPLE))


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
