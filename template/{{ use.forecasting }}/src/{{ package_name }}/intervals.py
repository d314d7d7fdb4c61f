"""How much wider a network's intervals must be, so that they hold as many values as they say."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .data import QUANTILES, signature
from .dataset import Split, iterate
from .signature import Predict

WIDEST = 10.0
TINY = 1e-9


def widening(model: Predict, split: Split, facts: Mapping[str, Any]) -> np.ndarray:
    """Return by what the intervals' widths are to be multiplied, float32 [1]; 1 at least.

    Of a split that the network did not learn from, eight of ten values are to lie inside: Y.
    Romano, E. Patterson and E. Candes (2019), Conformalized Quantile Regression. There a width is
    added; here it is multiplied, so that the steps keep their proportions. Intervals are never
    narrowed: validation windows are few and of one time, which may have been an easy one.
    """
    beyond = []
    for batch in iterate(split, signature(facts)):
        found, truth = model(batch)["quantiles"].astype(np.float64), batch["target"]
        if facts["log"]:
            found, truth = (np.log(np.maximum(v, facts["scale"]["floor"])) for v in (found, truth))
        low, middle, high = np.moveaxis(found, -1, 0)
        below = (middle - truth) / np.maximum(middle - low, TINY)
        above = (truth - middle) / np.maximum(high - middle, TINY)
        beyond.append(np.maximum(below, above)[batch["observed"] > 0])
    inside = float(QUANTILES[-1]) - float(QUANTILES[0])
    factor = np.quantile(np.concatenate(beyond), inside)
    return np.array([np.clip(factor, 1, WIDEST)], np.float32)
