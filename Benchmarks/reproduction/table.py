"""Writes Martlet's results beside the peers' as a page of tables.

    table.py OURS PEERS OUT.md [--note TEXT]

OURS is a folder of run folders (as `martlet reproduce` makes them), PEERS what run_all.py made. The figures are
added to those of OUT.json, which the page is made from.
"""

import argparse
import glob
import json
import math
import os
import statistics
import sys
import textwrap

from record import Record
from settings import SYSTEMS
from statistics_of_runs import rank_sum, welch

NAMES = {"keras": "Keras", "torch": "PyTorch"}
# Epochs that trainings to a threshold make however late they end, unless they end before the last of these.
EARLY = (4, 10)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("ours")
    parser.add_argument("peers")
    parser.add_argument("out")
    parser.add_argument("--note", default="", help="a sentence on this run, such as where its data come from")
    arguments = parser.parse_args()
    for folder in (arguments.ours, arguments.peers):
        if not os.path.isdir(folder):
            sys.exit(f"table: there is no folder {folder}")
    ours, peers = read_ours(arguments.ours), read_peers(arguments.peers)
    record = Record(os.path.splitext(arguments.out)[0] + ".json")
    for (system, seed), result in ours.items():
        record.add("martlet", system, seed, result)
    for (system, seed), result in peers.items():
        record.add(SYSTEMS[system].peer, system, seed, result)
    if not (record.runs or record.earlier):
        sys.exit(f"table: no finished run at full settings below {arguments.ours}")
    record.write()
    with open(arguments.out, "w") as file:
        file.write(page(record, arguments.note))
    print(f"{arguments.out}: {len(ours)} runs of Martlet and {len(peers)} of the peers are new or again")


def read_ours(folder):
    """The result of each run by (system, seed); what is unfinished or not at full settings is left out."""
    runs = {}
    for path in sorted(glob.glob(f"{glob.escape(folder)}/**/configuration.json", recursive=True)):
        run = os.path.dirname(path)
        with open(path) as file:
            configuration = json.load(file)
        system = SYSTEMS.get(configuration.get("system"))
        if system is None:
            continue
        wrong = [
            f"{key} {configuration.get(key)}" for key, value in system.configuration.items()
            if configuration.get(key) != value]
        events = read_events(os.path.join(run, "events.jsonl"))
        result = events[-1] if events and events[-1].get("event") == "result" else None
        if result:
            with open(os.path.join(run, "environment.json")) as file:
                result["made"] = json.load(file)["started"][:len("2026-01-01")]
        epochs = [(event["loss"], event["validation_accuracy"]) for event in events if event["event"] == "epoch"]
        is_same = all(text.startswith("epochs") for text in wrong)
        if not is_same or not take(runs, system, configuration["seed"], None if wrong else result, epochs):
            print(f"left out: {run} ({', '.join(wrong) or 'unfinished'})", file=sys.stderr)
    return runs


def take(runs, system, seed, result, epochs):
    """Notes a training; without a result its early losses count alone. False where nothing of it counts.

    epochs has the loss and the validation accuracy (None without a validation part) of each.
    """
    early = early_loss(system, [loss for loss, _ in epochs])
    if result:
        late = late_accuracy(system, [accuracy for _, accuracy in epochs])
        runs[system.id, seed] = {**result, "early_loss": early, "late_accuracy": late}
        if system.threshold and not early:
            print(f"{system.id} seed {seed} ended before epoch {EARLY[1]}: no early loss", file=sys.stderr)
    elif early:
        runs.setdefault((system.id, seed), {"early_loss": early})
    return bool(result or early)


def early_loss(system, losses):
    """The mean loss of the early epochs of a training to a threshold; None for others and shorter ones."""
    first, last = EARLY
    if system.threshold is None or len(losses) < last:
        return None
    return statistics.fmean(losses[first - 1:last])


