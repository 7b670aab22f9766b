#!/usr/bin/env python3
"""Writes the results of finished experiments as a page with their figures.

    Benchmarks/experiments.py OUT.md FOLDER...

Each FOLDER is what `martlet experiment` left, NAME-full what it left with --full; a study brings its parts behind it.
The figures go to images/experiments/ beside OUT.md, under the folders' names.
"""

import json
import shutil
import sys
from pathlib import Path

HEAD = """# The published experiments, on the real data

Each experiment was run with three seeds at the epochs of its publication, that of the learning rates also with
`--full`. Tables, figures and sentences are as the command writes them; sentences are computed from the trials, never
written in advance. To repeat one, with its page of interactive figures:

    martlet experiment NAME --seeds 3 --data DIR --output FOLDER
    Benchmarks/experiments.py docs/experiments.md FOLDER...
"""


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    out = Path(sys.argv[1])
    sections = []
    for folder in map(Path, sys.argv[2:]):
        record = load(folder)
        # The results tell the settings, not the options that led to them: the folder's name does.
        option = " --full" if folder.resolve().name.endswith("-full") else ""
        sections.append(section(folder, record, f"`martlet experiment {record['name']}{option}`", out))
        for part in record["parts"]:
            heading = f"Part of `martlet experiment {record['name']}`"
            sections.append(section(folder / part, load(folder / part), heading, out))
    out.write_text(HEAD + "".join(sections))
    print(f"{out}: {len(sections)} experiments")


def load(folder):
    path = folder / "results.json"
    if not path.exists():
        sys.exit(f"experiments: {path}: expected the results of a finished experiment; run it to its end first")
    return json.loads(path.read_text())


def section(folder, record, heading, out):
    text = f"\n## {record['title']}{extent(folder, record)}\n\n{heading}\n"
    for table in record["tables"]:
        text += f"\n{markdown(table)}"
    text += "\n" + "".join(f"- {sentence}\n" for sentence in record["conclusions"])
    pictures = out.parent / "images" / "experiments"
    for figure in record["figures"]:
        source = folder / f"{figure['file']}.svg"
        if not source.exists():
            sys.exit(f"experiments: {source}: expected the figure that results.json names; run the experiment again")
        pictures.mkdir(parents=True, exist_ok=True)
        name = f"{folder.resolve().name}-{figure['file']}.svg"
        shutil.copyfile(source, pictures / name)
        text += f"\n![{figure['title']}](images/experiments/{name})\n"
    return text


def extent(folder, record):
    """How long was trained, which an experiment's options may change."""
    files = [
        folder / "trials" / trial["name"] / "configuration.json"
        for setting in record["settings"] for trial in setting["trials"]]
    # A trial that could not be trained has none.
    trained = [json.loads(file.read_text()) for file in files if file.exists()]
    if not trained:
        return ""
    epochs = " or ".join(map(str, sorted({each["epochs"] for each in trained})))
    ends_sooner = any(each[key] is not None for each in trained for key in ("patience", "stop_loss"))
    return f": {len(record['seeds'])} seeds, {'up to ' if ends_sooner else ''}{epochs} epochs"


def markdown(table):
    rows = ["| " + " | ".join(row) + " |\n" for row in [table["columns"], *table["rows"]]]
    rule = "|" + "|".join("---:" if numeric else "---" for numeric in table["numeric"]) + "|\n"
    return f"{table['title']}:\n\n" + rows[0] + rule + "".join(rows[1:])


if __name__ == "__main__":
    main()
