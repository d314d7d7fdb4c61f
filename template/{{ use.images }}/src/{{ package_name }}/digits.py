"""The built-in images: handwritten digits that come with scikit-learn."""

from dataclasses import replace
from functools import partial

import numpy as np

from .dataset import ArraySplit, Dataset
from .errors import UserError
from .pictures import Preparation, describe
from .preview import draw_batch
from .splits import divide
from .task import DataSettings


def load_digits(settings: DataSettings) -> Dataset:
    """Load 1,797 handwritten digits of 8x8 pixels: the first half trains, the second half tests.

    Source: E. Alpaydin, C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine
    Learning Repository, doi:10.24432/C50P49. The split is that of scikit-learn's own example.
    """
    # scikit-learn takes a second to import; a folder of your own does without it.
    from sklearn.datasets import load_digits as sklearn_digits

    if settings.image_size not in (0, 8) or settings.colour == "rgb":
        raise UserError('the digits are 8x8 and grey: set image_size = 8 and colour = "grey"')
    bunch = sklearn_digits()
    images = np.round(bunch.images[..., None] * (255 / 16)).astype(np.uint8)  # ink is 0 to 16
    labels = bunch.target.astype(np.int64)
    half = len(labels) // 2
    given = ["train"] * half + ["test"] * (len(labels) - half)
    parts = divide(labels, given, [], replace(settings, group=""))
    train, validation, test = (
        ArraySplit({"images": images[i], "labels": labels[i]}) for i in parts
    )
    names = [str(name) for name in bunch.target_names]
    return Dataset(
        name="Optical Recognition of Handwritten Digits (scikit-learn)",
        licence="CC BY 4.0",
        train=train,
        validation=validation,
        test=test,
        facts=describe(names, labels[parts[0]], Preparation(8, 8, 1)),
        draw=partial(draw_batch, names),
    )
