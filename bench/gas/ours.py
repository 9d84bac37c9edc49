"""The gas of what our own suite does, on a market in which everybody was paid before."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any, ClassVar

from eth_abi.abi import encode
from eth_typing import Hash32
from eth_utils.crypto import keccak

from dokkaebi.chain.keys import open_key
from dokkaebi.chain.rpc import Chain
from dokkaebi.chain.suite import COIN, Contract, Suite
from dokkaebi.deploy import deploy_market, load_market_spec

PRICE = 10**17
DAY = 86_400
NAMES = ("deployer", "seller", "buyer", "creator", "treasury", "rival", "arbiter")
Terms = tuple[Any, ...]


class Bench:
    """A fresh suite, and the gas of each job done there."""

    FIELDS: ClassVar = {"gas": hex(2_000_000)}  # of every transaction

    def __init__(self, chain: Chain, fee_bps: int | None = None) -> None:
        self.chain = chain
        self.keys = {name: open_key(f"test:{i}", chain.chain_id) for i, name in enumerate(NAMES)}
        self.at = {name: key.address for name, key in self.keys.items()}
        spec = load_market_spec().with_fee_recipient(self.at["treasury"])
        spec = spec.with_guardian(self.at["arbiter"])
        if fee_bps is not None:
            spec = replace(spec, fee_bps=fee_bps)
        manifest = deploy_market(chain, self.keys["deployer"], spec, network="bench")
        self.suite = Suite.open(chain, manifest)
        self.count = 0
        self.nonces: dict[str, int] = {}
        self.gas: dict[str, int] = {}

    def send(self, who: str, contract: Contract, call: str, *values: Any, coins: int = 0) -> int:
        """Sends one call; the gas it used."""
        return self.send_data(who, contract.address, contract.encode(call, *values), coins)

    def send_data(self, who: str, to: str, data: str, coins: int = 0) -> int:
        """Sends calldata; the gas it used."""
        fields = {"from": self.at[who], "to": to, "data": data, "value": hex(coins)}
        sent = self.chain.raw("eth_sendTransaction", [{**fields, **self.FIELDS}])
        receipt = self.chain.receipt(sent)
        while receipt is None:
            receipt = self.chain.receipt(sent)
        assert receipt["status"] == "0x1", f"{data[:10]} reverted"
        return int(receipt["gasUsed"], 16)

    def now(self) -> int:
        return int(self.chain.block()["timestamp"], 16)

    def wait(self, seconds: int) -> None:
        self.chain.raw("evm_increaseTime", [seconds])
        self.chain.raw("evm_mine")

    def nonce(self, market: Contract) -> int:
        """The seller's next nonce in a market. Later ones find their word in use."""
        self.nonces[market.name] = self.nonces.get(market.name, 0) + 1
        return self.nonces[market.name]

    def sign(self, who: str, digest: bytes) -> bytes:
        """A signature of 64 bytes (ERC-2098)."""
        signed = self.keys[who].unsafe_sign_hash(Hash32(digest))
        parity = signed.v - 27
        return signed.r.to_bytes(32, "big") + (signed.s | (parity << 255)).to_bytes(32, "big")

    def work(self) -> Terms:
        self.count += 1
        digest = hashlib.sha256(b"%d" % self.count).digest()
        return (digest, 700, 500, keccak(digest), [])

    def voucher(self, asset: str, market: Contract) -> Terms:
        """The creator signs a work for a first sale, alone and from nothing."""
        sale = (market.address, COIN, asset, PRICE, 0, COIN, 0)
        return (self.at["creator"], self.work(), [], sale, self.now() + 30 * DAY, 0)

    def give_creation(self, to: str) -> int:
        """A new creation, given to somebody who so holds one from here on."""
        work, registry = self.work(), self.suite.registry
        self.send("creator", registry, "register", work)
        creation = int(registry.call("idOf", work[0], work[1], self.at["creator"]))
        self.send("creator", registry, "transferFrom", self.at["creator"], to, creation)
        return creation

    def offer(self, asset: str, creation: int) -> Terms:
        """The seller offers a creation at once, to anybody, at a fixed price."""
        registry, market = self.suite.registry, self.suite.creation_market
        what = (registry.address, creation, registry.call("tenureOf", creation))
        price = (0, PRICE, 0, asset, self.now() + 30 * DAY)
        return (self.at["seller"], COIN, *what, *price, 0, 0, self.nonce(market))

    def goods(self, asset: str, arbiter: str = COIN) -> Terms:
        """The seller offers goods, with or without an arbiter who takes no fee."""
        ruling = (7 * DAY, 5_000) if arbiter != COIN else (0, 0)
        money = (asset, PRICE, 1, self.now() + 30 * DAY)
        terms: Terms = (*money, 7 * DAY, 3 * DAY, 0, arbiter, 0, *ruling, [])
        details = hashlib.sha256(b"goods").digest()
        nonce = self.nonce(self.suite.escrow_market)
        return (self.at["seller"], COIN, 0, 0, *terms, details, nonce)

    def trade(self, offer: Terms) -> Terms:
        """The trade of the buyer who takes all of an offer without parts."""
        offer_id = self.suite.escrow_market.call("hashOffer", offer)
        ship, inspect, referral, arbiter, fee, ruling, silent = offer[8:15]
        shares = (referral << 72) | (fee << 88) | (silent << 104)
        terms = ship | (inspect << 24) | (ruling << 48) | shares
        parties = (self.at["seller"], self.at["buyer"], COIN, arbiter)
        return (offer_id, *parties, offer[2], offer[4], offer[5], terms)

    def auction(self, creation: int) -> Terms:
        registry, house = self.suite.registry, self.suite.auction_house
        what = (registry.address, creation, registry.call("tenureOf", creation))
        terms = (COIN, PRICE, 500, self.now() + DAY, 600, 0)
        return (self.at["seller"], *what, *terms, self.nonce(house))


