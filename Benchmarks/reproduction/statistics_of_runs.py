"""Means over seeds and whether two of them differ."""

import itertools
import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """One figure of several runs."""

    count: int = 0
    mean: float = math.nan
    deviation: float = math.nan  # the unbiased one; of a single run nothing is known
    lowest: float = math.nan

    @classmethod
    def of(cls, values):
        if not values:
            return cls()
        mean = math.fsum(values) / len(values)
        squares = math.fsum((value - mean) ** 2 for value in values)
        deviation = math.sqrt(squares / (len(values) - 1)) if len(values) > 1 else math.nan
        return cls(len(values), mean, deviation, min(values))

    def __add__(self, other):
        """The sample of both parts' runs (Chan, Golub and LeVeque 1979)."""
        if not self.count or not other.count:
            return self if self.count else other
        count = self.count + other.count
        squares = sum((part.count - 1) * part.deviation**2 for part in (self, other) if part.count > 1)
        squares += (self.mean - other.mean) ** 2 * self.count * other.count / count
        mean = (self.mean * self.count + other.mean * other.count) / count
        return Sample(count, mean, math.sqrt(squares / (count - 1)), min(self.lowest, other.lowest))

    def text(self, scale=1, digits=2):
        if not self.count:
            return "–"
        mean = f"{self.mean * scale:.{digits}f}"
        if self.count == 1:
            return f"{mean} (1)"
        return f"{mean} ± {self.deviation * scale:.{digits}f} ({self.count})"


def welch(ours, theirs):
    """The 95 % interval of the difference of two means (Welch 1947), or None where a side has one run."""
    if min(ours.count, theirs.count) < 2:
        return None
    difference = ours.mean - theirs.mean
    parts = [sample.deviation**2 / sample.count for sample in (ours, theirs)]
    if sum(parts) == 0:
        return difference, difference
    counts = [sample.count - 1 for sample in (ours, theirs)]
    freedom = sum(parts) ** 2 / sum(part**2 / count for part, count in zip(parts, counts))
    width = t_quantile(0.975, freedom) * math.sqrt(sum(parts))
    return difference - width, difference + width


def rank_sum(ours, theirs):
    """The exact two-sided p of the rank-sum test (Wilcoxon 1945) over all divisions; equal values share their ranks."""
    values = sorted(ours + theirs)
    ranks = [values.index(value) + (values.count(value) + 1) / 2 for value in [*ours, *theirs]]
    middle = sum(ranks) * len(ours) / len(ranks)
    found = abs(sum(ranks[:len(ours)]) - middle)
    sums = [sum(chosen) for chosen in itertools.combinations(ranks, len(ours))]
    return sum(abs(rank - middle) >= found - 1e-9 for rank in sums) / len(sums)


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
