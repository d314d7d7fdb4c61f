"""Values that stand for missing ones, such as -999: what the setting `missing_values` names."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from . import schema
from .columns import Column, text_of, to_number
from .printing import counted
from .table import Table


@dataclass(frozen=True)
class MissingValues:
    """What stands for a missing value: texts, and the numbers that some of them are."""

    texts: tuple[str, ...]
    numbers: dict[float, str]

    @classmethod
    def of(cls, setting: str) -> "MissingValues":
        """Take the setting apart: texts with commas between them."""
        texts = tuple(dict.fromkeys(text.strip() for text in setting.split(",") if text.strip()))
        numbers = {to_number(text): text for text in texts}
        return cls(texts, {n: text for n, text in numbers.items() if not math.isnan(n)})

    def emptied(self, table: Table, notes: list[str], but: Collection[str] = ()) -> Table:
        """Empty the cells of a table that have such a value, in whatever way numbers are written.

        Columns named by `but` stay. `notes` gets how many such cells there were.
        """
        if not self.texts:
            return table
        found = dict.fromkeys(self.texts, 0)
        made = {n: cells if n in but else self.empty(cells, found) for n, cells in table.items()}
        told = (f"{text!r} in {counted(number, 'cell')}" for text, number in found.items())
        notes.append(f"note: as missing counts {', '.join(told)}")
        return made

    def empty(self, cells: Sequence[str], found: dict[str, int]) -> list[str]:
        """Empty such cells of one column, and count them in `found`."""
        texts = [text_of(cell) for cell in cells]
        decimal = schema.find_decimal([text for text in texts if text])
        made = []
        for cell, text in zip(cells, texts, strict=True):
            known = text if text in found else self.numbers.get(to_number(text, decimal), "")
            if known:
                found[known] += 1
            made.append("" if known else cell)
        return made

    def write_into(self, columns: Sequence[Column]) -> None:
        """Have the columns say it: whoever predicts reads their values in the same way."""
        for column in columns:
            if column["kind"] != "number" and self.texts:
                column["missing_texts"] = list(self.texts)
            elif self.numbers:
                column["missing_numbers"] = list(self.numbers)
