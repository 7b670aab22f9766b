"""Times Martlet and its peers in one run, in turns, and writes docs/benchmarks/DATE.md, .json and .svg.

For each row and each kind of data (real images, random ones) every participant makes 20 steps to warm up,
then all take turns of 20 steps until each has made 120. Reported are medians over steps 20 to 120; the ratio
that counts is that of the fastest peer, on the kind of data where it is lower.

The files are written after every row. While what is timed and the settings stay the same, later runs add their rows to
the page that was begun first: a run that was interrupted goes on, and one can be made in parts, on several days.
"""

import argparse
import datetime
import glob
import hashlib
import itertools
import json
import os
import platform
import subprocess
import sys
import time

from figure import figure
from participants import MODES, Martlet, Peer, first_step, layers, machine_rates
from report import markdown
from systems import INFERENCE, MEMORY, SYSTEMS, TRAINING, UNTUNED

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
GROUPS = {
    "training": ("train", TRAINING), "untuned": ("train", UNTUNED), "inference": ("inference", INFERENCE),
}
ORDER = [(group, system.id, system.batch) for group, (_, systems) in GROUPS.items() for system in systems]
# What decides the times, ours and the peers'; changes elsewhere leave the rows of a page valid.
ENGINE = ["Package.swift", "Sources/Experiments/BenchmarkNetwork.swift", *(f"Sources/{name}" for name in (
    "CMartletKernels", "CPU", "Compilation", "Graphs", "Networks", "Tensors", "Training")), *(
    f"Benchmarks/{name}.py" for name in (
        "networks_keras", "networks_torch", "peer", "peer_keras", "peer_onnx", "peer_torch", "systems"))]
SAME = ("engine", "processor", "instructions", "threads", "turns", "ours", "real_data")  # as another row of the page
PAUSE = 0.3  # Seconds between turns, until the last one's threads have stopped waiting for work.


def start(make, failures):
    try:
        return make()
    except (RuntimeError, OSError) as error:
        failures.append(str(error))
        print(f"  left out: {error}", file=sys.stderr)
        return None


def measure(system, mode, data, options, rates):
    """Every participant's median on one kind of data."""
    failures = []
    makers = []
    if options.ours:
        makers += [
            lambda exact=exact: Martlet(system, mode, data, options.threads, rates, exact)
            for exact in (False, True)]
    for framework, modes in MODES[mode].items():
        for name in modes:
            if options.modes is None or f"{framework}-{name}" in options.modes or name in options.modes:
                makers.append(lambda f=framework, m=name: Peer(f, m, system, data, options.threads))
    participants = [made for made in (start(make, failures) for make in makers) if made]
    try:
        for participant in participants:
            participant.warm_up()
        for _ in range(options.turns):
            for participant in participants:
                time.sleep(PAUSE)
                participant.turn()
        densities = {p.name: p.density() for p in participants} if mode == "train" else {}
    finally:
        for participant in participants:
            participant.close()
    return {
        "data": "real" if data else "random",
        "density": {name: shares for name, shares in densities.items() if shares},
        "failures": failures,
        "participants": {p.name: {"milliseconds": p.milliseconds, **p.facts} for p in participants},
    }


def summarize(measured):
    """The counted ratio of a row: the fastest peer over ours, on the data where it is lower."""
    ratios = []
    for kind in measured:
        times = {name: p["milliseconds"] for name, p in kind["participants"].items()}
        ours, exact = times.pop(Martlet.NAME, None), times.pop(Martlet.EXACT, None)
        if ours and times:
            best = min(times, key=times.get)
            ratios.append({
                "data": kind["data"], "peer": best, "ratio": times[best] / ours,
                "exact_ratio": times[best] / exact if exact else None})
    return min(ratios, key=lambda r: r["ratio"]) if ratios else None


def measure_memory(result, options):
    """First steps of training and the memory of steps on random data: ours and PyTorch's."""
    for name, batch in MEMORY:
        system = SYSTEMS[name]
        folder = data_folder(system, options)
        known = any(row["system"] == name for row in result["memory"])
        if known or not folder or not options.ours or system.batch != batch:
            continue
        print(f"{name}, batch {batch}, memory and first step", file=sys.stderr)
        peer = Peer("torch", "channels_last", system, None, options.threads)
        peer.warm_up()
        peer.turn()
        peer.close()
        steps = Martlet(system, "train", None, options.threads, machine_rates(options.threads))
        steps.turn()
        ours = {
            "seconds_to_first_step": min(first_step(system, folder, options.threads) for _ in range(3)),
            "peak_memory_bytes": steps.facts["peak_memory_bytes"]}
        result["memory"].append({"system": name, "batch": batch, "martlet": ours, "torch": peer.facts})
        save(result, options)


def data_folder(system, options):
    if not options.data or not system.dataset:
        return None
    folder = os.path.join(options.data, system.dataset)
    return folder if os.path.isdir(folder) else None


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")


def git(*arguments):
    return subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, text=True).stdout.strip()


def engine():
    """What is timed, as a hash; None where the working copy differs from its commit."""
    if git("status", "--porcelain", "--", *ENGINE):
        return None
    return hashlib.sha256(git("ls-tree", "HEAD", "--", *ENGINE).encode()).hexdigest()[:12]


