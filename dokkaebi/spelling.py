"""Names as people see them: one spelling for what is the same, and what is mistaken for others."""

from __future__ import annotations

import re
import unicodedata

# What looks like a Latin letter: the frequent ones of Unicode's confusables (UTS 39), whose whole
# table the standard library doesn't have.
_PAIRS = """
аa еe оo рp сc уy хx іi јj ѕs һh ԁd ԛq ԝw вb кk мm нh тt
οo αa νv ρp υu ιi κk χx τt γy ωw 0o 1l |l 5s
"""
_LOOKALIKES = str.maketrans({pair[0]: pair[1] for pair in _PAIRS.split()})
_JOINERS = "\u200c\u200d"
# Scripts that people write together in one word; others beside one another are meant to deceive.
_TOGETHER = (
    {"LATIN", "HANGUL", "CJK"},
    {"LATIN", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "CJK"},
)


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


def bare(text: str) -> str:
    """The same for words that differ by case, width or accents only."""
    wide = unicodedata.normalize("NFKC", text).casefold()
    marked = unicodedata.normalize("NFD", wide)
    return unicodedata.normalize("NFC", "".join(c for c in marked if not _is_mark(c)))


def words_of(text: str) -> list[str]:
    """The words of a text, `bare`; whatever is neither letter nor digit parts them."""
    return re.findall(r"[^\W_]+", bare(text))


def is_mixed(name: str) -> bool:
    """Whether a word of a name has letters of scripts that nobody writes together."""
    return any(_is_odd(word) for word in unicodedata.normalize("NFKC", name).split())


def _is_odd(word: str) -> bool:
    scripts = {unicodedata.name(c, "?").split()[0] for c in word if c.isalpha()}
    return len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER)


def strange_letter(text: str, allowed: str = "") -> str | None:
    """The first character that isn't seen and moves what is: a control character, half of a pair,
    or one that turns the direction of writing; None if there is none. Joiners are part of emoji."""
    for letter in text:
        hidden = unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        if hidden and letter not in _JOINERS and letter not in allowed:
            return letter
    return None
