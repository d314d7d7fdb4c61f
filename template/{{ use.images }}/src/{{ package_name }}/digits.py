"""The built-in images: handwritten digits that come with scikit-learn."""

from dataclasses import replace
from functools import partial

import numpy as np

from . import installed
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
    if settings.image_size not in (0, 8) or settings.colour == "rgb":
        raise UserError('the digits are 8x8 and grey: set image_size = 8 and colour = "grey"')
    # `sklearn.datasets.load_digits` reads this file, too: 64 numbers and a label in each row.
    # Importing it takes a second, for which every command would wait.
    folder = installed.folder("sklearn", "the data set of digits", "scikit-learn")
    table = np.loadtxt(folder / "datasets" / "data" / "digits.csv.gz", delimiter=",")
    images = np.round(table[:, :-1].reshape(-1, 8, 8, 1) * (255 / 16))  # ink is 0 to 16
    images, labels = images.astype(np.uint8), table[:, -1].astype(np.int64)
    half = len(labels) // 2
    given = ["train"] * half + ["test"] * (len(labels) - half)
    parts = divide(labels, given, [], replace(settings, group=""))
    train, validation, test = (
        ArraySplit({"images": images[i], "labels": labels[i]}) for i in parts
    )
    names = [str(label) for label in range(10)]
    return Dataset(
        name="Optical Recognition of Handwritten Digits (scikit-learn)",
        licence="CC BY 4.0",
        train=train,
        validation=validation,
        test=test,
        facts=describe(names, labels[parts[0]], Preparation(8, 8, 1)),
        draw=partial(draw_batch, names),
    )
