"""The benchmark's result as Markdown, and the table that the README shows."""

import re
import sys


def milliseconds(number):
    return f"{number:.1f}" if number < 100 else f"{number:.0f}"


def details(row):
    """What is known besides the time: gradients, first step, memory."""
    lines = [f"### {row['data'].capitalize()} data", ""]
    lines += ["| participant | ms per step | first step, s | peak memory, MB |", "|---|---:|---:|---:|"]
    for name, facts in sorted(row["participants"].items(), key=lambda item: item[1]["milliseconds"]):
        first, peak = facts.get("seconds_to_first_step"), facts.get("peak_memory_bytes")
        lines.append(
            f"| {name} | {milliseconds(facts['milliseconds'])} | {f'{first:.2f}' if first else ''} "
            f"| {f'{peak / 1e6:.0f}' if peak else ''} |")
    if row["density"]:
        shares = ", ".join(f"{share:.0%}" for share in row["density"].values())
        lines += ["", f"Share of non-zero gradients after each convolution at the end: {shares}."]
    for failure in row["failures"]:
        lines += ["", f"Left out: {' '.join(failure.split())[:300]}"]
    return lines


def table(result):
    """One line for each system."""
    lines = ["| system | batch | Martlet, ms | fastest peer, ms | ratio |", "|---|---:|---:|---:|---:|"]
    for name, system in result["systems"].items():
        counted = system["counted"]
        if not counted:
            continue
        row = next(row for row in system["rows"] if row["data"] == counted["data"])
        times = {n: p["milliseconds"] for n, p in row["participants"].items()}
        lines.append(
            f"| {name} | {system['batch']} | {milliseconds(times['martlet'])} "
            f"| {milliseconds(times[counted['peer']])} ({counted['peer']}) | {counted['ratio']:.2f} |")
    return lines


def markdown(result):
    facts = result["environment"]
    versions = {}
    for system in result["systems"].values():
        for row in system["rows"]:
            for participant in row["participants"].values():
                versions.update(participant.get("versions", {}))
    lines = [
        f"# Training steps, {facts['date'][:10]}", "",
        f"{facts['processor']}, {facts['threads']} threads of {facts['processors']} processors, {facts['memory']}, "
        f"{facts['system']}; commit {facts['commit']}; load before the run {facts['load_before']:.1f}.",
        "Peers: " + ", ".join(f"{name} {version}" for name, version in sorted(versions.items())) + ".",
        "How it was measured: [README](README.md).", "", *table(result), "",
    ]
    for name, system in result["systems"].items():
        lines += [f"## {name}, batch {system['batch']}", ""]
        for row in system["rows"]:
            lines += [*details(row), ""]
    return "\n".join(lines).rstrip() + "\n"


BEGIN, END = "<!-- benchmark -->", "<!-- end of benchmark -->"


def insert(report_path, readme_path):
    """Puts the table of a report between the README's two marks."""
    with open(report_path) as file:
        lines = re.findall(r"^\|.*$", file.read().split("\n## ")[0], re.MULTILINE)
    with open(readme_path) as file:
        before, rest = file.read().split(BEGIN)
    after = rest.split(END)[1]
    link = f"Measured as [docs/benchmarks/README.md](docs/benchmarks/README.md) says; all figures: [{report_path}]({report_path})."
    with open(readme_path, "w") as file:
        file.write(before + BEGIN + "\n" + "\n".join(lines) + "\n\n" + link + "\n" + END + after)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage (in the repository's root): python3 Benchmarks/report.py docs/benchmarks/DATE.md")
    insert(sys.argv[1], "README.md")
