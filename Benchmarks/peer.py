"""What both peers share: their data and the line protocol.

A peer is started once for each system, mode and kind of data. It prints one JSON line when it has made its
first step, then answers each line of its input with one JSON line:

    run N       N steps            {"milliseconds": [one number for each step]}
    density     (where it can)     {"density": {layer: share of non-zero gradients}}
    quit
"""

import argparse
import gzip
import json
import os
import struct
import sys
import time

import numpy as np

from systems import SYSTEMS

BATCHES = 32  # Batches in rotation: one batch, memorised, would be another problem.


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--system", choices=SYSTEMS, required=True)
    parser.add_argument("--mode", required=True)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--data", help="a folder of IDX files; without it the data are random")
    return parser.parse_args()


def read_idx(folder, name):
    for path in (os.path.join(folder, name), os.path.join(folder, name + ".gz")):
        if os.path.exists(path):
            with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
                rank = file.read(4)[3]
                shape = struct.unpack(f">{rank}I", file.read(4 * rank))
                return np.frombuffer(file.read(), np.uint8).reshape(shape)
    sys.exit(f"peer: no {name} in {folder}")


def batches(system, data):
    """Images as float32 in [0, 1], [N, H, W, C], and labels as int64, for all batches in rotation."""
    count = BATCHES * system.batch
    if data:
        images = read_idx(data, "train-images-idx3-ubyte")
        labels = read_idx(data, "train-labels-idx1-ubyte")
        order = np.arange(count) % len(images)
        images = images[order].reshape(count, *system.shape).astype(np.float32) / np.float32(255)
        return images, labels[order].astype(np.int64)
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
    answer(versions=versions, seconds_to_first_step=seconds_since_start())
    for line in sys.stdin:
        words = line.split()
        if words[:1] == ["run"]:
            answer(milliseconds=run(int(words[1])), peak_memory_bytes=peak_memory())
        elif words == ["density"]:
            answer(density=density() if density else {})
        elif words == ["quit"]:
            return
