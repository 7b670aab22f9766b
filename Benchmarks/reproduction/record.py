"""The figures of all runs, kept as JSON beside the page, so that the page grows over days and machines.

"runs" has one entry for each side (martlet, keras or torch), system and seed. "earlier" has runs of which only mean
and deviation are left; an entry counts, in place of runs of its seeds, until each of them has one again.
"""

import json
import os

from settings import SAME_RUN
from statistics_of_runs import Sample

FIGURES = ("test_accuracy", "test_loss", "train_accuracy", "epochs", "early_loss", "late_accuracy")


class Record:
    def __init__(self, path):
        self.path = path
        self.runs, self.earlier, self.versions = {}, [], {}
        if os.path.exists(path):
            with open(path) as file:
                known = json.load(file)
            self.runs = {(run["side"], run["system"], run["seed"]): run["figures"] for run in known["runs"]}
            self.earlier, self.versions = known["earlier"], known["versions"]

    def add(self, side, system, seed, result):
        """Takes a run's figures in place of those of the same side, system and seed; an early loss alone adds to them."""
        figures = {key: round(result[key], 6) for key in FIGURES if result.get(key) is not None}
        if list(figures) == ["early_loss"]:
            figures = {**self.runs.get((side, system, seed), {}), **figures}
        if "made" in result:
            figures["made"] = result["made"]
        if "unended" in self.runs.get((side, system, seed), {}):
            figures["unended"] = self.runs[side, system, seed]["unended"]
        self.runs[side, system, seed] = figures
        self.versions.update(result.get("versions", {}))
        self.earlier = [
            entry for entry in self.earlier
            if not all((entry["side"], entry["system"], seed) in self.runs for seed in entry["seeds"])]

    def sample(self, side, system, key):
        """The figure of all runs of a system; of a peer, those of the same network with the same training."""
        if side != "martlet":
            system = SAME_RUN.get(system, system)
        earlier = [
            entry for entry in self.earlier
            if (entry["side"], entry["system"]) == (side, system) and key in entry["figures"]]
        counted = {seed for entry in earlier for seed in entry["seeds"]}
        found = Sample.of([
            figures[key] for (of, name, seed), figures in sorted(self.runs.items())
            if (of, name) == (side, system) and seed not in counted and key in figures])
        for entry in earlier:
            found += Sample(count=len(entry["seeds"]), **entry["figures"][key])
        return found

    def days(self, side):
        """When the runs of a side were begun, as far as it is known."""
        runs = [figures for (of, _, _), figures in self.runs.items() if of == side]
        days = sorted({figures["made"] for figures in runs if "made" in figures})
        if not days:
            return "on days that are not known"
        known = f"on {days[0]}" if days[0] == days[-1] else f"from {days[0]} to {days[-1]}"
        is_all = all("made" in figures for figures in runs) and not any(entry["side"] == side for entry in self.earlier)
        return known if is_all else f"{known} or on an earlier day"

    def epochs_made(self, side, system, cap):
        """The epochs of each run to a threshold and whether it was reached, the quickest first.

        "unended" are those of a run that was cut off. It counts beside another one of its seed that was made since:
        if that took its place, only quick ones would count.
        """
        made = []
        for (of, name, _), figures in self.runs.items():
            if (of, name) == (side, system) and "epochs" in figures:
                made.append((figures["epochs"], figures["epochs"] < cap))
            if (of, name) == (side, system) and "unended" in figures:
                made.append((figures["unended"], False))
        return sorted(made, key=lambda run: (not run[1], run[0]))

    def write(self):
        runs = [
            {"side": side, "system": system, "seed": seed, "figures": figures}
            for (side, system, seed), figures in sorted(self.runs.items())]
        lines = [f'{{"versions": {json.dumps(self.versions, sort_keys=True)},']
        for name, entries in (("runs", runs), ("earlier", self.earlier)):
            texts = ",\n".join("  " + json.dumps(entry) for entry in entries)
            lines.append(f' "{name}": [\n{texts}\n ]' + ("," if name == "runs" else "}"))
        with open(self.path, "w") as file:
            file.write("\n".join(lines) + "\n")
