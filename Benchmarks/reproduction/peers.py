"""Trains one system with the framework that its notebook used, at the same settings.

    peers.py SYSTEM --seed N --data FOLDER --out FOLDER [--start WEIGHTS]

writes FOLDER/SYSTEM-seedN.json (a trial with other settings says so in its name): history, accuracies, losses,
parameters, stop reason, seconds, versions.
"""

import argparse
import importlib
import json
import os
import time

import data
from settings import SYSTEMS


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("system", choices=SYSTEMS)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--data", required=True, help="the folder of the data sets, as for martlet --data")
    parser.add_argument("--out", required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--epochs", type=int, help="other than the system's own")
    parser.add_argument("--limit", type=int, help="only the first images of both sets, for a trial")
    parser.add_argument("--start", help="weights from 'martlet export --format pytorch --sequential'; only for PyTorch")
    parser.add_argument("--same-draws", action="store_true", help="PyTorch takes order and dropout masks as Martlet draws them")
    arguments = parser.parse_args()
    system = SYSTEMS[arguments.system]

    start = time.perf_counter()
    if (arguments.start or arguments.same_draws) and system.peer != "torch":
        parser.error(f"--start and --same-draws are for the networks in PyTorch; {system.id} is trained with Keras")
    parts = data.load(system, arguments.data, arguments.limit)
    peer = importlib.import_module(f"{system.peer}_peer")
    own = (
        {"start": arguments.start, "same_draws": arguments.same_draws} if system.peer == "torch" else {})
    epochs = arguments.epochs or system.epochs
    # What is tried otherwise is not taken for the training at full settings, nor goes on with it.
    trial = "".join("-" + text for text, is_so in (
        (f"limit{arguments.limit}", arguments.limit), (f"{epochs}epochs", epochs != system.epochs),
        ("same-draws", arguments.same_draws)) if is_so)
    path = result_path(arguments.out, system.id, f"{arguments.seed}{trial}")
    unfinished = os.path.join(
        arguments.out, "unfinished", f"{system.id}-seed{arguments.seed}{trial}{'-start' if arguments.start else ''}")
    result = peer.train(system, parts, arguments.seed, arguments.threads, epochs, unfinished, **own)
    history = result["history"]
    result = {
        "system": system.id, "seed": arguments.seed, "peer": system.peer, "threads": arguments.threads,
        "limit": arguments.limit, "same_start": arguments.start is not None,
        "same_draws": arguments.same_draws, "batch": system.batch,
        "images": [len(part) if part else 0 for part in parts], "epochs": len(history),
        "epochs_asked": epochs,
        "seconds": time.perf_counter() - start,
        "seconds_per_epoch": sum(entry["seconds"] for entry in history) / len(history), **result,
    }
    os.makedirs(arguments.out, exist_ok=True)
    with open(path + ".part", "w") as file:
        json.dump(result, file, indent=1)
    os.replace(path + ".part", path)
    print(f"{path}: test accuracy {result['test_accuracy']:.4f}, loss {result['test_loss']:.4f}")


def result_path(folder, system, seed):
    return os.path.join(folder, f"{system}-seed{seed}.json")


if __name__ == "__main__":
    main()
