"""Python's search for garbage, set to a program that makes most of its objects at its start.

An import of a framework makes 300,000 objects, none of them garbage. To search them for cycles
again and again, and once more at the end, takes a command a second with TensorFlow.
https://docs.python.org/3/library/gc.html
"""

import atexit
import gc

OBJECTS = 10_000  # made and not yet freed, before the next search; Python's own are 700 to 2,000


def search_rarely() -> None:
    """Search less often, and not at the program's end: the system takes all memory back."""
    gc.set_threshold(OBJECTS)
    atexit.register(gc.freeze)
