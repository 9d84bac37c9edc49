"""What a look at something found: one line each, good or bad, for people and for programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

GOOD, BAD, SKIPPED = "good", "bad", "skipped"
# Neither: something that whoever reads it should know.
NOTED = "noted"


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, how it is, and the values of its sentence."""

    name: str
    state: str
    facts: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As programs read it."""
        return {"check": self.name, "state": self.state, **self.facts}
