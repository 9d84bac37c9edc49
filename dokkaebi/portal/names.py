"""Personas: a nickname in a source, and which nicknames people would mistake for one another."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from dokkaebi.errors import DokkaebiError

NAME_LENGTH_MAX = 120
# Typed by anybody beside a comment, not an account's: never linked to a wallet.
GUEST = "~"
# What looks like a Latin letter: the frequent ones of Unicode's confusables (UTS 39), whose whole
# table the standard library doesn't have.
_PAIRS = """
аa еe оo рp сc уy хx іi јj ѕs һh ԁd ԛq ԝw вb кk мm нh тt
οo αa νv ρp υu ιi κk χx τt γy ωw 0o 1l |l 5s
"""
_LOOKALIKES = str.maketrans({pair[0]: pair[1] for pair in _PAIRS.split()})


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


def clean_name(text: str) -> str:
    """One spelling for what is the same; empty where nothing printable is left."""
    shown = unicodedata.normalize("NFC", " ".join(text.split()))
    return "".join(c for c in shown if c.isprintable() and unicodedata.category(c) != "Cf")


def folded(nickname: str) -> str:
    """The same for names that differ by case or width only."""
    return unicodedata.normalize("NFKC", nickname).casefold()


def skeleton(nickname: str) -> str:
    """The same for names that people would mistake for one another: accents, scripts, 0 and o."""
    wide = unicodedata.normalize("NFKC", nickname).replace("I", "l")
    bare = "".join(c for c in unicodedata.normalize("NFD", wide.casefold()) if not _is_mark(c))
    return unicodedata.normalize("NFC", bare.translate(_LOOKALIKES))


def _is_mark(letter: str) -> bool:
    return unicodedata.category(letter) in {"Mn", "Cf"}