def instructions(flags):
    """The widest vectors of the processor, which Martlet and its peers choose by themselves."""
    return "AVX-512" if "avx512dq" in flags else "AVX2" if "avx2" in flags else "other"


def environment(options):
    def first(path, start_of_line):
        with open(path) as file:
            return next((l.split(":", 1)[1].strip() for l in file if l.startswith(start_of_line)), "unknown")

    return {
        "date": now(),
        "commit": git("rev-parse", "--short", "HEAD"),
        "engine": engine(),
        "processor": first("/proc/cpuinfo", "model name"),
        "instructions": instructions(first("/proc/cpuinfo", "flags").split()),
        "processors": os.cpu_count(),
        "threads": options.threads,
        "memory": first("/proc/meminfo", "MemTotal"),
        "system": f"{platform.system()} {platform.release()}",
        "load_before": os.getloadavg()[0],
        "turns": options.turns,
        "ours": options.ours,
        "real_data": bool(options.data),
    }


def place(result, options):
    """The files' path without their endings."""
    return os.path.join(options.out, result["environment"]["page"])


def free_name(folder, date):
    """The date, with a number where a page of other code was begun on that day."""
    names = (date if number == 1 else f"{date}-{number}" for number in itertools.count(1))
    return next(name for name in names if not os.path.exists(os.path.join(folder, f"{name}.json")))


def begin(options):
    """The result so far: that of the newest page with this engine and these settings, else an empty one."""
    facts = environment(options)
    pages = glob.glob(os.path.join(glob.escape(options.out), "*.json")) if facts["engine"] else []
    for path in sorted(pages, reverse=True):
        with open(path) as file:
            known = json.load(file)
        if all(known["environment"].get(key) == facts[key] for key in SAME):
            print(f"goes on with {path}", file=sys.stderr)
            return known
    return {"environment": {**facts, "page": free_name(options.out, facts["date"][:10])}, "rows": [], "memory": []}


def save(result, options):
    os.makedirs(options.out, exist_ok=True)
    base = place(result, options)
    drawing = figure(result["rows"])
    for ending, text in {
        ".json": json.dumps(result, indent=1, sort_keys=True) + "\n", ".svg": drawing,
        ".md": markdown(result, os.path.basename(base) + ".svg" if drawing else None),
    }.items():
        if text:
            with open(base + ending, "w") as file:
                file.write(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--rows", default="training,untuned,inference,memory",
        help="some of training, untuned, inference and memory, separated by commas (all)")
    parser.add_argument("--systems", help="ids separated by commas; all if not given")
    parser.add_argument("--modes", type=lambda text: set(text.split(",")), help="such as eager,train_on_batch")
    parser.add_argument("--data", default=os.environ.get("MARTLET_DATA"), help="the folder with mnist/ below it")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--turns", type=int, default=5, help="turns of 20 steps each (5)")
    parser.add_argument("--out", default=os.path.join(ROOT, "docs", "benchmarks"))
    parser.add_argument(
        "--floors", action="store_true", help="measure the single steps of known rows again, not the rows")
    parser.add_argument("--without-ours", dest="ours", action="store_false", help="time the peers alone")
    options = parser.parse_args()
    groups = options.rows.split(",")
    for given, known in [(groups, [*GROUPS, "memory"]), ((options.systems or "").split(","), ["", *SYSTEMS])]:
        unknown = [name for name in given if name not in known]
        if unknown:
            parser.error(f"unknown {unknown[0]}; there are {', '.join(known)}")

    result = begin(options)
    if os.getloadavg()[0] > 0.5:
        print(f"the machine is busy (load {os.getloadavg()[0]:.1f}): times will be too long", file=sys.stderr)
    for group in (name for name in GROUPS if name in groups):
        mode, systems = GROUPS[group]
        for system in systems:
            if options.systems and system.id not in options.systems.split(","):
                continue
            key = {"group": group, "system": system.id, "mode": mode, "batch": system.batch}
            modes = sorted(options.modes or [])
            known = next((row for row in result["rows"] if key.items() <= row.items()), None)
            folder = data_folder(system, options)
            if known and options.floors:
                print(f"{system.row(mode)}, floors", file=sys.stderr)
                known["rates"] = machine_rates(options.threads)
                known["layers"] = layers(system, mode, folder, options.threads, known["rates"])
                save(result, options)
            if options.floors or (known and known["modes"] == modes):
                continue
            # Anew for every row: the machine is not always as fast.
            rates = machine_rates(options.threads) if options.ours else None
            measured = []
            for data in [folder, None] if folder else [None]:
                print(f"{system.row(mode)}, {'real' if data else 'random'} data", file=sys.stderr)
                measured.append(measure(system, mode, data, options, rates))
            if known:
                result["rows"].remove(known)
            result["rows"].append({
                **key, "modes": modes, "date": now(), "rates": rates, "measured": measured,
                "counted": summarize(measured),
                "layers": layers(system, mode, folder, options.threads, rates) if options.ours else []})
            result["rows"].sort(key=lambda row: ORDER.index((row["group"], row["system"], row["batch"])))
            save(result, options)
    if "memory" in groups:
        measure_memory(result, options)
    print(markdown(result, None))
    print(f"written to {place(result, options)}.md, .json and .svg", file=sys.stderr)


if __name__ == "__main__":
    main()
