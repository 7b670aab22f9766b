"""What the peers share: their data and the line protocol.

A peer is started once for each system, mode and kind of data. It prints one JSON line when it has made its
first step, then answers each line of its input with one JSON line:

    run N       N steps            {"milliseconds": [one number for each step]}
    density     (where it can)     {"density": {layer: share of non-zero gradients}}
    quit
"""

import argparse
import glob
import gzip
import json
import os
import struct
import sys
import time
from dataclasses import replace

import numpy as np

from systems import SYSTEMS

BATCHES = 32  # Batches in rotation: one batch, memorised, would be another problem.


def arguments():
    """What the peer is asked to be; `system` is the row's, with its batch."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--system", choices=SYSTEMS, required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--mode", required=True)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--data", help="a folder of official files; without it the data are random")
    parsed = parser.parse_args()
    parsed.system = replace(SYSTEMS[parsed.system], batch=parsed.batch)
    return parsed


def read_idx(folder, name):
    for path in (os.path.join(folder, name), os.path.join(folder, name + ".gz")):
        if os.path.exists(path):
            with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
                rank = file.read(4)[3]
                shape = struct.unpack(f">{rank}I", file.read(4 * rank))
                return np.frombuffer(file.read(), np.uint8).reshape(shape)
    sys.exit(f"peer: no {name} in {folder}")


def read_images(folder):
    """The training images [N, H, W, C] of MNIST's or CIFAR-10's files, and their labels."""
    batches = sorted(glob.glob(os.path.join(folder, "**", "data_batch_*.bin"), recursive=True))
    if not batches:
        images = read_idx(folder, "train-images-idx3-ubyte")
        return images[..., None], read_idx(folder, "train-labels-idx1-ubyte")
    rows = np.concatenate([np.fromfile(path, np.uint8).reshape(-1, 3073) for path in batches])
    return rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), rows[:, 0]


def batches(system, data):
    """Images as float32 in [0, 1], [N, H, W, C], and labels as int64, for all batches in rotation."""
    count = BATCHES * system.batch
    if data:
        images, labels = read_images(data)
        order = np.arange(count) % len(images)
        return images[order].astype(np.float32) / np.float32(255), labels[order].astype(np.int64)
    generator = np.random.default_rng(0)
    images = generator.random((count, *system.shape), dtype=np.float32)
    return images, generator.integers(0, system.classes, count)


def seconds_since_start():
    """Since the start of this process, by the kernel's clock."""
    with open("/proc/self/stat") as file:
        ticks = int(file.read().rsplit(")", 1)[1].split()[19])
    with open("/proc/uptime") as file:
        return float(file.read().split()[0]) - ticks / os.sysconf("SC_CLK_TCK")


def peak_memory():
    """The greatest resident memory of this process so far."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))


def timed(step, count):
    times = []
    for _ in range(count):
        start = time.perf_counter()
        step()
        times.append((time.perf_counter() - start) * 1e3)
    return times


def serve(versions, run, density=None):
    """Answers on the real standard output; whatever the frameworks print goes to the standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(**fields):
        print(json.dumps(fields), file=answers, flush=True)

    run(1)
    answer(versions=versions, seconds_to_first_step=seconds_since_start(), peak_memory_bytes=peak_memory())
    for line in sys.stdin:
        words = line.split()
        if words[:1] == ["run"]:
            answer(milliseconds=run(int(words[1])), peak_memory_bytes=peak_memory())
        elif words == ["density"]:
            answer(density=density() if density else {})
        elif words == ["quit"]:
            return
