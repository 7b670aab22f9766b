"""Means over seeds and whether two of them differ."""

import math
from dataclasses import dataclass


@dataclass
class Sample:
    """One figure of several runs."""

    values: list

    @property
    def mean(self):
        return math.fsum(self.values) / len(self.values)

    @property
    def variance(self):
        """The unbiased one; of a single run nothing is known."""
        mean = self.mean
        return math.fsum((value - mean) ** 2 for value in self.values) / (len(self.values) - 1)

    def text(self, scale=1, digits=2):
        if not self.values:
            return "–"
        mean = f"{self.mean * scale:.{digits}f}"
        if len(self.values) == 1:
            return f"{mean} (1)"
        return f"{mean} ± {math.sqrt(self.variance) * scale:.{digits}f} ({len(self.values)})"


def welch(ours, theirs):
    """The 95 % interval of the difference of two means (Welch 1947), or None where a side has one run."""
    if min(len(ours.values), len(theirs.values)) < 2:
        return None
    difference = ours.mean - theirs.mean
    parts = [sample.variance / len(sample.values) for sample in (ours, theirs)]
    if sum(parts) == 0:
        return difference, difference
    counts = [len(sample.values) - 1 for sample in (ours, theirs)]
    freedom = sum(parts) ** 2 / sum(part**2 / count for part, count in zip(parts, counts))
    width = t_quantile(0.975, freedom) * math.sqrt(sum(parts))
    return difference - width, difference + width


def t_quantile(probability, freedom):
    """Student's t, by bisection over the integral of its density."""
    low, high = 0.0, 1e4
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if 0.5 + t_integral(middle, freedom) < probability else (low, middle)
    return (low + high) / 2


def t_integral(end, freedom, pieces=2000):
    """The density's integral from 0 (Simpson's rule over the angle atan(t / sqrt(freedom)))."""
    scale = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(math.pi)
    angle = math.atan(end / math.sqrt(freedom))
    step = angle / pieces
    total = 0.0
    for index in range(pieces + 1):
        weight = 1 if index in (0, pieces) else 4 if index % 2 else 2
        total += weight * math.cos(index * step) ** (freedom - 1)
    return scale * total * step / 3
