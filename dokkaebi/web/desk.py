"""What is opened once it is asked for, since it needs a node that answers to begin with."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Generic, TypeVar

from dokkaebi.errors import DokkaebiError

T = TypeVar("T")


class Desk(Generic[T]):
    """Opens by `opening`, once. `shut`: the error's key while it can't be opened; `note` is told
    why, if that is so at the beginning."""

    def __init__(
        self,
        opening: Callable[[], AbstractContextManager[T]],
        shut: str,
        note: Callable[[DokkaebiError], None] = lambda problem: None,
    ) -> None:
        self._opening = opening
        self._shut = shut
        self._note = note
        self._lock = threading.Lock()
        self._opened = ExitStack()
        self.found: T | None = None

    def opened(self) -> T:
        """What is open. Raises the error of `shut` if it can't be opened now."""
        with self._lock:
            if self.found is None:
                try:
                    self.found = self._opened.enter_context(self._opening())
                except DokkaebiError as problem:
                    raise DokkaebiError(self._shut, problem=str(problem)) from None
            return self.found

    def open_early(self) -> None:
        """Opens it before somebody asks, so that its work goes on; if it can't be, later then."""
        try:
            self.opened()
        except DokkaebiError as problem:
            self._note(problem)

    def close(self) -> None:
        """Ends what was begun."""
        self._opened.close()
