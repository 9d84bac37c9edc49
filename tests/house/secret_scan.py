"""Finds what looks like a secret in a text: keys, phrases, tokens.

It would rather find too much. What it finds wrongly is named for what it is, in the line (`hash`,
`digest`, …) or here; it is never told to pass a whole file over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import PurePath
from typing import NamedTuple

from dokkaebi.chain.keys import TEST_PHRASES

# What a line says that holds a number of 32 bytes which is no key.
NO_KEY = re.compile(
    r"hash|digest|sha-?(2|256)|keccak|topic|root|salt|domain|separator|typehash|selector|slot"
    r"|code|block|transaction|receipt|\btx|signature|order|\b(id|cid|uid|n)\b|_max\b|0x0{8}",
    re.IGNORECASE,
)
KEY_NAMED = re.compile(
    r"priv(ate)?[_\- ]?key|secret|mnemonic|passphrase|seed[_\- ]?phrase|signing[_\- ]?key"
    r"|(?<![a-z])key\s*[=:]|_KEY\b",
    re.IGNORECASE,
)
TEST_NAMED = re.compile(r"ganache|anvil|hardhat|test", re.IGNORECASE)
WORD_OF_32_BYTES = re.compile(r"(?<![0-9a-zA-Z])(?:0x)?([0-9a-fA-F]{64})(?![0-9a-zA-Z])")
DIGITS_MIN = 8
CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
PHRASE_WORDS = 12
PHRASE = re.compile(r"(?:[a-z]{3,8}[\s,\"']{1,4}){11,}[a-z]{3,8}")
PATTERNS = {
    "keystore": re.compile(r"\"ciphertext\"\s*:\s*\"(?:0x)?[0-9a-fA-F]{64,}\"", re.IGNORECASE),
    "PEM key": re.compile("-----BEGIN [A-Z ]*PRIVATE" + " KEY-----"),
    "token in a URL": re.compile(
        r"(?:https?|wss?)://[^\s\"'`<>]*(?:"
        r"infura\.io/(?:ws/)?v3/[0-9a-fA-F]{16,}"
        r"|(?:alchemy\.com|alchemyapi\.io)/(?:v2|nft/v\d)/[\w-]{16,}"
        r"|(?:quiknode|quicknode)\.\w+/[0-9a-fA-F]{16,}"
        r"|/(?=[\w-]*[0-9])(?=[\w-]*[a-zA-Z])(?!0x)[\w-]{32,}(?:[/?#]|(?![\w.-])))"
        r"|(?:https?|wss?)://[^\s\"'`<>]*[?&](?:api[_-]?key|apikey|key|token)=[\w-]{16,}",
        re.IGNORECASE,
    ),
    "password in a URL": re.compile(r"\w+://[^\s/:@\"'{}$…<>]+:[^\s/:@\"'{}$…<>]{8,}@"),
    "explorer key": re.compile(r"(?<![\w/+])(?=[A-Z]*[0-9])(?=[0-9]*[A-Z])[A-Z0-9]{34}(?![\w/+=])"),
}
# Commits, releases and appeals of others' projects have long names.
PUBLIC_HOSTS = re.compile(
    r"://(?:raw\.githubusercontent\.com|github\.com|eips\.ethereum\.org|gitcoin\.co)/"
)
ENVIRONMENT = re.compile(r"\.env(?:\..+)?")
KEYSTORE_NAME = re.compile(r"UTC--.+|.+\.keystore\.json|id_(rsa|ed25519|ecdsa)", re.IGNORECASE)


class Finding(NamedTuple):
    """What was found, and in which line; 0: the file's name says it."""

    kind: str
    line: int


def secrets_in(name: str, text: str) -> list[Finding]:
    """What looks like a secret in a file of that name."""
    found = [*_in_name(name), *_phrases(text)]
    before = ""
    for number, line in enumerate(text.splitlines(), 1):
        found += [Finding(kind, number) for kind in _in_line(line, before)]
        before = line
    return found


def _in_name(name: str) -> Iterator[Finding]:
    last = PurePath(name).name
    if ENVIRONMENT.fullmatch(last) and last != ".env.example":
        yield Finding("environment", 0)
    if KEYSTORE_NAME.fullmatch(last):
        yield Finding("keystore", 0)


def _in_line(line: str, before: str) -> Iterator[str]:
    for word in WORD_OF_32_BYTES.findall(line):
        if _may_be_key(word, line, before):
            yield "private key"
    for kind, pattern in PATTERNS.items():
        match = pattern.search(line)
        if match and not (kind == "token in a URL" and PUBLIC_HOSTS.search(match[0])):
            yield kind


def _may_be_key(word: str, line: str, before: str) -> bool:
    if len(set(word.lower())) < DIGITS_MIN or not 0 < int(word, 16) < CURVE_ORDER:
        return False
    if re.search(r"(.)\1{11}", word):
        # A mask, a bound; no chance makes one.
        return False
    if word.lower() in _test_keys():
        return not TEST_NAMED.search(before + line)
    return bool(KEY_NAMED.search(line)) or not NO_KEY.search(before + line)


def _phrases(text: str) -> Iterator[Finding]:
    """Runs of twelve or more words of BIP-39's list."""
    known = [phrase.split() for phrase in TEST_PHRASES.values()]
    for match in PHRASE.finditer(text):
        run: list[str] = []
        for word in [*re.findall(r"[a-z]+", match[0]), ""]:
            if word in _words():
                run.append(word)
                continue
            if len(run) >= PHRASE_WORDS and run not in known:
                yield Finding("phrase", text[: match.start()].count("\n") + 1)
            run = []


@cache
def _words() -> frozenset[str]:
    from eth_account.hdaccount.mnemonic import Mnemonic
    from eth_account.types import Language

    return frozenset(Mnemonic(Language.ENGLISH).wordlist)


@cache
def _test_keys() -> frozenset[str]:
    """Those that everybody knows; ten of each are what the nodes print."""
    from dokkaebi.chain.keys import open_key

    keys = [open_key(f"{kind}:{n}", 1337) for kind in TEST_PHRASES for n in range(10)]
    return frozenset(key.key.hex().removeprefix("0x") for key in keys)  # type: ignore[attr-defined]
