"""Times Martlet and its peers in one run, in turns, and writes docs/benchmarks/DATE.md and .json.

For each system and each kind of data (real images, random ones) every participant makes 20 steps to warm up,
then all take turns of 20 steps until each has made 120. Reported are medians over steps 20 to 120; the ratio
that counts is that of the fastest peer, on the kind of data where it is lower.
"""

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

from report import markdown
from systems import SYSTEMS

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
MODES = {
    "torch": ["eager", "channels_last", "fused", "channels_last+fused", "compile", "compile+channels_last"],
    "keras": ["train_on_batch", "fit"],
}
WARM_UP = 20
TURN = 20
TURNS = 5
PAUSE = 0.3  # Seconds between turns, until the last one's threads have stopped waiting for work.


class Peer:
    """A peer's process in one mode, which waits between its turns."""

    def __init__(self, framework, mode, system, data, threads):
        self.name = f"{framework} {mode}"
        command = [
            sys.executable, os.path.join(HERE, f"peer_{framework}.py"), "--system", system.id, "--mode", mode,
            "--threads", str(threads), *(["--data", data] if data else []),
        ]
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
        self.times = []
        self.facts = self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.errors.seek(0)
            raise RuntimeError(f"{self.name} ended: {self.errors.read()[-600:].strip()}")
        return json.loads(line)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.answer()

    def warm_up(self):
        self.ask(f"run {WARM_UP - 1}")

    def turn(self):
        result = self.ask(f"run {TURN}")
        self.times += result["milliseconds"]
        self.facts["peak_memory_bytes"] = result["peak_memory_bytes"]

    def density(self):
        return self.ask("density")["density"]

    def close(self):
        if self.process.poll() is None:
            self.process.stdin.write("quit\n")
            self.process.stdin.close()
            self.process.wait(timeout=20)

    @property
    def milliseconds(self):
        return statistics.median(self.times)


class Martlet:
    """Martlet's command; each turn is a process of its own that reports the median of steps 20 to 120."""

    name = "martlet"

    def __init__(self, system, data, threads):
        self.command = os.environ.get("MARTLET_COMMAND", os.path.join(ROOT, ".build/release/martlet"))
        self.folder = tempfile.TemporaryDirectory()
        self.environment = dict(os.environ)
        if not data:
            # With an empty cache and no folder of data sets it takes random pixels.
            self.environment.pop("MARTLET_DATA", None)
            self.environment["MARTLET_CACHE"] = self.folder.name
        self.common = ["--threads", str(threads), "--json", *(["--data", data] if data else [])]
        self.system = system
        self.times = []
        self.facts = self.start() if data else {}

    def run(self, event, *arguments):
        """The last line of this kind that the command writes."""
        command = [self.command, *arguments, *self.common]
        done = subprocess.run(command, capture_output=True, text=True, env=self.environment)
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        lines = [line for line in lines if line.get("event") == event]
        if done.returncode != 0 or not lines:
            raise RuntimeError(f"{' '.join(command)}: status {done.returncode}: {done.stderr[-600:].strip()}")
        return lines[-1]

    def start(self):
        """The time to the first step and the peak memory of a short training."""
        size = self.system.batch
        result = self.run(
            "result", "train", self.system.id, "--epochs", "1", "--batch-size", str(size),
            "--limit", str(100 * size), "--run", os.path.join(self.folder.name, "run"))
        return {key: result.get(key) for key in ("seconds_to_first_step", "peak_memory_bytes")}

    def warm_up(self):
        pass

    def turn(self):
        # The peak rate is not needed, so a number given spares its measurement.
        row = self.run("row", "benchmark", self.system.id, "--batch", str(self.system.batch), "--peak", "1")
        self.times.append(row["milliseconds"])

    def density(self):
        return {}

    def close(self):
        self.folder.cleanup()

    @property
    def milliseconds(self):
        return statistics.median(self.times)


def start(make, failures):
    try:
        return make()
    except (RuntimeError, OSError) as error:
        failures.append(str(error))
        print(f"  left out: {error}", file=sys.stderr)
        return None