def measure_without_fee(bench: Bench) -> None:
    """A voucher's sale in a market that takes no fee, as the peers' contracts take none."""
    registry, market = bench.suite.registry, bench.suite.creation_market
    for _ in range(2):
        voucher = bench.voucher(COIN, market)
        signature = bench.sign("creator", registry.call("hashVoucher", voucher))
        bench.gas["voucher_sale_coins_without_fee"] = bench.send(
            "buyer", market, "buyNew", voucher, signature, COIN, b"", coins=PRICE
        )


def measure_ours(bench: Bench) -> int:
    """Measures each job into `bench.gas`; a creation that the seller owns afterwards."""
    creation = _prepare(bench)
    _measure_tokens(bench, creation)
    for asset, kind in ((bench.suite.token.address, "erc20"), (COIN, "coins")):
        for _ in range(2):  # the first pays for slots that later ones find in use
            _measure_sales(bench, creation, asset, kind)
            _measure_escrow(bench, asset, kind)
    _measure_auction(bench, creation)
    _measure_rewards(bench)
    return creation


def _prepare(bench: Bench) -> int:
    """Gives everybody something of everything, so that later figures are of existing holders."""
    token, registry = bench.suite.token, bench.suite.registry
    for name in NAMES[1:]:
        bench.send("deployer", token, "transfer", bench.at[name], 10**21)
        bench.send(name, registry, "register", bench.work())
    for market in bench.suite.markets:
        bench.send("deployer", token, "transfer", market.address, 1)
        bench.send("buyer", token, "approve", market.address, 2**256 - 1)
        bench.send("seller", registry, "setApprovalForAll", market.address, True)
    bench.gas["register_default_royalty"] = bench.send(
        "creator", registry, "register", bench.work()
    )
    bench.give_creation(bench.suite.auction_house.address)
    return bench.give_creation(bench.at["seller"])


