"""The benchmark's result as Markdown, and the table that the README shows."""

import re
import sys

TITLES = {
    "training": "Training steps", "untuned": "Training steps of networks that nobody tuned for",
    "inference": "Predictions",
}


def milliseconds(number):
    return f"{number:.3f}" if number < 1 else f"{number:.1f}" if number < 100 else f"{number:.0f}"


def megabytes(number):
    return f"{number / 1e6:.0f}" if number else ""


def in_order(name):
    """Sorts conv2d_2 before conv2d_10, and PyTorch's 5 before 10."""
    return [(part.isdigit(), int(part) if part.isdigit() else part) for part in re.split(r"(\d+)", name) if part]


def densities(measured):
    """Ours, and those of the first mode of PyTorch; of one network all modes are alike."""
    peers = sorted(name for name in measured if name.startswith("torch"))
    return [(name, measured[name]) for name in ["martlet", *peers[:1]] if name in measured]


def details(kind):
    """What is known besides the time: gradients, first step, memory."""
    lines = [f"### {kind['data'].capitalize()} data", ""]
    lines += ["| participant | ms | first step, s | peak memory, MB |", "|---|---:|---:|---:|"]
    for name, facts in sorted(kind["participants"].items(), key=lambda item: item[1]["milliseconds"]):
        first = facts.get("seconds_to_first_step")
        lines.append(
            f"| {name} | {milliseconds(facts['milliseconds'])} | {f'{first:.2f}' if first else ''} "
            f"| {megabytes(facts.get('peak_memory_bytes'))} |")
    for name, shares in densities(kind["density"]):
        shares = ", ".join(f"{layer} {shares[layer]:.0%}" for layer in sorted(shares, key=in_order))
        lines += ["", f"Share of non-zero gradients after each convolution at the end, {name}: {shares}."]
    for failure in kind["failures"]:
        lines += ["", f"Left out: {' '.join(failure.split())[:300]}"]
    return lines


def floor(row):
    """What the row's program takes at least: of each step the longer of its arithmetic and its bytes."""
    return sum(max(step["floor_milliseconds"], step["memory_milliseconds"]) for step in row["layers"])


def layer_table(row):
    """The steps that take more than a hundredth of the row, beside their floors."""
    steps = sorted(row["layers"], key=lambda step: -step["milliseconds"])
    whole = sum(step["milliseconds"] for step in steps)
    winograd, direct, copies = row["rates"]
    lines = [
        "### Floors", "",
        f"By {winograd:.0f} GFLOP/s of Winograd's sums, {direct:.0f} of direct ones, {copies:.0f} GB/s of memory.", "",
        "| step | ms | arithmetic, ms | bytes, ms | floor of time |", "|---|---:|---:|---:|---:|"]

    def line(name, time, arithmetic, memory, least):
        share = f"{least / time:.0%}" if time else ""
        lines.append(f"| {name} | {time:.3f} | {arithmetic:.3f} | {memory:.3f} | {share} |")

    def sums(steps):
        parts = [(s["milliseconds"], s["floor_milliseconds"], s["memory_milliseconds"]) for s in steps]
        return [sum(part[i] for part in parts) for i in range(3)] + [sum(max(part[1:]) for part in parts)]

    large = [step for step in steps if step["milliseconds"] >= whole / 100]
    for step in large:
        line(step["name"].replace("|", "\\|"), *sums([step]))
    line(f"{len(steps) - len(large)} smaller steps", *sums(steps[len(large):]))
    line("all", *sums(steps))
    return lines


def table(rows):
    """One line for each row."""
    lines = [
        "| system | batch | Martlet, ms | floor, ms | floor / Martlet | fastest peer, ms | ratio | --exact |",
        "|---|---:|---:|---:|---:|---:|---:|---:|"]
    for row in rows:
        counted = row["counted"]
        if not counted:
            continue
        kind = next(kind for kind in row["measured"] if kind["data"] == counted["data"])
        ours = kind["participants"]["martlet"]
        peer = kind["participants"][counted["peer"]]
        exact = counted["exact_ratio"]
        time = ours["milliseconds"]
        least = floor(row) if row.get("layers") else None
        lines.append(
            f"| {row['system']} | {row['batch']} | {milliseconds(time)} "
            f"| {milliseconds(least) if least else ''} | {f'{least / time:.0%}' if least else ''} "
            f"| {milliseconds(peer['milliseconds'])} ({counted['peer']}) | {counted['ratio']:.2f} "
            f"| {f'{exact:.2f}' if exact else ''} |")
    return lines


