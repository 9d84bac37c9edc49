"""`ICreationRegistry` in plain Python."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

from tests.lane.abi import digest_of, domain_of, hash_words, struct
from tests.models.books import NOTHING, Refused, refuse_if
from tests.models.town import ACCEPT, NOBODY, REENTER, REJECT, REVERT_BOMB, Town

BPS = 10_000
ROYALTY_BPS_MAX = 1_000
PARENTS_SHARE_BPS = 5_000
PARENTS_MAX, PARTNERS_MAX = 8, 4
SIZE_MIN, SIZE_MAX = 128, 16_383
VERSION_MAX = 2**62 - 1


class Creation(NamedTuple):
    """What is known of a creation, burnt or not; `partners`: accounts and their shares."""

    creator: str
    created_at: int
    royalty_bps: int
    parents: tuple[int, ...]
    partners: tuple[tuple[str, int], ...]
    tenure: int = 0


def id_of(digest: bytes, size: int, creator: str) -> int:
    """sha2-256 of the 96 bytes that the interface shows."""
    low, high = size & 0x7F | 0x80, size >> 7
    block = (
        bytes.fromhex("125a0a2401551220")
        + digest
        + bytes.fromhex("122f")
        + f"{creator}.json".encode()
        + bytes([0x18, low, high])
        + bytes.fromhex("0a020801")
    )
    return int.from_bytes(hashlib.sha256(block).digest(), "big")


class CreationRegistry:
    def __init__(self, town: Town, address: str) -> None:
        self.town, self.address = town, address
        self.works = town.books.open("works", None)
        self.owners = town.books.open("owners", NOBODY)
        self.approved = town.books.open("approved", NOBODY)
        self.operators = town.books.open("operators", False)
        self.least = town.books.open("least")
        self.domain = domain_of("Dokkaebi CreationRegistry", town.chain_id, address)
        self.work_struct = struct("CreationRegistry", "register")
        self.voucher_struct = struct("CreationRegistry", "registerFor")
        town.collections[address] = self

    # Register

    def register(self, creator: str, work: Any) -> None:
        self._register(creator, work, ())

    def register_batch(self, creator: str, works: Any) -> None:
        for work in works:
            self._register(creator, work, ())

    def register_together(self, creator: str, work: Any, partners: Any) -> None:
        refuse_if(*partners_are_wrong(creator, partners))
        id_ = self._register(creator, work, tuple(tuple(one) for one in partners))
        self.town.say(self.address, "CreationShared", id_, tuple(tuple(one) for one in partners))

    def cannot_register(
        self, creator: str, work: Any, version: int = VERSION_MAX
    ) -> list[tuple[Any, ...]]:
        size = work.document_size
        wrong = not SIZE_MIN <= size <= SIZE_MAX
        id_ = 0 if wrong else id_of(work.document_digest, size, creator)
        royalty = work.royalty_bps
        least = self.least[id_]
        return [
            (wrong, "Document_SizeOutOfRange", size, SIZE_MIN, SIZE_MAX),
            (royalty > ROYALTY_BPS_MAX, "Royalty_TooHigh", royalty, ROYALTY_BPS_MAX),
            self.is_registered(id_),
            (version < least, "Voucher_Cancelled", id_, version, least),
            *self._parents_are_wrong(work.parents),
        ]

    def is_registered(self, id_: int) -> tuple[Any, ...]:
        return (self.works[id_] is not None, "Creation_AlreadyRegistered", id_)

    def _register(self, creator: str, work: Any, partners: Any, owner: str | None = None) -> int:
        refuse_if(*self.cannot_register(creator, work))
        size, royalty, parents = work.document_size, work.royalty_bps, tuple(work.parents)
        id_ = id_of(work.document_digest, size, creator)
        owner = creator if owner is None else owner
        self.works[id_] = Creation(creator, self.town.now, royalty, parents, partners)
        self.owners[id_] = owner
        self.town.say(self.address, "Transfer", NOBODY, owner, id_)
        self.town.say(
            self.address, "CreationRegistered", id_, creator, bytes(work.document_digest), size,
            royalty, bytes(work.content_commitment),
        )  # fmt: skip
        if parents:
            self.town.say(self.address, "CreationDerived", id_, parents)
        return id_

    def _parents_are_wrong(self, parents: Any) -> list[tuple[Any, ...]]:
        steps = zip((0, *parents), parents, strict=False)
        return [
            (len(parents) > PARENTS_MAX, "Parents_TooMany", len(parents), PARENTS_MAX),
            *((self.works[one] is None, "Creation_Unknown", one) for one in parents),
            *((a >= b, "Parents_NotAscending", a, b) for a, b in steps),
        ]

    # Vouchers

    def voucher_is_wrong(
        self, caller: str, voucher: Any, signature: bytes, owner: str
    ) -> list[tuple[Any, ...]]:
        creator, market = voucher.creator, voucher.sale.market
        sold = market != NOBODY
        id_ = self.voucher_id(voucher)
        partners = partners_are_wrong(creator, voucher.partners) if voucher.partners else []
        return [
            (not sold and owner != creator, "Voucher_NotCreator", owner, creator),
            (sold and caller != market, "Voucher_NotMarket", caller, market),
            *self.town.no_consent(creator, id_, voucher.expiry, signature),
            *partners,
            *self.cannot_register(creator, voucher.work, voucher.version),
        ]

    def register_for(
        self, caller: str, voucher: Any, signature: bytes, owner: str
    ) -> tuple[int, bytes]:
        refuse_if(*self.voucher_is_wrong(caller, voucher, signature, owner))
        partners = tuple(tuple(one) for one in voucher.partners)
        id_ = self._register(voucher.creator, voucher.work, partners, owner)
        if partners:
            self.town.say(self.address, "CreationShared", id_, partners)
        return id_, self.voucher_id(voucher)

    def voucher_id(self, voucher: Any) -> bytes:
        return digest_of(self.domain, self.voucher_struct.hash(voucher))

    def cancel_vouchers(
        self, creator: str, digest: bytes, size: int, version: int, *checks: tuple[Any, ...]
    ) -> None:
        wrong = not SIZE_MIN <= size <= SIZE_MAX
        id_ = 0 if wrong else id_of(digest, size, creator)
        least = self.least[id_] + 1
        out = not least <= version <= VERSION_MAX
        refuse_if(
            *checks,
            (wrong, "Document_SizeOutOfRange", size, SIZE_MIN, SIZE_MAX),
            self.is_registered(id_),
            (out, "Version_OutOfRange", version, least, VERSION_MAX),
        )
        self.least[id_] = version
        self.town.say(self.address, "VouchersCancelled", id_, creator, version)

    def cancellation(
        self, creator: str, digest: bytes, size: int, version: int, expiry: int
    ) -> bytes:
        kind = (
            "VoucherCancellation(address creator,bytes32 documentDigest,uint256 documentSize,"
            "uint256 version,uint256 expiry)"
        )
        return digest_of(self.domain, hash_words(kind, creator, digest, size, version, expiry))

    def cancel_vouchers_for(
        self, creator: str, digest: bytes, size: int, version: int, expiry: int, signature: bytes
    ) -> None:
        document = self.cancellation(creator, digest, size, version, expiry)
        checks = self.town.no_consent(creator, document, expiry, signature)
        self.cancel_vouchers(creator, digest, size, version, *checks)

    def permit_digest(self, spender: str, id_: int, tenure: int, deadline: int) -> bytes:
        kind = "Permit(address spender,uint256 tokenId,uint256 nonce,uint256 deadline)"
        return digest_of(self.domain, hash_words(kind, spender, id_, tenure, deadline))

    def permit(self, spender: str, id_: int, deadline: int, signature: bytes) -> None:
        digest = self.permit_digest(spender, id_, self.tenure_of(id_), deadline)
        owner = self.owners[id_]
        refuse_if((owner == NOBODY, "TokenDoesNotExist"))
        refuse_if(*self.town.no_consent(owner, digest, deadline, signature))
        self.approved[id_] = spender
        self.town.say(self.address, "Approval", owner, spender, id_)

    # Own

    def owner_of(self, id_: int) -> str:
        return str(self.owners[id_])

    def tenure_of(self, id_: int) -> int:
        return int(self.known(id_).tenure)

    def known(self, id_: int) -> Creation:
        work = self.works[id_]
        if work is None:
            raise Refused(("Creation_Unknown", id_))
        return work  # type: ignore[no-any-return]

    def burn(self, caller: str, id_: int) -> None:
        owner = self.owners[id_]
        refuse_if(
            (owner == NOBODY, "TokenDoesNotExist"),
            (owner not in {NOBODY, caller}, "Creation_NotOwned", id_, caller, owner),
        )
        self._own(owner, NOBODY, id_)

    def approve(self, caller: str, account: str, id_: int) -> None:
        owner = self.owners[id_]
        may = caller == owner or self.operators[owner, caller]
        refuse_if(
            (owner == NOBODY, "TokenDoesNotExist"),
            (owner != NOBODY and not may, "NotOwnerNorApproved"),
        )
        self.approved[id_] = account
        self.town.say(self.address, "Approval", owner, account, id_)

    def approve_all(self, caller: str, operator: str, yes: bool) -> None:
        self.operators[caller, operator] = yes
        self.town.say(self.address, "ApprovalForAll", caller, operator, yes)

    def move(self, caller: str, giver: str, to: str, id_: int) -> None:
        """`transferFrom`."""
        owner = self.owners[id_]
        may = caller in {giver, self.approved[id_]} or self.operators[giver, caller]
        refuse_if(
            (owner == NOBODY, "TokenDoesNotExist"),
            (owner not in {NOBODY, giver}, "TransferFromIncorrectOwner"),
            (to == NOBODY, "TransferToZeroAddress"),
            (not may, "NotOwnerNorApproved"),
        )
        work = self.works[id_]
        self.works[id_] = work._replace(tenure=work.tenure + 1)
        self._own(giver, to, id_)

    def move_safely(self, caller: str, giver: str, to: str, id_: int) -> None:
        """`safeTransferFrom`: a contract must answer."""
        self.move(caller, giver, to, id_)
        if to in self.town.agents:
            mode = self.town.modes[to]
            if mode in {REJECT, REVERT_BOMB}:
                raise Refused(("Receiver_Refused",) if mode == REJECT else NOTHING)
            if mode not in {ACCEPT, REENTER}:
                raise Refused(("TransferToNonERC721ReceiverImplementer",))
            self.town.arrive(to)

    def _own(self, giver: str, to: str, id_: int) -> None:
        self.owners[id_] = to
        self.approved[id_] = NOBODY
        self.town.say(self.address, "Transfer", giver, to, id_)

    # Share

    def shares(self, id_: int, seller: str, price: int, net: int) -> list[tuple[str, int]]:
        """Who but the seller gets what of a sale. Of a royalty half goes to the parents in equal
        parts, and partners have their shares of each work's part; rounding stays with its creator.
        Of a creator's own sale the makers share what is left after the parents."""
        work = self.known(id_)
        royalty = price * work.royalty_bps // BPS
        parents = [self.known(parent) for parent in work.parents]
        each = royalty * PARENTS_SHARE_BPS // BPS // len(parents) if parents else 0
        theirs = [part for parent in parents for part in _share_out(parent, each)]
        if work.creator != seller:
            parts = _share_out(work, royalty - each * len(parents)) + theirs
        else:
            rest = net - sum(amount for payee, amount in theirs if payee != seller)
            parts = [(one, rest * bps // BPS) for one, bps in work.partners] + theirs
        return [(payee, amount) for payee, amount in parts if payee != seller]


def _share_out(work: Creation, amount: int) -> list[tuple[str, int]]:
    parts = [(account, amount * bps // BPS) for account, bps in work.partners]
    return [(work.creator, amount - sum(part for _, part in parts)), *parts]


def partners_are_wrong(creator: str, partners: Any) -> list[tuple[Any, ...]]:
    """One to four, in ascending order, each with a share, something left to the creator."""
    count, shares = len(partners), sum(bps for _, bps in partners)
    accounts = [account for account, _ in partners]
    steps = zip((NOBODY, *accounts), accounts, strict=False)
    return [
        (not 1 <= count <= PARTNERS_MAX, "Partners_CountOutOfRange", count, PARTNERS_MAX),
        *((b <= a or b == creator, "Partner_NotAllowed", b) for a, b in steps),
        (any(bps == 0 for _, bps in partners), "Partners_SharesOutOfRange", 0),
        (shares >= BPS, "Partners_SharesOutOfRange", shares),
    ]