def measure(system, data, options):
    """One row: every participant's median on one kind of data."""
    failures = []
    makers = [lambda: Martlet(system, data, options.threads)] if options.ours else []
    for framework, modes in MODES.items():
        for mode in modes:
            if options.modes is None or f"{framework}-{mode}" in options.modes or mode in options.modes:
                makers.append(lambda f=framework, m=mode: Peer(f, m, system, data, options.threads))
    participants = [made for made in (start(make, failures) for make in makers) if made]
    try:
        for participant in participants:
            participant.warm_up()
        for _ in range(TURNS):
            for participant in participants:
                time.sleep(PAUSE)
                participant.turn()
        density = next((d for d in (p.density() for p in participants) if d), {})
    finally:
        for participant in participants:
            participant.close()
    return {
        "data": "real" if data else "random",
        "density": density,
        "failures": failures,
        "participants": {p.name: {"milliseconds": p.milliseconds, **p.facts} for p in participants},
    }


def summarize(rows):
    """The counted ratio of a system: the fastest peer over ours, where it is lower."""
    ratios = []
    for row in rows:
        peers = {n: p["milliseconds"] for n, p in row["participants"].items() if n != Martlet.name}
        ours = row["participants"].get(Martlet.name)
        if ours and peers:
            best = min(peers, key=peers.get)
            ratios.append({"data": row["data"], "peer": best, "ratio": peers[best] / ours["milliseconds"]})
    return min(ratios, key=lambda r: r["ratio"]) if ratios else None


def environment(threads):
    def first(path, start_of_line):
        with open(path) as file:
            return next((l.split(":", 1)[1].strip() for l in file if l.startswith(start_of_line)), "unknown")

    commit = subprocess.run(
        ["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "commit": commit,
        "processor": first("/proc/cpuinfo", "model name"),
        "processors": os.cpu_count(),
        "threads": threads,
        "memory": first("/proc/meminfo", "MemTotal"),
        "system": f"{platform.system()} {platform.release()}",
        "load_before": os.getloadavg()[0],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--systems", default="convnet-mnist-loop", help="ids separated by commas, or all")
    parser.add_argument("--modes", type=lambda text: set(text.split(",")), help="such as eager,train_on_batch")
    parser.add_argument("--data", default=os.environ.get("MARTLET_DATA"), help="the folder with mnist/ below it")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--out", default=os.path.join(ROOT, "docs", "benchmarks"))
    parser.add_argument("--without-ours", dest="ours", action="store_false", help="time the peers alone")
    options = parser.parse_args()
    ids = list(SYSTEMS) if options.systems == "all" else options.systems.split(",")
    unknown = [name for name in ids if name not in SYSTEMS]
    if unknown:
        parser.error(f"unknown system {unknown[0]}; there are {', '.join(SYSTEMS)}")

    result = {"environment": environment(options.threads), "systems": {}}
    if result["environment"]["load_before"] > 0.5:
        print(f"the machine is busy (load {os.getloadavg()[0]:.1f}): times will be too long", file=sys.stderr)
    for name in ids:
        system = SYSTEMS[name]
        folder = os.path.join(options.data, system.dataset) if options.data else None
        if folder and not os.path.isdir(folder):
            parser.error(f"{folder} does not exist; --data names the folder that holds {system.dataset}/")
        rows = []
        for data in [folder, None] if folder else [None]:
            print(f"{name}, batch {system.batch}, {'real' if data else 'random'} data", file=sys.stderr)
            rows.append(measure(system, data, options))
        result["systems"][name] = {"batch": system.batch, "rows": rows, "counted": summarize(rows)}

    os.makedirs(options.out, exist_ok=True)
    base = os.path.join(options.out, result["environment"]["date"][:10])
    with open(base + ".json", "w") as file:
        json.dump(result, file, indent=1, sort_keys=True)
        file.write("\n")
    text = markdown(result)
    with open(base + ".md", "w") as file:
        file.write(text)
    print(text)
    print(f"written to {base}.md and {base}.json", file=sys.stderr)


if __name__ == "__main__":
    main()
