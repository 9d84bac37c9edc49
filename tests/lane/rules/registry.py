"""The registry: works of several makers, vouchers, permits, transfers and burning."""

from __future__ import annotations

from typing import Any

from tests.lane.abi import keccak
from tests.lane.machine import NO_WORD, Intent, Machine
from tests.lane.rules import rule
from tests.models.creation_registry import VERSION_MAX
from tests.models.town import COIN, NOBODY

# Few documents, so that they meet again.
DOCUMENTS = 40


def registry_of(m: Machine) -> Any:
    return m.world.contracts["CreationRegistry"]


def some_work(m: Machine, document: int | None = None) -> Any:
    registry = m.world.registry
    number = m.dice.randrange(DOCUMENTS) if document is None else document
    parents: list[int] = []
    if m.chance(3):
        known = [id_ for id_, work in registry.works.items() if work]
        parents = sorted({m.pick(known) for _ in range(m.pick((1, 1, 2, 8, 9)))}) if known else []
        if m.chance(20):
            parents = [*reversed(parents), m.dice.randrange(2**256)]
    return registry.work_struct.make(
        keccak(b"document %d" % number),
        m.odd(300 + number, 127, 128, 16_383, 16_384),
        m.odd(m.pick((0, 333, 500, 1_000)), 1_001, 65_535),
        m.pick((NO_WORD, keccak(b"content"))),
        tuple(parents),
    )


def some_partners(m: Machine, creator: str) -> tuple[tuple[str, int], ...]:
    others = [one for one in (*m.world.traders, m.address("mia")) if one != creator]
    count = m.pick((1, 1, 2, 3, 4)) if not m.chance(20) else m.pick((0, 5))
    accounts = sorted(m.dice.sample(others, count))
    if m.chance(15):
        accounts = [*accounts[1:], creator] if m.chance(2) else accounts[::-1]
    shares = [m.odd(m.dice.randrange(1, 2_500), 0, 9_999, 10_000) for _ in accounts]
    return tuple(zip(accounts, shares, strict=True))


def some_creation(m: Machine) -> int | None:
    """An id: mostly one that somebody has."""
    known = [id_ for id_, work in m.world.registry.works.items() if work]
    return m.some(known) if not m.chance(30) else m.dice.randrange(2**256)


@rule("registry", 4)
def register(m: Machine) -> Intent:
    work = some_work(m)
    return Intent(
        m.who(m.address("mia") if m.chance(3) else ""), registry_of(m), "register", (work,),
        lambda caller: m.world.registry.register(caller, work),
    )  # fmt: skip


@rule("registry", 1)
def register_batch(m: Machine) -> Intent:
    works = tuple(some_work(m) for _ in range(m.pick((0, 1, 2, 3))))
    return Intent(
        m.who(), registry_of(m), "registerBatch", (works,),
        lambda caller: m.world.registry.register_batch(caller, works),
    )  # fmt: skip


@rule("registry", 2)
def register_together(m: Machine) -> Intent:
    sender = m.who()
    work, partners = some_work(m), some_partners(m, sender)
    return Intent(
        sender, registry_of(m), "registerTogether", (work, partners),
        lambda caller: m.world.registry.register_together(caller, work, partners),
    )  # fmt: skip


