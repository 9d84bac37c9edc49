"""`ICommunityToken`, `IStewardship` and `IOffices` in plain Python."""

from __future__ import annotations

from typing import Any

from tests.lane.abi import digest_of, domain_of, hash_words
from tests.models.books import refuse_if
from tests.models.town import NOBODY, Token, Town


class Stewardship:
    """An office that is handed over in two steps, or renounced. `office`: how its errors, its
    events and its functions are called."""

    def __init__(self, town: Town, address: str, office: str, first: str) -> None:
        self.town, self.address, self.office = town, address, office
        self.holder = town.books.open(office.lower(), NOBODY)
        self.holder.put_back("now", first)

    def require(self, caller: str) -> tuple[Any, ...]:
        """The check that the caller holds it."""
        holder = self.holder["now"]
        return (caller != holder, f"{self.office}_Required", caller, holder)

    def offer(self, caller: str, to: str) -> None:
        refuse_if(self.require(caller))
        self.holder["next"] = to
        self.town.say(self.address, f"{self._ship}Offered", caller, to)

    def accept(self, caller: str) -> None:
        offered = self.holder["next"]
        refuse_if((caller != offered, f"{self._ship}_NotOffered", caller, offered))
        self.end_with(caller)

    def renounce(self, caller: str) -> None:
        refuse_if(self.require(caller))
        self.end_with(NOBODY)

    def end_with(self, holder: str) -> None:
        before = self.holder["now"]
        self.holder["now"], self.holder["next"] = holder, NOBODY
        self.town.say(self.address, f"{self._ship}Taken", before, holder)

    @property
    def _ship(self) -> str:
        return f"{self.office}ship"


class CommunityToken(Token):
    """`contracts`: what has code, and so may become the minter."""

    def __init__(self, town: Town, address: str, name: str, cap: int, steward: str) -> None:
        super().__init__(town, address)
        self.cap = cap
        self.domain = domain_of(name, town.chain_id, address)
        self.contracts: set[str] = set()
        self.minter = town.books.open("minter", NOBODY)
        self.nonces = town.books.open("permits")
        self.steward = Stewardship(town, address, "Steward", steward)

    def set_minter(self, caller: str, minter: str) -> None:
        now = self.minter[0]
        refuse_if(
            (now != NOBODY, "Minter_AlreadySet", now),
            self.steward.require(caller),
            (minter not in self.contracts, "Minter_HasNoCode", minter),
        )
        self.minter[0] = minter
        self.town.say(self.address, "MinterNamed", minter)
        self.steward.end_with(NOBODY)

    def mint_by(self, caller: str, to: str, amount: int) -> None:
        room, minter = self.cap - self.supply[0], self.minter[0]
        refuse_if(
            (caller != minter, "Minter_Required", caller, minter),
            (amount > room, "Supply_CapExceeded", amount, room),
        )
        self.mint(to, amount)

    def permit(self, owner: str, spender: str, amount: int, deadline: int, signer: str) -> None:
        """`signer`: whose signature it is under what is permitted now."""
        refuse_if(
            (self.town.now > deadline, "ERC2612ExpiredSignature", deadline),
            (signer != owner, "ERC2612InvalidSigner", signer, owner),
        )
        self.nonces.add(owner, 1)
        self.approve(owner, spender, amount)

    def permit_digest(self, owner: str, spender: str, amount: int, deadline: int) -> bytes:
        kind = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
        words = (owner, spender, amount, self.nonces[owner], deadline)
        return digest_of(self.domain, hash_words(kind, *words))

    def use_permit(self, owner: str, spender: str, permit: bytes) -> None:
        """As the markets bring it: value, deadline, v, r, s."""
        amount, deadline, v = (int.from_bytes(permit[at : at + 32], "big") for at in (0, 32, 64))
        signature = permit[96:] + v.to_bytes(32, "big")[-1:]
        digest = self.permit_digest(owner, spender, amount, deadline)
        is_owner = v < 256 and self.town.has_signed(owner, digest, signature)
        self.permit(owner, spender, amount, deadline, owner if is_owner else NOBODY)

    def said(self, name: str, *arguments: Any) -> None:
        self.town.say(self.address, name, *arguments)
