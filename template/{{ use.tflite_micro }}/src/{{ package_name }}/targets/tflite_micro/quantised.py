"""Numbers as 8-bit integers: value = scale * (integer - zero_point)."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Quantised:
    """An input or output of the model on the chip: int8 of a fixed shape, its batch of one first.

    `scale` is a float32, in which the chip computes, too.
    """

    name: str
    shape: tuple[int, ...]
    scale: float
    zero_point: int

    def to_integers(self, values: np.ndarray) -> np.ndarray:
        """Round float32 values to int8; what lies outside the range becomes its end.

        The firmware does the same in the same order: floor(value / scale + 0.5) + zero_point.
        """
        scaled = values.astype(np.float32) / np.float32(self.scale) + np.float32(0.5)
        whole = np.clip(np.floor(scaled) + self.zero_point, -128, 127)
        return np.asarray(whole, np.int8)

    def to_numbers(self, integers: np.ndarray) -> np.ndarray:
        """Turn int8 back into float32."""
        steps = integers.astype(np.float32) - np.float32(self.zero_point)
        return np.asarray(steps * np.float32(self.scale), np.float32)


def describe(tensor: dict[str, Any]) -> Quantised:
    """Read what LiteRT tells about an input or output; raises ValueError when it is not int8."""
    if tensor["dtype"] is not np.int8:
        raise ValueError(f"{tensor['name']} is {np.dtype(tensor['dtype'])}, not int8")
    scale, zero_point = tensor["quantization"]
    shape = tuple(int(size) for size in tensor["shape"])
    return Quantised(str(tensor["name"]), shape, float(scale), int(zero_point))
