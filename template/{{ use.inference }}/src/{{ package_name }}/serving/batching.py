"""Dynamic batching: rows of requests that come together are computed together."""

import threading
import time
from concurrent.futures import Future
from queue import Empty, SimpleQueue

from ..signature import Batch, Predict, concatenate, count


class Batcher:
    """A `Predict` that waits a moment for the rows of other threads' calls.

    It pays where a network computes 16 rows in far less than 16 times the time of one, such as wide
    dense layers, whose weights are then read from memory once instead of 16 times.
    """

    def __init__(self, predict: Predict, max_rows: int, wait_ms: float) -> None:
        self.predict = predict
        self.max_rows = max_rows
        self.seconds = wait_ms / 1000
        self.queue: SimpleQueue[tuple[Batch, Future[Batch]]] = SimpleQueue()
        threading.Thread(target=self.run, name="batching", daemon=True).start()

    def __call__(self, inputs: Batch) -> Batch:
        """Compute some rows; called from several threads at once."""
        future: Future[Batch] = Future()
        self.queue.put((inputs, future))
        return future.result()

    def run(self) -> None:
        """Compute whatever has come together, forever."""
        following = None  # a request that did not fit into the batch before it
        while True:
            together = [following or self.queue.get()]
            following = self.collect(together)
            try:
                outputs = self.predict(concatenate([inputs for inputs, _ in together]))
                start = 0
                for inputs, future in together:
                    end = start + count(inputs)
                    future.set_result({name: array[start:end] for name, array in outputs.items()})
                    start = end
            except Exception as error:  # it belongs to the requests, not to this thread
                for _, future in together:
                    future.set_exception(error)

    def collect(
        self, together: list[tuple[Batch, Future[Batch]]]
    ) -> tuple[Batch, Future[Batch]] | None:
        """Add requests until the batch is full or the time is over; returns one that did not fit.

        Requests fit when their rows have the same shapes, and are not too many together.
        """
        first = together[0][0]
        rows, end = count(first), time.monotonic() + self.seconds
        while rows < self.max_rows:
            try:
                item = self.queue.get(timeout=max(0, end - time.monotonic()))
            except Empty:
                return None
            rows += count(item[0])
            alike = all(a.shape[1:] == first[name].shape[1:] for name, a in item[0].items())
            if rows > self.max_rows or not alike:
                return item
            together.append(item)
        return None
