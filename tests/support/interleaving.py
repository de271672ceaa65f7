"""Threads that take turns at given points, in an order that a test chooses: every interleaving can be tried."""

import threading
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations


class Turns:
    """Runs workers one at a time; ``point`` is where one waits for its turn."""

    def __init__(self, *workers: Callable[[], None]) -> None:
        self._arrived = threading.Semaphore(0)
        self._turns = [threading.Semaphore(0) for _ in workers]
        self._mine = threading.local()
        self._done = [False for _ in workers]
        self.errors: list[BaseException] = []
        self._threads = [threading.Thread(target=self._work, args=(i, w), daemon=True) for i, w in enumerate(workers)]

    def point(self, _name: str = "") -> None:
        """Waits for this worker's turn; passes at once in any other thread."""
        number = getattr(self._mine, "number", None)
        if number is None:
            return
        self._arrived.release()
        self._turns[number].acquire()

    def run(self, order: Sequence[int]) -> None:
        """Gives turns in ``order``, then to whoever is left."""
        for thread in self._threads:
            thread.start()
        for _ in self._threads:
            self._wait()
        for number in order:
            self._give(number)
        while not all(self._done):
            for number, done in enumerate(self._done):
                if not done:
                    self._give(number)
        if self.errors:
            raise self.errors[0]

    def _give(self, number: int) -> None:
        if not self._done[number]:
            self._turns[number].release()
            self._wait()

    def _wait(self) -> None:
        if not self._arrived.acquire(timeout=30):
            raise TimeoutError("a worker neither waits nor ends")

    def _work(self, number: int, worker: Callable[[], None]) -> None:
        self._mine.number = number
        try:
            self.point()
            worker()
        except BaseException as error:
            self.errors.append(error)
        self._done[number] = True
        self._arrived.release()


def orders(first: int, second: int) -> Iterator[tuple[int, ...]]:
    """Every order of so many turns of worker 0 and of worker 1."""
    for places in combinations(range(first + second), first):
        yield tuple(0 if i in places else 1 for i in range(first + second))
