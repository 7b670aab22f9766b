"""The ratios of a benchmark as a drawing: one bar for each row, as SVG."""

from html import escape

LEFT, WIDTH, LINE, TOP, BOTTOM = 300, 460, 26, 56, 44
OURS, EXACT, INK, GRID = "#2f6fb5", "#a8c4e2", "#222", "#ddd"


def ticks(most):
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 200) if most / step <= 8)
    return range(0, int(most / step + 1) * step + 1, step)


def figure(rows):
    """How many times faster than the fastest peer; None where nothing was compared."""
    counted = [(row, row["counted"]) for row in rows if row["counted"]]
    if not counted:
        return None
    marks = ticks(max(max(c["ratio"], c["exact_ratio"] or 0) for _, c in counted))
    scale = WIDTH / marks[-1]
    height = TOP + LINE * len(counted) + BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 60}" height="{height}" '
        f'font-family="sans-serif" font-size="12" fill="{INK}">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{LEFT}" y="20" font-size="14">Times as fast as the fastest peer (1 is equal)</text>',
    ]
    for index, (color, text) in enumerate([(OURS, "Martlet"), (EXACT, "with --exact")]):
        x = LEFT + 110 * index
        parts.append(f'<rect x="{x}" y="30" width="12" height="12" fill="{color}"/>')
        parts.append(f'<text x="{x + 18}" y="40">{text}</text>')
    for mark in marks:
        x = LEFT + mark * scale
        parts.append(
            f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{height - BOTTOM + 4}" '
            f'stroke="{INK if mark == 1 else GRID}"/>')
        parts.append(f'<text x="{x:.1f}" y="{height - BOTTOM + 20}" text-anchor="middle">{mark}</text>')
    for index, (row, ratio) in enumerate(counted):
        y = TOP + LINE * index
        name = escape(f'{row["system"]}, {row["mode"]}, {row["batch"]}')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 17}" text-anchor="end">{name}</text>')
        parts.append(
            f'<rect x="{LEFT}" y="{y + 4}" width="{ratio["ratio"] * scale:.1f}" height="11" fill="{OURS}"/>')
        if ratio["exact_ratio"]:
            parts.append(
                f'<rect x="{LEFT}" y="{y + 15}" width="{ratio["exact_ratio"] * scale:.1f}" height="7" '
                f'fill="{EXACT}"/>')
        end = LEFT + max(ratio["ratio"], ratio["exact_ratio"] or 0) * scale
        parts.append(f'<text x="{end + 5:.1f}" y="{y + 15}">{ratio["ratio"]:.1f}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
