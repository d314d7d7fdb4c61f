"""FlatBuffers without generated code: a table is values by their slots, as a schema counts them."""

from collections.abc import Mapping
from typing import Any

import flatbuffers
import numpy as np
from flatbuffers import encode, number_types, packer
from flatbuffers.table import Table


def write(root: Mapping[int, Any], identifier: bytes) -> bytes:
    """Write a table as a file of its own.

    Values may be text, a float32 or uint8 array, a table, a list of tables, or an enum's np.uint8.
    """
    builder = flatbuffers.Builder(1024)
    builder.Finish(_put(builder, root), file_identifier=identifier)
    return bytes(builder.Output())


def _put(builder: Any, value: Any) -> int:
    """Write one value; returns where it is. What it refers to comes before it."""
    if isinstance(value, str):
        return int(builder.CreateString(value))
    if isinstance(value, np.ndarray):
        return int(builder.CreateNumpyVector(value))
    if isinstance(value, list):
        items = [_put(builder, item) for item in value]
        builder.StartVector(4, len(items), 4)
        for place in reversed(items):
            builder.PrependUOffsetTRelative(place)
        return int(builder.EndVector())
    places = {s: _put(builder, v) for s, v in value.items() if not isinstance(v, np.uint8)}
    builder.StartObject(max(value, default=-1) + 1)
    for slot, entry in value.items():
        if slot in places:
            builder.PrependUOffsetTRelativeSlot(slot, places[slot], 0)
        else:
            builder.PrependUint8Slot(slot, int(entry), 0)
    return int(builder.EndObject())


class View:
    """A table to read from; what is absent reads as empty or zero."""

    def __init__(self, content: bytes, position: int | None = None) -> None:
        start = encode.Get(packer.uoffset, content, 0) if position is None else position
        self._table = Table(content, start)

    def _place(self, slot: int) -> int:
        """Return where a slot's value is, from the table's start; 0 when it is absent."""
        return int(self._table.Offset(4 + 2 * slot))

    def text(self, slot: int) -> str:
        """Read a text."""
        place = self._place(slot)
        return str(self._table.String(self._table.Pos + place).decode()) if place else ""

    def uint8(self, slot: int) -> int:
        """Read an enum, or the kind of a union whose table is in the next slot."""
        place = self._place(slot)
        flags = number_types.Uint8Flags
        return int(self._table.Get(flags, self._table.Pos + place)) if place else 0

    def uint32(self, slot: int) -> int:
        """Read a number."""
        place = self._place(slot)
        flags = number_types.Uint32Flags
        return int(self._table.Get(flags, self._table.Pos + place)) if place else 0

    def table(self, slot: int) -> "View":
        """Read a table, which must be there."""
        place = self._table.Pos + self._place(slot)
        return View(self._table.Bytes, self._table.Indirect(place))

    def tables(self, slot: int) -> list["View"]:
        """Read a list of tables."""
        place = self._place(slot)
        if not place:
            return []
        first, count = self._table.Vector(place), self._table.VectorLen(place)
        starts = range(first, first + 4 * count, 4)
        return [View(self._table.Bytes, self._table.Indirect(start)) for start in starts]

    def array(self, slot: int, dtype: type[np.generic]) -> np.ndarray:
        """Read a list of numbers."""
        place = self._place(slot)
        if not place:
            return np.zeros(0, dtype)
        first, count = self._table.Vector(place), self._table.VectorLen(place)
        return np.frombuffer(self._table.Bytes, dtype, count, first)