def _measure_tokens(bench: Bench, creation: int) -> None:
    token, registry = bench.suite.token, bench.suite.registry
    seller, buyer = bench.at["seller"], bench.at["buyer"]
    bench.gas["erc20_transfer"] = bench.send("buyer", token, "transfer", seller, 10**18)
    for spender in ("seller", "treasury"):
        bench.gas["erc20_permit_later_nonce"] = permit(bench, token, bench.at[spender])
    bench.gas["erc721_safe_transfer"] = safe_transfer(bench, registry, creation)
    bench.send("buyer", registry, "transferFrom", buyer, seller, creation)


def safe_transfer(bench: Bench, collection: Contract, creation: int) -> int:
    """The seller's creation to the buyer. `safeTransferFrom` has two forms, which the suite's
    encoder doesn't tell apart."""
    selector = keccak(text="safeTransferFrom(address,address,uint256)")[:4]
    words = [bench.at["seller"], bench.at["buyer"], creation]
    data = selector + encode(["address", "address", "uint256"], words)
    return bench.send_data("seller", collection.address, "0x" + data.hex())


def permit(bench: Bench, token: Contract, spender: str) -> int:
    """A permit of the creator's, sent by the buyer."""
    owner = bench.keys["creator"]
    nonce = token.call("nonces", owner.address)
    deadline = bench.now() + DAY
    separator = token.call("DOMAIN_SEPARATOR")
    typehash = keccak(
        text="Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
    )
    types = ["bytes32", "address", "address", "uint256", "uint256", "uint256"]
    words = [typehash, owner.address, spender, 10**18, nonce, deadline]
    digest = keccak(b"\x19\x01" + separator + keccak(encode(types, words)))
    signed = owner.unsafe_sign_hash(Hash32(digest))
    signature = (signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big"))
    return bench.send("buyer", token, "permit", *words[1:4], deadline, *signature)


def _measure_sales(bench: Bench, creation: int, asset: str, kind: str) -> None:
    market, registry = bench.suite.creation_market, bench.suite.registry
    coins = PRICE if asset == COIN else 0
    back = (bench.at["buyer"], bench.at["seller"], creation)

    published = bench.offer(asset, creation)
    bench.gas["offer"] = bench.send("seller", market, "offer", published)
    bench.gas[f"buy_{kind}"] = bench.send("buyer", market, "buy", published, b"", COIN, coins=coins)
    bench.send("buyer", registry, "transferFrom", *back)

    signed = bench.offer(asset, creation)
    signature = bench.sign("seller", market.call("hashOffer", signed))
    bench.gas[f"fill_{kind}"] = bench.send(
        "buyer", market, "buy", signed, signature, COIN, coins=coins
    )
    bench.send("buyer", registry, "transferFrom", *back)

    voucher = bench.voucher(asset, market)
    signature = bench.sign("creator", registry.call("hashVoucher", voucher))
    bench.gas[f"voucher_sale_{kind}"] = bench.send(
        "buyer", market, "buyNew", voucher, signature, COIN, b"", coins=coins
    )

    cancelled = bench.offer(asset, creation)
    bench.send("seller", market, "offer", cancelled)
    offer_id = market.call("hashOffer", cancelled)
    bench.gas["cancel"] = bench.send("seller", market, "cancel", offer_id)


def _measure_escrow(bench: Bench, asset: str, kind: str) -> None:
    market, arbiter = bench.suite.escrow_market, bench.at["arbiter"]
    coins = PRICE if asset == COIN else 0

    def funded(job: str, named: str = COIN) -> Terms:
        goods = bench.goods(asset, named)
        bench.gas["offer_delivered"] = bench.send("seller", market, "offer", goods)
        gas = bench.send("buyer", market, "fund", goods, b"", 1, COIN, coins=coins)
        if job:
            bench.gas[job] = gas
        return bench.trade(goods)

    trade = funded(f"fund_{kind}")
    bench.gas["ship"] = bench.send("seller", market, "ship", trade, bytes(32))
    bench.gas[f"confirm_{kind}"] = bench.send("buyer", market, "confirm", trade)

    trade = funded("")
    bench.gas[f"refund_{kind}"] = bench.send("seller", market, "refund", trade)

    trade = funded("")
    bench.send("seller", market, "ship", trade, bytes(32))
    bench.wait(4 * DAY)
    job = f"release_after_deadline_{kind}"
    bench.gas[job] = bench.send("deployer", market, "claimTimeout", trade)

    trade = funded(f"fund_with_arbiter_{kind}", arbiter)
    bench.send("seller", market, "ship", trade, bytes(32))
    bench.gas["dispute"] = bench.send("buyer", market, "dispute", trade, bytes(32))
    job = f"rule_{kind}"
    bench.gas[job] = bench.send("arbiter", market, "rule", trade, 5_000, arbiter)

    trade = funded("", arbiter)
    bench.send("seller", market, "ship", trade, bytes(32))
    job = f"confirm_with_arbiter_{kind}"
    bench.gas[job] = bench.send("buyer", market, "confirm", trade)

    signed = bench.goods(asset)
    signature = bench.sign("seller", market.call("hashOffer", signed))
    bench.gas[f"fund_signed_{kind}"] = bench.send(
        "buyer", market, "fund", signed, signature, 1, COIN, coins=coins
    )


def _measure_auction(bench: Bench, creation: int) -> None:
    house, registry = bench.suite.auction_house, bench.suite.registry
    for way in ("auction", "auction", "auction_signed"):
        auction = bench.auction(creation)
        signature = b""
        steps = {}
        if way == "auction":
            steps["open"] = bench.send("seller", house, "open", auction)
        else:
            signature = bench.sign("seller", house.call("hashAuction", auction))
        bid = (auction, signature, PRICE)
        steps["first_bid"] = bench.send("buyer", house, "bid", *bid, coins=PRICE)
        higher = (auction, b"", 2 * PRICE)
        steps["outbid"] = bench.send("rival", house, "bid", *higher, coins=2 * PRICE)
        bench.wait(DAY + 1)
        steps["settle"] = bench.send("deployer", house, "settle", auction)
        parties = (bench.at["rival"], bench.at["seller"])
        bench.send("rival", registry, "transferFrom", *parties, creation)
        bench.gas[f"{way}_coins"] = sum(steps.values())
        if way == "auction":
            bench.gas |= {f"auction_{step}_coins": gas for step, gas in steps.items()}


def _measure_rewards(bench: Bench) -> None:
    """Two epochs of 1,024 accounts; in the second, those of the first claim again."""
    pool = bench.suite.pool
    people = [bench.at["seller"], bench.at["buyer"]]
    people += [f"0x{number:040x}" for number in range(1, 1_023)]
    for epoch in (1, 2):
        bench.wait(7 * DAY)
        rights = [(who, epoch * 10**18 + 7) for who in people]
        levels = [[_leaf(bench, pool, epoch, *right) for right in rights]]
        while len(levels[-1]) > 1:
            pairs = zip(levels[-1][::2], levels[-1][1::2], strict=True)
            levels.append([keccak(min(pair) + max(pair)) for pair in pairs])
        total = sum(amount for _, amount in rights)
        document = hashlib.sha256(b"epoch").digest()
        bench.gas["reward_post"] = bench.send(
            "deployer", pool, "post", epoch, levels[-1][0], total, document
        )
        bench.wait(2 * DAY)
        for index in (0, 1):  # the first of an epoch lets its root count
            proof = [level[(index >> depth) ^ 1] for depth, level in enumerate(levels[:-1])]
            job = ("reward_first_claim_of_epoch", "reward_claim")[index]
            bench.gas[job] = bench.send("rival", pool, "claim", *rights[index], proof)


def _leaf(bench: Bench, pool: Contract, epoch: int, account: str, cumulative: int) -> bytes:
    types = ["uint256", "address", "uint256", "address", "uint256"]
    words = [bench.chain.chain_id, pool.address, epoch, account, cumulative]
    return keccak(keccak(encode(types, words)))
