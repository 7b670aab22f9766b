"""Who takes part in a row: Martlet's command, and the peers' processes, each of which waits for its turn."""

import json
import os
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
COMMAND = os.environ.get(
    "MARTLET_COMMAND", os.path.join(os.path.dirname(HERE), ".build/release/martlet"))
MODES = {
    "train": {
        "torch": ["eager", "channels_last", "fused", "channels_last+fused", "compile", "compile+channels_last"],
        "keras": ["train_on_batch", "fit"],
    },
    "inference": {
        "onnx": ["inference"],
        "torch": ["inference", "inference+channels_last", "inference+compile",
                  "inference+compile+channels_last"],
        "keras": ["predict_on_batch"],
    },
}
WARM_UP = 20
TURN = 20


class Participant:
    """Keeps its times; `facts` is what is known besides."""

    def __init__(self, name):
        self.name = name
        self.times = []
        self.facts = {}

    @property
    def milliseconds(self):
        return statistics.median(self.times)

    def warm_up(self):
        pass

    def density(self):
        return {}

    def close(self):
        pass


class Peer(Participant):
    """A peer's process in one mode."""

    def __init__(self, framework, mode, system, data, threads):
        super().__init__(f"{framework} {mode}")
        command = [
            sys.executable, os.path.join(HERE, f"peer_{framework}.py"), "--system", system.id, "--batch",
            str(system.batch), "--mode", mode, "--threads", str(threads), *(["--data", data] if data else []),
        ]
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
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
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:  # it has given its times; a slow end is not the row's
                self.process.kill()
                self.process.wait()


def martlet(event, *arguments):
    """Runs the command: its last line of this kind, and the greatest resident memory of the process."""
    lines, resident = martlet_lines(event, *arguments)
    return lines[-1], resident


def martlet_lines(event, *arguments):
    """Runs the command: all its lines of this kind, and the greatest resident memory of the process."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen([COMMAND, *arguments, "--json"], stdout=output, stderr=errors, text=True)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        lines = [json.loads(line) for line in output if line.startswith("{")]
        lines = [line for line in lines if line.get("event") == event]
        if process.returncode != 0 or not lines:
            raise RuntimeError(
                f"{' '.join(process.args)}: status {process.returncode}: {errors.read()[-600:].strip()}")
        return lines, usage.ru_maxrss * 1024


class Martlet(Participant):
    """Martlet's command; each turn is a process of its own that reports the median of steps 20 to 120."""

    NAME = "martlet"
    EXACT = "martlet --exact"

    def __init__(self, system, mode, data, threads, rates, exact=False):
        super().__init__(self.EXACT if exact else self.NAME)
        # The machine's rates are measured once for a row.
        self.arguments = [
            "benchmark", system.id, "--mode", mode, "--batch-size", str(system.batch), "--threads", str(threads),
            "--rates", ",".join(map(str, rates)), *(["--data", data] if data else ["--random"]),
            *(["--exact"] if exact else [])]
        self.row = {}

    def turn(self):
        self.row, resident = martlet("row", *self.arguments)
        self.times.append(self.row["milliseconds"])
        self.facts = {
            "peak_memory_bytes": max(resident, self.facts.get("peak_memory_bytes", 0)),
            **{key: self.row[key] for key in ("arena_bytes", "prepared_bytes", "floor_milliseconds", "gflops")}}

    def density(self):
        return self.row.get("gradient_density", {})


def layers(system, mode, data, threads, rates):
    """The steps of Martlet's program, each with its time and its floors by arithmetic and by bytes."""
    steps, _ = martlet_lines("step", *Martlet(system, mode, data, threads, rates).arguments, "--layers")
    keys = ("name", "milliseconds", "floor_milliseconds", "memory_milliseconds", "flops", "bytes")
    return [{key: step[key] for key in keys} for step in steps]


def machine_rates(threads):
    """What this machine reaches now: GFLOP/s of Winograd's and of direct sums, GB/s of memory; medians of some tries."""
    tries = [
        martlet("result", "benchmark", "dense", "--random", "--steps", "21", "--threads", str(threads), "--layers")[0]
        for _ in range(9)]
    keys = ("peak_gflops", "direct_gflops", "memory_gigabytes_per_second")
    return [round(statistics.median(found[key] for found in tries), 1) for key in keys]


def first_step(system, data, threads):
    """Seconds to the end of the first step of a short training with the data in the cache."""
    with tempfile.TemporaryDirectory() as folder:
        result, _ = martlet(
            "result", "train", system.id, "--epochs", "1", "--batch-size", str(system.batch), "--limit",
            str(100 * system.batch), "--run", os.path.join(folder, "run"), "--threads", str(threads), "--data", data)
    return result["seconds_to_first_step"]
