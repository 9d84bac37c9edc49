"""Personas: a nickname in a source."""

from __future__ import annotations

from typing import NamedTuple

from dokkaebi.errors import DokkaebiError

NAME_LENGTH_MAX = 120
# Typed by anybody beside a comment, not an account's: never linked to a wallet.
GUEST = "~"


class Persona(NamedTuple):
    """A nickname in a source (a site, an instance, a chain), which stands for a person."""

    source: str
    nickname: str

    @property
    def is_guest(self) -> bool:
        """Whether nobody vouches for the name."""
        return self.nickname.startswith(GUEST)

    def __str__(self) -> str:
        return f"{self.nickname}@{self.source}"


def parse_persona(text: str) -> Persona:
    """`nickname@source`; raises `portal_persona_wrong`."""
    nickname, _, source = text.strip().rpartition("@")
    if not nickname or not source:
        raise DokkaebiError("portal_persona_wrong", seen=text)
    return Persona(source, nickname)


def chain_persona(chain_id: int, account: str) -> Persona:
    """A wallet as a person of its own: what it made and traded on a chain."""
    return Persona(f"chain:{chain_id}", account.lower())