def some_voucher(m: Machine, kind: str, market: str) -> Any:
    """A voucher and its signature, of a work that is sold by `market` or by nobody."""
    registry = m.world.registry
    creator = m.pick([*m.world.traders, m.address("mia")])
    partners = some_partners(m, creator) if m.chance(3) else ()
    if market == NOBODY:
        sale: tuple[Any, ...] = (NOBODY, NOBODY, COIN, 0, 0, NOBODY, 0)
    else:
        asset = m.asset()
        price = m.odd(m.price(asset), 0, 2**128)
        sponsor = m.pick((NOBODY, m.address("stranger"), m.pick(m.world.traders)))
        repaid = m.pick((0, price // 10, price // 2)) if sponsor != NOBODY else 0
        sale = (
            market, m.pick((NOBODY, NOBODY, NOBODY, m.pick(m.world.traders))), asset, price,
            m.odd(m.pick((0, 500, 5_000)), 5_001), sponsor, m.odd(repaid, price, price + 1),
        )  # fmt: skip
    voucher = registry.voucher_struct.make(
        creator, some_work(m), partners, _sale(m, sale), m.expiry(), m.pick((0, 0, 1, 2, 7))
    )
    digest = registry.voucher_id(voucher)
    return m.keep(kind, (voucher, m.sign(creator, digest)))


def _sale(m: Machine, values: tuple[Any, ...]) -> Any:
    return m.world.registry.voucher_struct.inner("sale").make(*values)


@rule("registry", 3)
def register_for(m: Machine) -> Intent:
    found = m.paper("voucher") if m.chance(2) else None
    if found is None and m.chance(8):
        found = m.paper("sold voucher")
    voucher, signature = found or some_voucher(m, "voucher", NOBODY)
    if m.chance(15):
        voucher = voucher._replace(version=voucher.version + 1)
    owner = voucher.creator if not m.chance(12) else m.pick(m.world.traders)
    return Intent(
        m.who(), registry_of(m), "registerFor", (voucher, signature, owner),
        lambda caller: m.world.registry.register_for(caller, voucher, signature, owner),
    )  # fmt: skip


def _to_cancel(m: Machine) -> tuple[str, bytes, int, int]:
    found = m.paper(m.pick(("voucher", "sold voucher")))
    version = m.odd(m.pick((1, 2, 3, 8)), 0, VERSION_MAX, VERSION_MAX + 1)
    if found is None:
        work = some_work(m)
        return m.pick(m.world.traders), work.document_digest, work.document_size, version
    voucher = found[0]
    work = voucher.work
    version = m.pick((version, voucher.version, voucher.version + 1, voucher.version + 1))
    return voucher.creator, work.document_digest, work.document_size, version


@rule("registry", 1)
def cancel_vouchers(m: Machine) -> Intent:
    creator, *arguments = _to_cancel(m)
    return Intent(
        m.who(creator), registry_of(m), "cancelVouchers", tuple(arguments),
        lambda caller: m.world.registry.cancel_vouchers(caller, *arguments),
    )  # fmt: skip


@rule("registry", 1)
def cancel_vouchers_for(m: Machine) -> Intent:
    found = m.paper("voucher cancellation") if m.chance(4) else None
    if found is None:
        terms = (*_to_cancel(m), m.expiry())
        signature = m.sign(terms[0], m.world.registry.cancellation(*terms))
        found = m.keep("voucher cancellation", (*terms, signature))
    return Intent(
        m.who(), registry_of(m), "cancelVouchersFor", found,
        lambda _: m.world.registry.cancel_vouchers_for(*found),
    )  # fmt: skip


@rule("registry", 2)
def permit(m: Machine) -> Intent | None:
    registry = m.world.registry
    found = m.paper("permit") if m.chance(3) else None
    if found is None:
        id_ = some_creation(m)
        if id_ is None:
            return None
        work, owner = registry.works[id_], registry.owners[id_]
        tenure = work.tenure if work and not m.chance(10) else 1
        spender = m.pick([*m.world.traders, *(t.address for t in m.world.markets.values())])
        terms = (spender, id_, m.expiry())
        signature = m.sign(owner, registry.permit_digest(spender, id_, tenure, terms[2]))
        found = m.keep("permit", (*terms, signature))
    return Intent(m.who(), registry_of(m), "permit", found, lambda _: registry.permit(*found))


@rule("registry", 3)
def transfer(m: Machine) -> Intent | None:
    id_ = some_creation(m)
    if id_ is None:
        return None
    owner, registry = m.world.registry.owners[id_], m.world.registry
    to = m.pick([*m.world.traders, m.address("mia"), *(NOBODY,) * m.chance(10)])
    giver = owner if not m.chance(15) else m.pick(m.world.traders)
    safely = m.chance(3)
    move = registry.move_safely if safely else registry.move
    sender = m.who(registry.approved[id_] if m.chance(3) else owner)
    if sender in {market.address for market in m.world.markets.values()}:
        sender = m.who()
    name = "safeTransferFrom" if safely else "transferFrom"
    arguments = (giver, to, id_, b"") if safely else (giver, to, id_)
    return Intent(
        sender, registry_of(m), name, arguments, lambda caller: move(caller, giver, to, id_)
    )


@rule("registry", 1)
def give_to_a_market(m: Machine) -> Intent | None:
    """Belongs to nobody from then on."""
    id_ = some_creation(m)
    if id_ is None:
        return None
    registry, market = m.world.registry, m.pick(list(m.world.markets.values()))
    owner = registry.owners[id_]
    if owner not in m.world.traders:
        return None

    def do(caller: str) -> None:
        registry.move(caller, owner, market.address, id_)
        market.gifts[id_] = 1

    return Intent(
        m.who(owner), registry_of(m), "transferFrom", (owner, market.address, id_), do
    ) if m.chance(4) else None  # fmt: skip


@rule("registry", 1)
def approve(m: Machine) -> Intent | None:
    id_ = some_creation(m)
    if id_ is None:
        return None
    account = m.pick([*m.world.traders, NOBODY, m.world.escrow.address])
    return Intent(
        m.who(m.world.registry.owners[id_]), registry_of(m), "approve", (account, id_),
        lambda caller: m.world.registry.approve(caller, account, id_),
    )  # fmt: skip


@rule("registry", 1)
def approve_all(m: Machine) -> Intent:
    operator = m.pick([*m.world.traders, *(t.address for t in m.world.markets.values())])
    yes = not m.chance(4)
    return Intent(
        m.who(), registry_of(m), "setApprovalForAll", (operator, yes),
        lambda caller: m.world.registry.approve_all(caller, operator, yes),
    )  # fmt: skip


@rule("registry", 1)
def burn(m: Machine) -> Intent | None:
    id_ = some_creation(m)
    if id_ is None:
        return None
    return Intent(
        m.who(m.world.registry.owners[id_]), registry_of(m), "burn", (id_,),
        lambda caller: m.world.registry.burn(caller, id_),
    ) if m.chance(3) else None  # fmt: skip