def late_accuracy(system, accuracies):
    """The mean validation accuracy of the second half of the epochs; None where their number is no setting."""
    if system.held_out is None or system.patience is not None or len(accuracies) != system.epochs:
        return None
    return statistics.fmean(accuracies[system.epochs // 2:])


def read_events(path):
    if not os.path.exists(path):
        return []
    with open(path) as file:
        lines = file.read().splitlines()
    try:
        return [json.loads(line) for line in lines]
    except json.JSONDecodeError:
        return []


def read_peers(folder):
    runs = {}
    for path in sorted(glob.glob(f"{glob.escape(folder)}/*.json")):
        with open(path) as file:
            result = json.load(file)
        system = SYSTEMS[result["system"]]
        is_other = result.get("same_draws") or system.same_start and not result.get("same_start")
        if is_other or result["limit"] is not None:
            print(f"left out: {path} (a trial)", file=sys.stderr)
            continue
        # One that was given fewer epochs does not count even if it ended before: only quick ones would.
        is_whole = result.get("epochs_asked", system.epochs) == system.epochs and (
            result["stop_reason"] != "epochs done" or result["epochs"] == system.epochs)
        epochs = [(entry["loss"], entry.get("val_accuracy")) for entry in result["history"]]
        if not take(runs, system, result["seed"], result if is_whole else None, epochs):
            print(f"left out: {path} (fewer epochs)", file=sys.stderr)
    return runs


def pairs(record, key):
    """For each system that has runs: its settings, our figures, the peer's."""
    for system in SYSTEMS.values():
        mine, theirs = record.sample("martlet", system.id, key), record.sample(system.peer, system.id, key)
        if mine.count or theirs.count:
            yield system, mine, theirs


def page(record, note):
    return "\n".join([
        "# Every system, beside the framework of its notebook", "",
        "Each system was trained at its full settings by Martlet and by the framework that its notebook used,",
        "on the same images (samples and random splits are the same draw), once for each seed. Entries are",
        "mean ± standard deviation (number of runs). The interval is the 95 % one of the difference of means",
        "(Welch); where it contains 0 the means agree within the noise of both. Of twenty such intervals one",
        "misses 0 by chance.", "",
        "Peers: " + ", ".join(f"{name} {version}" for name, version in sorted(record.versions.items())) + ".",
        f"Martlet's runs were begun {record.days('martlet')}.",
        "How to repeat it: [Benchmarks/reproduction](../Benchmarks/reproduction/README.md).", "",
        *textwrap.wrap(
            "The notebook of the dense and the small convolutional network forgot to divide the test images by "
            f"255, so its figures are no reference. {note}", 108), "",
        "## Test accuracy, %", "",
        *comparison(record, "test_accuracy", scale=100, digits=2, unit="points", shows_notebook=True), "",
        "The last epoch decides these figures, and epochs differ from each other. The mean validation accuracy of the",
        "second half of a training's epochs varies less (the trainings that kept their histories):", "",
        *comparison(record, "late_accuracy", scale=100, digits=2, unit="points", is_sparse=True), "",
        "## Test loss", "",
        *comparison(record, "test_loss", scale=1, digits=4, unit=""), "",
        "## Accuracy on the training images after training, %", "",
        *comparison(record, "train_accuracy", scale=100, digits=2, unit="points", is_sparse=True), "",
        "## Epochs to the threshold", "",
        "Both sides begin with the same initial weights (Martlet's of each seed). The loss jumps by about 0.02 from",
        "epoch to epoch while it falls by about 0.001, so the epoch of the end varies much between runs, here and in",
        "PyTorch; given the same order and dropout masks both make the same steps (see Benchmarks/reproduction).",
        "A number with + is of a run that had not reached it then: at the cap, or where it was cut off. p is that of the",
        "exact rank-sum test (two-sided), in which such runs are the last.", "",
        *epochs_to_threshold(record), "",
        f"What says more is the mean training loss of epochs {EARLY[0]} to {EARLY[1]}, which runs make however late they end:", "",
        *comparison(record, "early_loss", scale=1, digits=4, unit=""), "",
        "## Floors", "", *floors(record), "",
    ])


def comparison(record, key, scale, digits, unit, shows_notebook=False, is_sparse=False):
    """The rows of a figure; one that not all runs have (is_sparse) has none for a system without it on a side."""
    middle = (" notebook |", "---|") if shows_notebook else ("", "")
    lines = [
        f"| system | Martlet | peer |{middle[0]} difference [95 %] | verdict |",
        f"|---|---:|---:|{middle[1]}---:|---|"]
    for system, mine, theirs in pairs(record, key):
        if is_sparse and not (mine.count and theirs.count):
            continue
        notebook = f" {system.notebook} |" if shows_notebook else ""
        difference, verdict = compare(mine, theirs, scale, digits, unit)
        lines.append(
            f"| {system.id} | {mine.text(scale, digits)} | {theirs.text(scale, digits)} {NAMES[system.peer]} |"
            f"{notebook} {difference} | {verdict} |")
    return lines


def compare(mine, theirs, scale, digits, unit):
    if not mine.count or not theirs.count:
        return "–", "not run on both sides"
    difference = (mine.mean - theirs.mean) * scale
    text = f"{difference:+.{digits}f}"
    interval = welch(mine, theirs)
    if interval is None:
        return text, "too few runs for an interval"
    low, high = (end * scale for end in interval)
    text += f" [{low:+.{digits}f}, {high:+.{digits}f}]"
    if low <= 0 <= high:
        return text, "agree within noise"
    return text, f"ours {'higher' if difference > 0 else 'lower'} by {abs(difference):.{digits}f} {unit}".rstrip()


def epochs_to_threshold(record):
    lines = [
        "| system | threshold | cap | Martlet | median | peer | median | ratio | p | |",
        "|---|---:|---:|---|---:|---|---:|---:|---:|---|"]
    for system in SYSTEMS.values():
        if system.threshold is None:
            continue
        sides = [record.epochs_made(side, system.id, system.epochs) for side in ("martlet", system.peer)]
        if not all(sides):
            continue
        # Whatever has not ended comes last.
        ours, theirs = ([made if ended else math.inf for made, ended in side] for side in sides)
        texts = [", ".join(f"{made}{'' if ended else '+'}" for made, ended in side) for side in sides]
        medians = [statistics.median_low(side) for side in (ours, theirs)]
        ratio = medians[0] / medians[1] if max(medians) < math.inf else math.nan
        p = rank_sum(ours, theirs)
        if min(ours + theirs) == math.inf:
            verdict = "both at the cap"
        elif abs(ratio - 1) <= 0.2:
            verdict = "within 20 %"
        else:
            verdict = f"apart by more than 20 %; {'agree within noise' if p > 0.05 else 'more than noise'}"
        lines.append(
            f"| {system.id} | {system.threshold} | {system.epochs} | {texts[0]} | {medians[0]:.0f} "
            f"| {texts[1]} {NAMES[system.peer]} | {medians[1]:.0f} | {ratio:.2f} | {p:.2f} | {verdict} |")
    return lines


def floors(record):
    lines = [
        "| system | asked, % | lowest of ours, % | lowest of the peer's, % | |", "|---|---:|---:|---:|---|"]
    for system in SYSTEMS.values():
        reached, theirs = (
            record.sample(side, system.id, "test_accuracy").lowest for side in ("martlet", system.peer))
        if system.floor is None or math.isnan(reached):
            continue
        verdict = "holds" if reached >= system.floor else "missed"
        if verdict == "missed" and theirs < system.floor:
            verdict = "missed by both"
        lowest = "–" if math.isnan(theirs) else f"{theirs * 100:.2f}"
        lines.append(f"| {system.id} | {system.floor * 100:.1f} | {reached * 100:.2f} | {lowest} | {verdict} |")
    return lines


main()
