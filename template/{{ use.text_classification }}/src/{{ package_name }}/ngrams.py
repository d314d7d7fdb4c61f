"""Runs of neighbouring bytes, and which row of a table each has. No framework here.

A run's row is a sum of its codes, each times a number of its own, so that runs are spread over the
table: a hash without a remainder, as the kernels of some chips have none. Runs may share a row, as
in A. Joulin et al. (2016), Bag of Tricks for Efficient Text Classification, arXiv:1607.01759.
"""

from . import tokens

FACTORS = {2: (1, 31), 3: (1, 19, 149), 4: (1, 11, 47, 131)}
"""by the length of a run, what each of its codes is multiplied with"""


def factors(longest: int) -> list[tuple[int, ...]]:
    """Return the factors of runs of two bytes up to the longest."""
    return [FACTORS[length] for length in FACTORS if length <= longest]


def rows(run: tuple[int, ...]) -> int:
    """Count the rows that a table of such runs needs."""
    return (tokens.CODES - 1) * sum(run) + 1
