"""One network for many visitors: pictures that arrive together go through it together. In: squares from many threads;
out: to each its own fc7 and logits.

There is no thread of its own: whoever waits while nobody computes, computes the next batch, in which each that waits
has an equal share. So a slider's few pictures are not held up by another visitor's hundreds.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from deepselfie.errors import DeepselfieError
from deepselfie.score import Scorer

GATHER = 0.003  # s that a batch waits for others: about what a single picture takes
MOST_WAITING = 2048  # pictures: 300 MB of squares at 224 px
PATIENCE = 30.0  # s without a turn, until a visitor is told to come back later
BUSY = "Too many people are being scored right now. Please try again in a minute."


@dataclass(eq=False)
class _Request:
    squares: np.ndarray  # (N, S, S, 3)
    taken: int = 0  # of the N, those that went through the network or are in it
    parts: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list)
    done: bool = False
    given_up: bool = False
    error: Exception | None = None


class SharedScorer(Scorer):
    """A Scorer for many threads at once; its answers are those of a Scorer, asked one by one."""

    def __init__(self, folder: Path | str, device: str | None = None):
        super().__init__(folder, device)
        self._changed = threading.Condition()
        self._requests: deque[_Request] = deque()
        self._computing, self._waiting = False, 0

    def look(self, squares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As Scorer.look. Raises DeepselfieError where nothing of it gets its turn within PATIENCE."""
        request = _Request(squares)
        with self._changed:
            if not self._changed.wait_for(lambda: self._waiting + len(squares) <= MOST_WAITING, PATIENCE):
                raise DeepselfieError(BUSY)
            self._waiting += len(squares)
            self._requests.append(request)
            self._changed.notify_all()
        try:
            while not request.done:
                taken = request.taken
                with self._changed:
                    self._changed.wait_for(lambda: request.done or not self._computing, PATIENCE)
                    if request.done:
                        break
                    if self._computing:
                        if request.taken == taken:
                            raise DeepselfieError(BUSY)
                        continue
                    self._computing = True
                self._compute_next()
        finally:
            with self._changed:
                self._waiting -= len(squares)
                request.given_up = not request.done
                if request in self._requests:
                    self._requests.remove(request)
                self._changed.notify_all()
        if request.error:
            raise request.error
        fc7, logit = zip(*request.parts, strict=True)
        return np.concatenate(fc7), np.concatenate(logit)

    def _compute_next(self) -> None:
        """One batch through the network, and its results to those whose pictures were in it."""
        shares: list[tuple[_Request, np.ndarray]] = []
        try:
            time.sleep(GATHER)
            with self._changed:
                shares = self._take()
            fc7, logit = super().look(np.concatenate([part for _, part in shares]))
            first = 0
            for request, part in shares:
                request.parts.append((fc7[first : first + len(part)], logit[first : first + len(part)]))
                first += len(part)
        except Exception as error:  # told to all whose pictures were in it, each in its own thread
            for request, _ in shares:
                request.error = error
        finally:
            with self._changed:
                self._computing = False
                for request, _ in shares:
                    request.done = request.error is not None or request.taken == len(request.squares)
                    if not (request.done or request.given_up):
                        self._requests.append(request)  # behind those that have waited longer
                self._changed.notify_all()

    def _take(self) -> list[tuple[_Request, np.ndarray]]:
        """Up to `at_once` of the waiting pictures, from each request an equal share, the longest waiting first."""
        room, shares = self.at_once, []
        while self._requests and room:
            share = math.ceil(room / len(self._requests))
            request = self._requests.popleft()
            part = request.squares[request.taken : request.taken + share]
            request.taken += len(part)
            room -= len(part)
            shares.append((request, part))
        return shares
