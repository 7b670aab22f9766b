"""Runs the peers of many systems, one after the other, each in a process of its own.

    run_all.py --data FOLDER --out FOLDER [--starts FOLDER] [SYSTEM:SEED ...]

A pair whose result is there is skipped, so a run that was interrupted is started again with the same
command. Without pairs: all systems with seeds 0, 1 and 2, the quick ones first. Where a network begins with
Martlet's initial weights, these are STARTS/SYSTEM-SEED.safetensors.
"""

import argparse
import os
import subprocess
import sys
import time

from peers import result_path
from settings import SAME_RUN, SYSTEMS

SEEDS = (0, 1, 2)
QUICK = [
    "dense-fashion", "conv-fashion", "convnet-mnist-type", "convnet-mnist-loop", "conv5x5-mnist",
    "custom-cnn-mnist", "custom-cnn-cifar10",
]
SLOW = ["conv5x5-regularized-mnist", "attention-fashion"]
SLOWEST = ["alexnet-mnist", "alexnet-cifar10"]
ORDER = [
    *((system, seed) for system in QUICK for seed in SEEDS),
    *((system, SEEDS[0]) for system in SLOW),
    *((system, seed) for system in SLOW for seed in SEEDS[1:]),
    *((system, seed) for seed in SEEDS for system in SLOWEST),
]


def pair(text):
    system, _, seed = text.partition(":")
    if system not in SYSTEMS or not seed.isdigit():
        raise argparse.ArgumentTypeError(f"{text} is not SYSTEM:SEED; systems are {', '.join(SYSTEMS)}")
    return SAME_RUN.get(system, system), int(seed)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("pairs", nargs="*", type=pair, metavar="SYSTEM:SEED")
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--starts", help="the folder of initial weights")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    wanted = arguments.pairs or ORDER
    if not arguments.starts and any(SYSTEMS[system].same_start for system, _ in wanted):
        parser.error("a system begins with Martlet's initial weights: name their folder with --starts")
    os.makedirs(arguments.out, exist_ok=True)
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers.py")
    failures = 0
    with open(os.path.join(arguments.out, "log"), "a") as log:
        for system, seed in wanted:
            if os.path.exists(result_path(arguments.out, system, seed)):
                continue
            start = time.time()
            start_from = []
            if SYSTEMS[system].same_start:
                start_from = ["--start", os.path.join(arguments.starts, f"{system}-{seed}.safetensors")]
            print(f"{time.strftime('%F %T')} {system} seed {seed}", file=log, flush=True)
            status = subprocess.run(
                [sys.executable, script, system, "--seed", str(seed), "--data", arguments.data,
                    "--out", arguments.out, "--threads", str(arguments.threads), *start_from],
                stdout=log, stderr=subprocess.STDOUT).returncode
            failures += status != 0
            outcome = "done" if status == 0 else f"FAILED with status {status}"
            print(f"{time.strftime('%F %T')} {system} seed {seed}: {outcome} in {time.time() - start:.0f} s",
                file=log, flush=True)
    sys.exit(1 if failures else 0)


main()
