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
    """Return by what the lower and the upper half of intervals are to be multiplied, float32 [2].

    Of a split that the network did not learn from, a tenth of the values are to lie below and a
    tenth above (Y. Romano, E. Patterson and E. Candes, 2019, Conformalized Quantile Regression, in
    which a width is added; here it is multiplied, so that the steps keep their proportions). It is
    1 at least: validation windows are few and of one time, which may have been an easy one.
    """
    below, above = [], []
    for batch in iterate(split, signature(facts)):
        found, truth = model(batch)["quantiles"].astype(np.float64), batch["target"]
        if facts["log"]:
            found, truth = (np.log(np.maximum(v, facts["scale"]["floor"])) for v in (found, truth))
        low, middle, high = np.moveaxis(found, -1, 0)
        observed = batch["observed"] > 0
        below.append(((middle - truth) / np.maximum(middle - low, TINY))[observed])
        above.append(((truth - middle) / np.maximum(high - middle, TINY))[observed])
    inside = float(QUANTILES[-1])
    factors = [np.quantile(np.concatenate(part), inside) for part in (below, above)]
    return np.array(np.clip(factors, 1, WIDEST), np.float32)
