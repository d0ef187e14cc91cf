"""Rows of numbers, as a benchmark prints them."""

import statistics


def spread(name, values, unit="ms"):
    """`name   min  median  max`."""
    print(f"  {name:<52} min {min(values):8.2f}   median {statistics.median(values):8.2f}   max {max(values):8.2f}  {unit}", flush=True)


def verdict(text, value, limit, unit=""):
    word = "within" if value <= limit else "OVER"
    print(f"  => {text}: {value:.2f}{unit}, {word} the goal of {limit}{unit}", flush=True)


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
