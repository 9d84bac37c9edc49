"""The drain, law 3: time passes, anybody calls, each payee calls once, and nothing is owed."""

from __future__ import annotations

from random import Random

from tests.lane.chain import Contract
from tests.lane.machine import Intent, Machine, Mismatch
from tests.lane.rules.pool import tree_of
from tests.lane.rules.town import change
from tests.lane.world import COLLECTIONS
from tests.models.till import Till
from tests.models.town import ACCEPT, COIN, HONEST, NOBODY


def drain(m: Machine) -> None:
    """Raises `Mismatch` if anything stays. While trades end, everybody may still misbehave."""
    m.dice = Random(0)
    m.forced = None
    while _is_alive(m):
        # Whoever is paid may strike back once more, and begin something new.
        _end_trades(m)
        _end_requests(m)
        _end_auctions(m)
    _calm(m)
    for market in m.world.markets.values():
        _pay_everybody(m, market)
    _hand_out(m)
    _pay_rewards(m)
    m.check_everything()
    _check_that_nothing_is_left(m)


def _is_alive(m: Machine) -> bool:
    escrow = m.world.escrow
    bids = any(one and one.bidder != NOBODY for one in m.world.auctions.lots.values())
    return bids or any(escrow.trades.values()) or any(escrow.requested.values())


def _must(m: Machine, intent: Intent) -> None:
    if not m.act(intent):
        raise Mismatch(f"The drain was refused: {m.diary[-1]}")


def _end_trades(m: Machine) -> None:
    escrow, contract = m.world.escrow, m.world.contracts["EscrowMarket"]
    while alive := [one for one in escrow.trades.values() if one]:
        trade = min(alive, key=lambda one: one.deadline)
        m.jump(max(m.chain.now, trade.deadline + 1))
        terms = trade.terms
        _must(m, Intent(
            m.address("stranger"), contract, "claimTimeout", (terms,),
            lambda _, terms=terms: escrow.claim_timeout(terms),
        ))  # fmt: skip


def _end_requests(m: Machine) -> None:
    escrow, contract = m.world.escrow, m.world.contracts["EscrowMarket"]
    while open_ := [one for one in escrow.requested.values() if one]:
        request = open_[0]
        m.jump(max(m.chain.now, request.expiry + 1))
        _must(m, Intent(
            m.address("stranger"), contract, "retract", (request,),
            lambda c, request=request: escrow.retract(c, request),
        ))  # fmt: skip


def _end_auctions(m: Machine) -> None:
    auctions, contract = m.world.auctions, m.world.contracts["AuctionHouse"]
    while lots := [one for one in auctions.lots.values() if one and one.bidder != NOBODY]:
        lot = lots[0]
        m.jump(max(m.chain.now, lot.deadline + 1))
        _must(m, Intent(
            m.address("stranger"), contract, "settle", (lot.auction,),
            lambda _, lot=lot: auctions.settle(lot.auction),
        ))  # fmt: skip


def _calm(m: Machine) -> None:
    """What refused to be paid wants its money now."""
    deployer, side, town = m.address("deployer"), m.world.side, m.town
    for agent in sorted(town.agents):
        contract = m.world.contracts[m.world.names[agent]]
        side(deployer, contract, "setMode", ACCEPT)
        side(deployer, contract, "setAnswer", HONEST)
        town.modes[agent], town.answers[agent] = ACCEPT, HONEST
    calls = {
        "MockBlocklistToken": "setBlocked",
        "MockFeeToken": "setRefused",
        "MockReturnBombToken": "setBombing",
        "MockGasBurnerToken": "setBurning",
        "MockRefusingCollection": "setRefusal",
    }
    for name, function in calls.items():
        found = town.tokens.get(m.address(name)) or town.collections[m.address(name)]
        for account in [key for key in found.flags if key not in {"fee", "reverting"}]:
            off = 0 if name == "MockRefusingCollection" else False
            change(m, name, found.flags, account, off, function, account, off)
    fees = town.tokens[m.address("MockSenderFeeToken")].flags
    change(m, "MockSenderFeeToken", fees, "fee", 0, "setFee", 0)
    lies = town.tokens[m.address("MockLyingToken")].flags
    change(m, "MockLyingToken", lies, "lying", False, "setLying", False)
    for name, key, function, value in (
        ("MockLyingCollection", "lying", "setLying", False),
        ("MockHookCollection", "hook", "setHook", COIN),
    ):
        change(m, name, town.collections[m.address(name)].flags, key, 0, function, value)
    assert set(calls) | {"MockLyingCollection", "MockHookCollection"} >= set(COLLECTIONS) - {
        "MockCollection"
    }