def memory(rows):
    """Resident memory and the time to the end of the first step, ours beside PyTorch's."""
    lines = [
        "## Memory and first step of training", "",
        "| system | batch | Martlet, MB | PyTorch, MB | part | first step, s | PyTorch, s |",
        "|---|---:|---:|---:|---:|---:|---:|"]
    for row in rows:
        ours, peer = row["martlet"], row["torch"]
        lines.append(
            f"| {row['system']} | {row['batch']} | {megabytes(ours['peak_memory_bytes'])} "
            f"| {megabytes(peer['peak_memory_bytes'])} "
            f"| {ours['peak_memory_bytes'] / peer['peak_memory_bytes']:.3f} "
            f"| {ours['seconds_to_first_step']:.2f} | {peer['seconds_to_first_step']:.2f} |")
    return [
        *lines, "", "Greatest resident memory of a process that makes training steps on random pixels, code and libraries "
        "included; the time runs from the start of the process to the end of its first step, Martlet's in `martlet "
        "train` with the data set in the cache.", ""]


def markdown(result, drawing):
    facts = result["environment"]
    versions = {}
    for row in result["rows"]:
        for kind in row["measured"]:
            for participant in kind["participants"].values():
                versions.update(participant.get("versions", {}))
    lines = [
        f"# Benchmark, {facts['date'][:10]}", "",
        f"{facts['processor']} with {facts['instructions']}, {facts['threads']} threads of {facts['processors']} "
        f"processors, {facts['memory']}, {facts['system']}; begun at commit {facts['commit']}; "
        f"load before the run {facts['load_before']:.1f}.",
        "Peers: " + ", ".join(f"{name} {version}" for name, version in sorted(versions.items())) + ".",
        "How it was measured: [README](README.md).", "",
        *([f"![Ratios to the fastest peer]({drawing})", ""] if drawing else []),
    ]
    for group, title in TITLES.items():
        rows = [row for row in result["rows"] if row["group"] == group]
        if rows:
            lines += [f"## {title}", "", *table(rows), ""]
    if result["memory"]:
        lines += memory(result["memory"])
    lines += ["# All figures", ""]
    for row in result["rows"]:
        lines += [f"## {row['system']}, {row['mode']}, batch {row['batch']}", ""]
        if "date" in row:
            peers = f"; of the peers only {', '.join(row['modes'])}" if row["modes"] else ""
            lines += [f"Measured {row['date']}{peers}.", ""]
        for kind in row["measured"]:
            lines += [*details(kind), ""]
        if row.get("layers"):
            lines += [*layer_table(row), ""]
    return "\n".join(lines).rstrip() + "\n"


BEGIN, END = "<!-- benchmark -->", "<!-- end of benchmark -->"


def insert(report_path, readme_path):
    """Puts the first table of a report between the README's two marks."""
    with open(report_path) as file:
        text = file.read().split("\n# All figures")[0]
    lines = re.search(r"(^\|.*\n)+", text, re.MULTILINE).group(0).rstrip()
    with open(readme_path) as file:
        before, rest = file.read().split(BEGIN)
    after = rest.split(END)[1]
    link = f"Measured as [docs/benchmarks/README.md](docs/benchmarks/README.md) says; all figures: [{report_path}]({report_path})."
    with open(readme_path, "w") as file:
        file.write(before + BEGIN + "\n" + lines + "\n\n" + link + "\n" + END + after)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage (in the repository's root): python3 Benchmarks/report.py docs/benchmarks/DATE.md")
    insert(sys.argv[1], "README.md")
