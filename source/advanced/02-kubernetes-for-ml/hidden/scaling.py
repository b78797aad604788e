"""The autoscaler's truth: Kubernetes' formula in exact fractions, and its replay."""

from fractions import Fraction
from math import ceil

from replay import replay


def recommend(current, readings, target, tolerance=Fraction(1, 10)):
    """Return the number of pods that the formula gives; as ReplicaCalculator in Kubernetes does for a resource metric."""
    present = [Fraction(str(each)) for each in readings if each is not None]
    if not present:
        return current
    missing = len(readings) - len(present)
    ratio = sum(present) / len(present) / target
    if missing == 0:
        return current if abs(ratio - 1) <= tolerance else ceil(ratio * len(present))
    filled = present + [Fraction(target) if ratio < 1 else Fraction(0)] * missing
    again = sum(filled) / len(filled) / target
    if abs(again - 1) <= tolerance or (ratio < 1 < again) or (again < 1 < ratio):
        return current
    wanted = ceil(again * len(filled))
    return current if (again < 1 and wanted > current) or (again > 1 and wanted < current) else wanted


def settle(current, recommendation, recent, low, high):
    """Return the number of pods: up at once, down only as far as the highest recommendation of the window, between low and high."""
    settled = max(current, recommendation)
    settled = min(settled, max([recommendation, *recent]))
    return max(low, min(high, settled))


def scaler(target, low=2, high=14, window=20):
    """Return a `decide` for `replay`."""
    recent = []

    def decide(current, readings):
        wanted = recommend(current, readings, target)
        pods = settle(current, wanted, recent[-window:], low, high)
        recent.append(wanted)
        return pods

    return decide


def play(rates, target, seed):
    """Return the replay of a load with that target."""
    return replay(rates, scaler(target), seed=seed)
