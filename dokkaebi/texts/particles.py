"""Korean particles: `아리은(는)` is written for any name, `아리는` is what people read."""

from __future__ import annotations

import re

# written → (after a final consonant, after a vowel)
_PAIRS = {
    "은(는)": ("은", "는"),
    "이(가)": ("이", "가"),
    "을(를)": ("을", "를"),
    "과(와)": ("과", "와"),
    "와(과)": ("과", "와"),
    "(으)로": ("으로", "로"),
    "(이)": ("이", ""),
}
_WRITTEN = re.compile("|".join(re.escape(written) for written in _PAIRS))
_FIRST, _LAST, _FINALS, _RIEUL = 0xAC00, 0xD7A3, 28, 8
# How digits and letters end when they are read aloud: 1 is 일, L is 엘.
_RIEUL_ENDINGS = set("178LlRr")
_OTHER_ENDINGS = set("036MmNn")


def with_particles(text: str) -> str:
    """Chooses each particle by how the word before it ends; brackets and quotes are passed over."""
    return _WRITTEN.sub(lambda match: _chosen(text[: match.start()], match[0]), text)


def _chosen(before: str, written: str) -> str:
    ending = _ending(before)
    if ending is None:
        return written
    closed, open_ = _PAIRS[written]
    if written == "(으)로" and ending == _RIEUL:
        return open_
    return closed if ending else open_


def _ending(before: str) -> int | None:
    """The final consonant's number, 0 for a vowel, None where nobody can tell."""
    word = before.rstrip("\"'”’」』)]}»>.,:")
    if not word:
        return None
    last = word[-1]
    if _FIRST <= ord(last) <= _LAST:
        return (ord(last) - _FIRST) % _FINALS
    if last in _RIEUL_ENDINGS:
        return _RIEUL
    if last in _OTHER_ENDINGS:
        return 1
    return 0 if last.isascii() and last.isalnum() else None
