"""What models are made of: books that can undo, and refusals that say every reason there is.

The interfaces don't say which of several reasons is answered, so an act that must fail has a set of
them, each an error's name and arguments; the answer must be one of these."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

Reason = tuple[Any, ...]
# A call that reverts without an error of its own.
NOTHING: Reason = ("",)
ABSENT = object()


class Refused(Exception):  # noqa: N818
    """The act must fail, for any of these reasons."""

    def __init__(self, *reasons: Reason) -> None:
        super().__init__(reasons)
        self.reasons = frozenset(reasons)


def refuse_if(*checks: Any) -> None:
    """Each check: whether it applies, the error's name, its arguments; or False, which doesn't."""
    reasons = [check[1:] for check in checks if check and check[0]]
    if reasons:
        raise Refused(*reasons)


class Book(dict[Any, Any]):
    """A dict that remembers what it was. `look` says of an entry what the chain has, and what it
    should have."""

    def __init__(self, books: Books, name: str, default: Any) -> None:
        super().__init__()
        self._undo = books.undo
        self.name, self.default = name, default
        self.look: Callable[[Any, Any], tuple[Any, Any]] | None = None

    def __missing__(self, key: Hashable) -> Any:
        return self.default

    def __setitem__(self, key: Hashable, value: Any) -> None:
        self._undo.append((self, key, dict.get(self, key, ABSENT)))
        super().__setitem__(key, value)

    def add(self, key: Hashable, amount: int) -> None:
        self[key] = self[key] + amount

    def put_back(self, key: Hashable, value: Any) -> None:
        """Without anybody remembering."""
        if value is ABSENT:
            super().__delitem__(key)
        else:
            super().__setitem__(key, value)


class Books:
    """All books of a model, and the events that it expects."""

    def __init__(self) -> None:
        self.undo: list[Any] = []
        self.events: list[tuple[Any, ...]] = []
        self.all: list[Book] = []

    def open(self, name: str, default: Any = 0) -> Book:
        book = Book(self, name, default)
        self.all.append(book)
        return book

    def emit(self, address: str, name: str, *arguments: Any) -> None:
        self.undo.append(None)
        self.events.append((address, name, *arguments))

    def attempt(self, act: Callable[[], Any]) -> frozenset[Reason]:
        """Acts, or undoes all and says why not."""
        mark = len(self.undo)
        try:
            act()
        except Refused as refusal:
            self.back_to(mark)
            return refusal.reasons
        return frozenset()

    def back_to(self, mark: int) -> None:
        """Undoes all since there were `mark` entries to undo."""
        while len(self.undo) > mark:
            entry = self.undo.pop()
            if entry is None:
                self.events.pop()
            else:
                book, key, value = entry
                book.put_back(key, value)

    def close(self) -> tuple[dict[tuple[int, Any], tuple[Book, Any]], list[tuple[Any, ...]]]:
        """Ends a step for good: what it touched, and its events."""
        touched = {(id(e[0]), e[1]): (e[0], e[1]) for e in self.undo if e is not None}
        events = list(self.events)
        self.undo.clear()
        self.events.clear()
        return touched, events