def _pay_everybody(m: Machine, market: Till) -> None:
    for asset, payee in [key for key, amount in market.credits.items() if amount]:
        own = payee in m.world.traders
        if own:
            intent = Intent(
                payee, m.market_of(market), "withdraw", (asset, payee),
                lambda c, asset=asset, payee=payee: market.withdraw(c, asset, payee),
            )  # fmt: skip
        else:
            intent = Intent(
                m.address("stranger"), m.market_of(market), "withdrawFor", (asset, payee),
                lambda _, asset=asset, payee=payee: market.withdraw_for(asset, payee),
            )  # fmt: skip
        _must(m, intent)


def _hand_out(m: Machine) -> None:
    """A creation that waits in an honest collection goes to its owner."""
    auctions = m.world.auctions
    for (collection, id_), owner in [item for item in auctions.held.items() if item[1] != NOBODY]:
        if m.town.collections[collection].owner_of(id_) != auctions.address:
            continue
        _must(m, Intent(
            owner, m.market_of(auctions), "retrieve", (collection, id_, owner),
            lambda c, at=(collection, id_), owner=owner: auctions.retrieve(c, *at, owner),
        ))  # fmt: skip


def _pay_rewards(m: Machine) -> None:
    """Each right that the money reaches; of an honest root all of them."""
    pool, contract = m.world.pool, m.world.contracts["RewardPool"]
    if pool.waiting:
        m.jump(max(m.chain.now, pool.waiting.counts_from))
    root = pool.effective
    if not root.leaves:
        return
    tree = tree_of(m, root)
    for index, (account, amount) in enumerate(root.leaves):
        proof = tree.proof(index)
        came = m.act(Intent(
            m.address("stranger"), contract, "claim", (account, amount, proof),
            lambda _, a=account, n=amount, p=proof: pool.claim(a, n, p),
        ))  # fmt: skip
        due = pool.promised().get(account, 0)
        if root.is_honest() and not came and due and _is_covered(m):
            raise Mismatch(f"{m.show(account)} didn't get {due} of an honest root.")


def _is_covered(m: Machine) -> bool:
    """Whether no lying root before took what this one promised."""
    pool = m.world.pool
    return m.world.token.balance(pool.address) >= sum(pool.promised().values())


def _check_that_nothing_is_left(m: Machine) -> None:
    for asset in (COIN, *m.town.tokens):
        if kept := m.world.balance(asset, m.world.desk.address):
            raise Mismatch(f"The desk keeps {kept} of {m.show(asset)}")
    for name, market in m.world.markets.items():
        for asset in (COIN, *m.town.tokens):
            has, gift = m.world.balance(asset, market.address), market.gifts[asset]
            if has != gift:
                raise Mismatch(f"{name} keeps {has - gift} of {m.show(asset)}")
        kept = m.world.ask("CreationRegistry", "balanceOf", market.address)
        gifts = sum(1 for id_ in market.gifts if isinstance(id_, int))
        lost = [id_ for id_, owner in m.world.registry.owners.items() if owner == market.address]
        if kept != gifts or len(lost) != gifts:
            raise Mismatch(f"{name} keeps {kept} creations, of which {gifts} are gifts.")


__all__ = ["Contract", "drain"]
