"""Few rows that still try every pair of values: a matrix over many questions stays small."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

Pair = frozenset[tuple[str, int]]


def pairwise(
    factors: Mapping[str, Sequence[Any]], seeds: Sequence[Mapping[str, Any]] = ()
) -> list[dict[str, Any]]:
    """Rows over `factors` in which every two values of two factors meet at least once.

    Each seed fixes some factors of one row; the rest of its row is filled so that it meets as many
    new pairs as it can. Greedy and without chance: the same input gives the same rows.
    """
    missing = {
        frozenset({(a, i), (b, j)})
        for a, b in combinations(factors, 2)
        for i in range(len(factors[a]))
        for j in range(len(factors[b]))
    }
    rows: list[dict[str, int]] = []

    def fill(row: dict[str, int]) -> None:
        for factor in sorted(set(factors) - set(row)):
            gain = [
                sum(frozenset({(factor, i), item}) in missing for item in row.items())
                for i in range(len(factors[factor]))
            ]
            # Where nothing is gained, values take turns instead of the first one filling every row.
            turn = len(rows) % len(gain)
            row[factor] = max(range(len(gain)), key=lambda i: (gain[i], i == turn))
        missing.difference_update(pairs(row))
        rows.append(row)

    for seed in seeds:
        fill({factor: list(factors[factor]).index(value) for factor, value in seed.items()})
    while missing:
        fill(dict(min(missing, key=sorted)))
    return [{factor: factors[factor][row[factor]] for factor in factors} for row in rows]


def pairs(row: Mapping[str, int]) -> set[Pair]:
    """Every pair of (factor, index of its value) that one row meets."""
    return {frozenset(pair) for pair in combinations(row.items(), 2)}
