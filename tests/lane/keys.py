"""Keys that sign at once: always with one and the same secret number, which gives each key away
and costs no curve arithmetic. For tests alone."""

from __future__ import annotations

from functools import cache

from eth_keys import keys

from tests.lane.abi import keccak

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_SECRET = 0xD0CCAEB1


@cache
def _point() -> tuple[int, int, int]:
    """Of the secret number: the point's x, whether its y is odd, and the number's inverse."""
    public = keys.PrivateKey(_SECRET.to_bytes(32, "big")).public_key.to_bytes()
    x, y = int.from_bytes(public[:32], "big"), int.from_bytes(public[32:], "big")
    return x % ORDER, y & 1, pow(_SECRET, -1, ORDER)


class Person:
    """An account with a key."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.key = int.from_bytes(keccak(name.encode()), "big") % ORDER
        private = keys.PrivateKey(self.key.to_bytes(32, "big"))
        self.address = private.public_key.to_address()

    def sign(self, digest: bytes) -> bytes:
        """65 bytes, as wallets make them."""
        r, odd, inverse = _point()
        s = inverse * (int.from_bytes(digest, "big") + r * self.key) % ORDER
        if s > ORDER // 2:
            s, odd = ORDER - s, odd ^ 1
        return r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([27 + odd])


@cache
def person(name: str) -> Person:
    return Person(name)
