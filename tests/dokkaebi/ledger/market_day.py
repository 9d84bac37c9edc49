"""A small market day on a real chain that makes every event of the suite at least once.

The accounts are the node's own and send without a key; what they sign, they sign with theirs.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eth_abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from dokkaebi.chain.documents import content_commitment, hash_file, make_document
from dokkaebi.chain.keys import open_key
from dokkaebi.chain.manifest import Deployment, Manifest
from dokkaebi.chain.rpc import Chain
from dokkaebi.chain.suite import COIN, MARKETS, POOL, SUITE, Contract
from dokkaebi.chain.terms import Auction, Bid, Delivery, Offer, Request, Swap
from dokkaebi.config import project_root

ETHER = TOKENS = 10**18
DAY = 86_400
FEE_BPS = 100
ARBITER_FEE_BPS = 300
SILENT_SELLER_BPS = 2_500
REJECT = 1
REVERT = 1
SCRIPT_TITLE = """\"><script>alert('무일푼')</script>"""
SCRIPT_NAME = '"><img src=x onerror=alert(2)>'
RTL_TITLE = "drawing\u202egpj.exe\u2066"
LONG_TITLE = "가" * 3_400


Trade = tuple[Any, ...]


def artifact(name: str) -> dict[str, Any]:
    path = project_root() / "build" / "contracts" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))


@dataclass
class Day:
    """The chain, the suite, the people, and what was done."""

    chain: Chain
    people: list[str]
    folder: Path
    nonce: int = 0
    count: int = 0
    deployments: dict[str, Deployment] = field(default_factory=dict)
    contracts: dict[str, Contract] = field(default_factory=dict)

    @property
    def works(self) -> Path:
        return self.folder / "works"

    @property
    def documents(self) -> Path:
        return self.folder / "documents"

    # Transactions

    def send(self, sender: str, to: str | None, data: str, value: int = 0) -> dict[str, Any]:
        fields = {"from": sender, "data": data, "value": hex(value), "gas": hex(12_000_000)}
        if to is not None:
            fields["to"] = to
        sent = self.chain.raw("eth_sendTransaction", [fields])
        # Anvil mines a moment later.
        tries = (self.chain.receipt(sent) for _ in range(1_000))
        receipt = next((found for found in tries if found is not None), None)
        assert receipt is not None
        assert receipt["status"] == "0x1", receipt
        return receipt

    def do(
        self, sender: str, contract: Contract, function: str, *arguments: Any, value: int = 0
    ) -> dict[str, Any]:
        return self.send(sender, contract.address, contract.encode(function, *arguments), value)

    def deploy(self, name: str, *arguments: Any, value: int = 0) -> Contract:
        made = artifact(name)
        constructor = next((e for e in made["abi"] if e["type"] == "constructor"), {"inputs": []})
        kinds = [item["type"] for item in constructor["inputs"]]
        names = [item["name"] for item in constructor["inputs"]]
        data = "0x" + made["bytecode"] + encode(kinds, arguments).hex()
        receipt = self.send(self.people[0], None, data, value)
        contract = Contract(
            self.chain, name, to_checksum_address(receipt["contractAddress"]), made["abi"]
        )
        self.contracts[name] = contract
        self.deployments[name] = Deployment(
            contract.address,
            receipt["transactionHash"],
            int(receipt["blockNumber"], 16),
            receipt["blockHash"],
            dict(zip(names, map(str, arguments), strict=True)),
            "0x" + keccak(hexstr=data).hex(),
            "0x" + keccak(self.chain.code(contract.address)).hex(),
        )
        return contract

    def manifest(self) -> Manifest:
        names = [name for name in SUITE if name in self.deployments]
        parts = {name: self.deployments[name] for name in names}
        return Manifest(
            self.chain.chain_id,
            self.chain.genesis_hash,
            "development",
            self.people[0],
            min(part.block_number for part in parts.values()),
            parts,
        )

    def pass_time(self, seconds: int) -> None:
        self.chain.raw("evm_increaseTime", [seconds])
        self.chain.raw("evm_mine", [])

    def now(self) -> int:
        return int(self.chain.block()["timestamp"], 16)

    def sign(self, who: str, digest: bytes) -> bytes:
        """What an account's own key makes of a digest."""
        key = open_key(f"test:{self.people.index(who)}", self.chain.chain_id)
        return bytes(key.unsafe_sign_hash(digest).signature)

    # The contracts

    @property
    def token(self) -> Contract:
        return self.contracts["CommunityToken"]

    @property
    def registry(self) -> Contract:
        return self.contracts["CreationRegistry"]

    @property
    def shop(self) -> Contract:
        return self.contracts["CreationMarket"]

    @property
    def escrow(self) -> Contract:
        return self.contracts["EscrowMarket"]

    @property
    def house(self) -> Contract:
        return self.contracts["AuctionHouse"]

    @property
    def markets(self) -> list[Contract]:
        return [self.contracts[name] for name in MARKETS]

    # Acts

    def work(
        self,
        who: str,
        title: str,
        royalty_bps: int = 500,
        parents: tuple[int, ...] = (),
        creator_name: str = "",
    ) -> tuple[int, tuple[Any, ...]]:
        """A work with a picture and a document, as `dokkaebi publish` makes them: its id, and what
        is registered."""
        self.count += 1
        picture = self.works / f"work-{self.count}.svg"
        picture.write_text(f'<svg xmlns="http://www.w3.org/2000/svg"><!--{self.count}--></svg>')
        file = hash_file(picture)
        name = creator_name or f"maker {self.people.index(who)}"
        document = make_document(file, picture.name, who, title, "", name, royalty_bps, parents)
        place = self.documents / document.place
        place.parent.mkdir(parents=True)
        place.write_bytes(document.text)
        commitment = content_commitment(file.sha256, who)
        size = len(document.text)
        return document.id, (document.digest, size, royalty_bps, commitment, sorted(parents))

    def register(
        self, who: str, *words: Any, partners: tuple[tuple[str, int], ...] = (), **more: Any
    ) -> int:
        """A work as `work` makes it, registered by its maker."""
        identifier, work = self.work(who, *words, **more)
        if partners:
            ordered = sorted(partners, key=lambda one: int(one[0], 16))
            self.do(who, self.registry, "registerTogether", work, ordered)
        else:
            self.do(who, self.registry, "register", work)
        return identifier

    def voucher(
        self,
        who: str,
        title: str,
        parents: tuple[int, ...] = (),
        partners: tuple[tuple[str, int], ...] = (),
        *,
        asset: str = COIN,
        price: int = 0,
        referral_bps: int = 0,
        sponsor: tuple[str, int] = (COIN, 0),
        version: int = 0,
    ) -> tuple[Any, ...]:
        """A work to be registered by whoever brings its maker's signature; with a price, to be sold
        at once."""
        _, work = self.work(who, title, 500, parents)
        market = self.shop.address if price else COIN
        sale = (market, COIN, asset, price, referral_bps, *sponsor)
        ordered = sorted(partners, key=lambda one: int(one[0], 16))
        return who, work, ordered, sale, self.now() + DAY, version

    def id_of(self, voucher: tuple[Any, ...]) -> int:
        """The id of a voucher's work."""
        who, (digest, size, *_) = voucher[:2]
        return int(self.registry.call("idOf", digest, size, who))

    def buy_new(self, buyer: str, voucher: tuple[Any, ...], referrer: str = COIN) -> None:
        """Registers and buys what a voucher is of."""
        signature = self.sign(voucher[0], self.registry.call("hashVoucher", voucher))
        _, _, asset, price, *_ = voucher[3]
        value = price if asset == COIN else 0
        arguments = (voucher, signature, referrer, b"")
        self.do(buyer, self.shop, "buyNew", *arguments, value=value)

    def next_nonce(self) -> int:
        self.nonce += 1
        return self.nonce

    def tenure(self, collection: str, creation: int) -> int:
        ours = collection == self.registry.address and creation
        return int(self.registry.call("tenureOf", creation)) if ours else 0

    def offer(self, seller: str, creation: int, price: int, **more: Any) -> Offer:
        """Terms of a sale at once; nobody has published or signed them yet."""
        collection = more.get("collection", self.registry.address)
        terms = Offer(
            seller=seller,
            buyer=COIN,
            collection=collection,
            creation_id=creation,
            tenure=self.tenure(collection, creation),
            start=0,
            price=price,
            end_price=0,
            asset=COIN,
            expiry=self.now() + 20 * DAY,
            royalty_bps_max=0,
            referral_bps=0,
            nonce=self.next_nonce(),
        )
        return terms._replace(**more)

    def publish(self, terms: Offer | Delivery) -> bytes:
        market = self.shop if isinstance(terms, Offer) else self.escrow
        self.do(terms.seller, market, "offer", terms)
        return bytes(market.call("hashOffer", terms))

    def buy(self, buyer: str, terms: Offer, referrer: str = COIN, signature: bytes = b"") -> None:
        value = terms.price if terms.asset == COIN else 0
        self.do(buyer, self.shop, "buy", terms, signature, referrer, value=value)

    def sell(self, seller: str, buyer: str, creation: int, price: int, **more: Any) -> None:
        """A sale at once of an offer that is signed, not published."""
        terms = self.offer(seller, creation, price, **more)
        self.buy(buyer, terms, signature=self.sign(seller, self.shop.call("hashOffer", terms)))

    def accept(self, seller: str, bidder: str, creation: int, **terms: Any) -> None:
        """An owner gives a creation for a signed bid."""
        bid = Bid(
            bidder=bidder,
            collection=self.registry.address,
            creation_id=creation,
            creator=COIN,
            tenure=self.tenure(self.registry.address, creation),
            asset=self.token.address,
            price=TOKENS,
            expiry=self.now() + DAY,
            nonce=self.next_nonce(),
        )._replace(**terms)
        signature = self.sign(bidder, self.shop.call("hashBid", bid))
        self.do(seller, self.shop, "accept", bid, signature, creation, 0, b"")

    def delivery(self, seller: str, price: int, **more: Any) -> Delivery:
        """Terms of goods or services; nobody has published or signed them yet."""
        creation = more.get("creation_id", 0)
        terms = Delivery(
            seller=seller,
            buyer=COIN,
            creation_id=creation,
            tenure=self.tenure(self.registry.address, creation),
            asset=COIN,
            price=price,
            units=1,
            expiry=self.now() + 200 * DAY,
            ship_seconds=3 * DAY,
            inspect_seconds=2 * DAY,
            referral_bps=0,
            arbiter=COIN,
            arbiter_fee_bps=0,
            ruling_seconds=0,
            silent_seller_bps=0,
            parts=(),
            details=bytes(32),
            nonce=self.next_nonce(),
        )
        return terms._replace(**more)

    def arbitrated(self, seller: str, price: int, arbiter: str, **more: Any) -> Delivery:
        return self.delivery(
            seller,
            price,
            arbiter=arbiter,
            arbiter_fee_bps=ARBITER_FEE_BPS,
            ruling_seconds=2 * DAY,
            silent_seller_bps=SILENT_SELLER_BPS,
            **more,
        )

    def fund(
        self,
        buyer: str,
        terms: Delivery,
        units: int = 1,
        referrer: str = COIN,
        signature: bytes | None = None,
    ) -> Trade:
        """Takes units of an offer, a signed one unless said otherwise; the trade as chain tells."""
        if signature is None:
            signature = self.sign(terms.seller, self.escrow.call("hashOffer", terms))
        value = terms.price * units if terms.asset == COIN else 0
        receipt = self.do(
            buyer, self.escrow, "fund", terms, signature, units, referrer, value=value
        )
        return self.trade_in(receipt)

    def request(self, buyer: str, price: int, **more: Any) -> Request:
        """Work that a buyer pays for before anybody accepts it."""
        terms = Request(*self.delivery(more.pop("seller", COIN), price, buyer=buyer, **more))
        value = price if terms.asset == COIN else 0
        self.do(buyer, self.escrow, "request", terms, b"", value=value)
        return terms

    def trade_in(self, receipt: dict[str, Any]) -> Trade:
        topic = self.escrow.topic("EscrowFunded")
        log = next(log for log in receipt["logs"] if log["topics"][0] == topic)
        return tuple(self.escrow.decode_log("EscrowFunded", log)["trade"])

    def dispute(self, trade: Trade, evidence: bytes = bytes(32)) -> None:
        """The seller ships, and the buyer disputes."""
        self.do(trade[1], self.escrow, "ship", trade, bytes(32))
        self.do(trade[2], self.escrow, "dispute", trade, evidence)

    def auction(self, seller: str, creation: int, reserve: int, **more: Any) -> Auction:
        """Terms of an auction; nobody has opened or signed it yet."""
        collection = more.get("collection", self.registry.address)
        terms = Auction(
            seller=seller,
            collection=collection,
            creation_id=creation,
            tenure=self.tenure(collection, creation),
            asset=COIN,
            reserve=reserve,
            step_bps=500,
            ends_at=self.now() + DAY,
            extension_seconds=600,
            royalty_bps_max=0,
            nonce=self.next_nonce(),
        )
        return terms._replace(**more)

    def bid(self, bidder: str, terms: Auction, amount: int, signature: bytes = b"") -> None:
        value = amount if terms.asset == COIN else 0
        self.do(bidder, self.house, "bid", terms, signature, amount, value=value)

    def through(
        self, puppet: Contract, contract: Contract, function: str, *arguments: Any, value: int = 0
    ) -> None:
        """A contract acts: MockReceiver and MockBuyer make any call."""
        data = bytes.fromhex(contract.encode(function, *arguments)[2:])
        steward = self.people[0]
        self.do(steward, puppet, "execute", contract.address, value, data, value=value)


def open_market(chain: Chain, folder: Path) -> Day:
    """A chain with the suite deployed, the minter named, purses filled and approvals given."""
    people = [to_checksum_address(account) for account in chain.raw("eth_accounts")]
    day = Day(chain, people, folder)
    day.works.mkdir(parents=True)
    steward, treasury = people[:2]
    day.deploy(
        "CommunityToken",
        *("도깨비 Token", "DKB", 1_000_000 * TOKENS, 1_000 * TOKENS, steward, steward),
    )
    day.deploy("CreationRegistry", "도깨비 장터", "DKC", hashlib.sha256(b"registry").digest())
    for name in MARKETS:
        day.deploy(name, day.registry.address, treasury, FEE_BPS)
    day.deploy("MockMinter")
    day.do(steward, day.token, "offerStewardship", treasury)
    day.do(steward, day.token, "setMinter", day.contracts["MockMinter"].address)
    day.do(steward, day.contracts["MockMinter"], "mint", day.token.address, people[7], 77 * TOKENS)
    for person in people[2:6]:
        day.do(steward, day.token, "transfer", person, 200 * TOKENS)
        for market in day.markets:
            day.do(person, day.token, "approve", market.address, 2**256 - 1)
            day.do(person, day.registry, "setApprovalForAll", market.address, True)
    return day


def play(day: Day) -> None:
    """The day itself."""
    _instant_sales(day)
    _sales_together(day)
    _vouchers(day)
    _bids_and_swaps(day)
    _foreign_sales(day)
    _deliveries(day)
    _parts_and_disputes(day)
    _requests(day)
    _auctions(day)
    _rewards(day)
    _troubles(day)


def _instant_sales(day: Day) -> None:
    maker, weaver, buyer, fan, friend = day.people[2:7]
    moon = day.register(maker, "달항아리", 1_000)
    tiger = day.register(weaver, "까치호랑이", 333)
    remix = day.register(weaver, "Tiger in the moon jar", 777, (moon, tiger))
    day.register(day.people[8], RTL_TITLE, creator_name=SCRIPT_NAME)
    day.register(weaver, LONG_TITLE)
    burnt = day.register(maker, SCRIPT_TITLE)
    day.do(maker, day.registry, "burn", burnt)
    # Bought for coins, with a referrer; sold on for tokens: now a royalty is due.
    terms = day.offer(maker, moon, 3 * ETHER + 7, referral_bps=250)
    day.publish(terms)
    day.buy(buyer, terms, friend)
    day.sell(buyer, fan, moon, 10 * TOKENS + 1, asset=day.token.address)
    # A derivative: half of its royalty goes to its parents, one of whom is the seller.
    day.sell(weaver, buyer, remix, 999_999_999_999_999_999)
    # Sold on: now its creator is paid twice, for the derivative and for a parent.
    day.sell(buyer, fan, remix, 5 * ETHER // 3)
    # Cancelled and published again under the same id, then taken.
    terms = day.offer(weaver, tiger, 1)
    offer_id = day.publish(terms)
    day.do(weaver, day.shop, "cancel", offer_id)
    day.publish(terms)
    day.buy(fan, terms)
    # A falling price: one taken on its way, one open and falling, one that hasn't begun to.
    lamp, bowl = day.register(maker, "a lamp"), day.register(maker, "a bowl")
    fall = {"start": day.now(), "end_price": ETHER // 2, "expiry": day.now() + 10 * DAY}
    terms = day.offer(maker, lamp, ETHER, **fall)
    day.publish(terms)
    day.pass_time(DAY)
    day.buy(fan, terms)
    day.publish(day.offer(maker, bowl, ETHER, **fall | {"expiry": day.now() + 300 * DAY}))
    later = {"start": day.now() + 200 * DAY, "expiry": day.now() + 300 * DAY}
    day.publish(day.offer(maker, bowl, ETHER, **fall | later, buyer=fan))
    # Given away: the offer for it stays open and is dead.
    gift = day.register(maker, "gift")
    long = {"expiry": day.now() + 300 * DAY}
    day.publish(day.offer(maker, gift, 5 * ETHER, **long))
    day.do(maker, day.registry, "transferFrom", maker, friend, gift)
    # Somebody else's work, and one that went away and came back: nobody can take these either.
    day.publish(day.offer(weaver, gift, ETHER, **long))
    lent = day.register(maker, "lent")
    day.publish(day.offer(maker, lent, ETHER, **long))
    day.do(maker, day.registry, "transferFrom", maker, friend, lent)
    day.do(friend, day.registry, "transferFrom", friend, maker, lent)


def _sales_together(day: Day) -> None:
    """Works with several creators: sold for coins and tokens, and sold on."""
    maker, weaver, buyer, fan, friend = day.people[2:7]
    shares = ((weaver, 2_500), (friend, 1_111))
    quilt = day.register(maker, "a quilt of three", 700, partners=shares)
    song = day.register(maker, "a song of three", 900, partners=shares)
    day.sell(maker, buyer, quilt, ETHER + 1)
    day.sell(buyer, fan, quilt, 7 * TOKENS, asset=day.token.address)
    # Two at once, one of them for tokens straight to everybody.
    offers = [
        day.offer(maker, song, 3 * TOKENS + 7, asset=day.token.address),
        day.offer(fan, quilt, ETHER // 9),
    ]
    signatures = [day.sign(o.seller, day.shop.call("hashOffer", o)) for o in offers]
    day.do(buyer, day.shop, "buyMany", offers, signatures, friend, value=ETHER // 9 + 5)


def _vouchers(day: Day) -> None:
    """Works whose makers only sign: sold, registered by others, and thought better of."""
    maker, weaver, buyer, fan, friend = day.people[2:7]
    penniless, sponsor = day.people[11:13]
    token = {"asset": day.token.address, "price": 5 * TOKENS + 9}
    day.buy_new(buyer, day.voucher(penniless, "a straw shoe", **token, sponsor=(sponsor, 7)))
    parents = (day.register(maker, "a seed"), day.register(weaver, "a leaf"))
    day.buy_new(
        fan,
        day.voucher(
            *(penniless, "a straw hat", parents, ((weaver, 2_500), (friend, 1_111))),
            price=ETHER + 3,
            referral_bps=250,
            sponsor=(sponsor, ETHER // 100),
        ),
        friend,
    )
    # All of the seller's part, to somebody who is paid as the referrer as well.
    price = 1_000 * TOKENS // 999
    rest = price - price * FEE_BPS // 10_000 - price * 100 // 10_000
    alone = {**token, "price": price, "referral_bps": 100, "sponsor": (friend, rest)}
    day.buy_new(buyer, day.voucher(penniless, "a straw bag", **alone), friend)
    # Not for sale; brought by somebody else.
    voucher = day.voucher(penniless, "a straw rope")
    signature = day.sign(penniless, day.registry.call("hashVoucher", voucher))
    day.do(friend, day.registry, "registerFor", voucher, signature, penniless)
    # Cancelled twice, and once before it was registered all the same.
    for work, versions in (("a straw boat", (1, 5)), ("a straw mat", (2**62 - 1,))):
        digest = hashlib.sha256(work.encode()).digest()
        for version in versions:
            day.do(penniless, day.registry, "cancelVouchers", digest, 300, version)
    voucher = day.voucher(weaver, "a straw lamp", version=3)
    day.do(weaver, day.registry, "cancelVouchers", *voucher[1][:2], 3)
    signature = day.sign(weaver, day.registry.call("hashVoucher", voucher))
    day.do(friend, day.registry, "registerFor", voucher, signature, weaver)


def _bids_and_swaps(day: Day) -> None:
    maker, weaver, buyer, fan, _friend = day.people[2:7]
    vase, fans = day.register(maker, "a vase"), day.register(maker, "a fan")
    day.accept(maker, buyer, vase, price=4 * TOKENS + 3)
    # Any work of the maker's, from whoever has one; now a royalty is due.
    day.do(buyer, day.registry, "approve", day.shop.address, vase)
    any_work = {"creation_id": 0, "tenure": 0, "creator": maker, "price": 2 * TOKENS}
    day.accept(buyer, fan, vase, **any_work)
    swap = Swap(
        maker=maker,
        taker=COIN,
        given_collection=day.registry.address,
        given_id=fans,
        given_tenure=0,
        wanted_collection=day.registry.address,
        wanted_id=vase,
        wanted_tenure=day.tenure(day.registry.address, vase),
        expiry=day.now() + DAY,
        nonce=day.next_nonce(),
    )
    signature = day.sign(maker, day.shop.call("hashSwap", swap))
    day.do(fan, day.shop, "swap", swap, signature)
    day.do(maker, day.shop, "cancelNonces", 300, 300)
    day.do(maker, day.escrow, "cancelNonces", 300, 999)
    day.do(weaver, day.house, "cancelNonces", 2**256 - 2, 2**256 - 1)


def _foreign_sales(day: Day) -> None:
    """Another collection's creations; one offer is published and taken twice."""
    maker, weaver, buyer, fan, friend = day.people[2:7]
    cards = day.deploy("MockCollection")
    for number in (1, 2):
        day.do(maker, cards, "mint", maker, number)
    day.do(maker, cards, "setRoyalty", weaver, 600)
    for person in (maker, buyer, fan):
        day.do(person, cards, "setApprovalForAll", day.shop.address, True)
    foreign = {"collection": cards.address, "royalty_bps_max": 500}
    terms = day.offer(maker, 1, 1_001, **foreign)
    for taker in (buyer, fan):
        day.publish(terms)
        day.buy(taker, terms)
        day.do(taker, cards, "transferFrom", taker, maker, 1)
    tokens = {"asset": day.token.address, "referral_bps": 50}
    terms = day.offer(maker, 2, 9 * TOKENS + 9, **foreign, **tokens)
    day.buy(fan, terms, friend, day.sign(maker, day.shop.call("hashOffer", terms)))
    long = {"expiry": day.now() + 29 * DAY}
    day.publish(day.offer(maker, 1, 77, **foreign, **long))


def _deliveries(day: Day) -> None:
    maker, weaver, buyer, fan, friend = day.people[2:7]
    token = day.token.address
    pot = day.register(maker, "a pot to be sent")
    # Shipped, confirmed, with a certificate and a referrer.
    terms = day.delivery(maker, 2 * ETHER, creation_id=pot, referral_bps=500)
    day.publish(terms)
    trade = day.fund(buyer, terms, referrer=friend, signature=b"")
    day.do(maker, day.escrow, "ship", trade, hashlib.sha256(b"parcel").digest())
    day.pass_time(3_600)
    day.do(buyer, day.escrow, "confirm", trade)
    # Handed over in person; refunded by the seller; never shipped; never confirmed.
    details = hashlib.sha256(b"repair of a radio").digest()
    trade = day.fund(fan, day.delivery(weaver, 40 * TOKENS, asset=token, details=details))
    day.do(fan, day.escrow, "confirm", trade)
    trade = day.fund(buyer, day.delivery(weaver, 7 * TOKENS, asset=token))
    day.do(weaver, day.escrow, "refund", trade)
    cracked = day.register(weaver, "a pot that cracked on its way")
    trade = day.fund(buyer, day.delivery(weaver, 9 * TOKENS, asset=token, creation_id=cracked))
    day.do(weaver, day.escrow, "ship", trade, bytes(32))
    day.do(weaver, day.escrow, "refund", trade)
    late = day.fund(fan, day.delivery(maker, ETHER // 3))
    quiet = day.fund(buyer, day.delivery(weaver, ETHER // 7))
    day.do(weaver, day.escrow, "ship", quiet, bytes(32))
    day.pass_time(4 * DAY)
    day.do(friend, day.escrow, "claimTimeout", late)
    day.do(friend, day.escrow, "claimTimeout", quiet)
    # Several units: two of five by signature, one of the published rest; two are left.
    spoons = day.delivery(maker, ETHER // 50, units=5)
    trade = day.fund(buyer, spoons, units=2)
    day.do(buyer, day.escrow, "confirm", trade)
    day.publish(spoons)
    day.fund(fan, spoons, signature=b"")
    # Several units, all taken; and a published offer that was taken off.
    spoons = day.delivery(maker, ETHER // 60, units=3)
    day.publish(spoons)
    day.do(fan, day.escrow, "confirm", day.fund(fan, spoons, units=3, signature=b""))
    gone = day.publish(day.delivery(maker, ETHER, units=4))
    day.do(maker, day.escrow, "cancel", gone)
    # Still under way at the end: one funded, one shipped; and offers open, expired, absurd.
    day.fund(fan, day.delivery(maker, 11 * TOKENS + 3, asset=token))
    trade = day.fund(fan, day.delivery(weaver, ETHER // 5))
    day.do(weaver, day.escrow, "ship", trade, bytes(32))
    day.publish(day.delivery(maker, 2**128 - 1, nonce=2**256 - 1, tenure=2**256 - 1))
    day.publish(day.delivery(maker, 5, expiry=day.now() + 60))


def _parts_and_disputes(day: Day) -> None:
    maker, weaver, buyer, fan, friend = day.people[2:7]
    token, arbiter = day.token.address, day.people[9]
    escrow = day.escrow
    # Three parts: one confirmed, one conceded in a dispute, the last refunded.
    work = day.register(maker, "a mural")
    terms = day.arbitrated(
        maker, ETHER + 1, arbiter, parts=(33, 33, 34), creation_id=work, referral_bps=333
    )
    trade = day.fund(buyer, terms, referrer=friend)
    day.do(maker, escrow, "ship", trade, hashlib.sha256(b"a sketch").digest())
    day.do(buyer, escrow, "confirm", trade)
    day.dispute(trade, hashlib.sha256(b"the wrong blue").digest())
    day.do(maker, escrow, "submitEvidence", trade, hashlib.sha256(b"the right blue").digest())
    day.do(buyer, escrow, "confirm", trade)
    day.do(maker, escrow, "refund", trade)
    # Two parts, both paid; and one of two, the other under way at the end.
    for parts in (2, 1):
        terms = day.delivery(weaver, 5 * TOKENS + parts, asset=token, parts=(10, 90))
        trade = day.fund(fan, terms)
        for _ in range(parts):
            day.do(fan, escrow, "confirm", trade)
    # Ruled: with a certificate of several creators that stays with the buyer, and one that doesn't.
    shares = ((weaver, 1_000), (friend, 2_000))
    for seller_bps in (6_000, 4_999):
        drum = day.register(maker, f"a drum {seller_bps}", partners=shares)
        terms = day.arbitrated(maker, 3 * ETHER + 7, arbiter, creation_id=drum)
        trade = day.fund(buyer, terms)
        day.dispute(trade)
        day.do(arbiter, escrow, "rule", trade, seller_bps, day.people[10])
    # Silent; conceded by the seller; settled before the arbiter spoke, by both signatures.
    silent = day.fund(buyer, day.arbitrated(weaver, 8 * TOKENS + 1, arbiter, asset=token))
    day.dispute(silent)
    trade = day.fund(fan, day.arbitrated(weaver, 99, arbiter))
    day.dispute(trade)
    day.do(weaver, escrow, "refund", trade)
    trade = day.fund(fan, day.arbitrated(maker, ETHER // 11, arbiter))
    day.dispute(trade)
    expiry = day.now() + DAY
    digest = escrow.call("hashSettlement", escrow.call("hashTrade", trade), 0, 7_001, expiry)
    signatures = day.sign(fan, digest), day.sign(maker, digest)
    day.do(friend, escrow, "settle", trade, 7_001, expiry, *signatures)
    day.pass_time(3 * DAY)
    day.do(friend, escrow, "claimTimeout", silent)
    # Settled without a dispute, all to the buyer; and one disputed at the end.
    trade = day.fund(fan, day.delivery(maker, ETHER // 13))
    expiry = day.now() + DAY
    digest = escrow.call("hashSettlement", escrow.call("hashTrade", trade), 0, 0, expiry)
    day.do(fan, escrow, "settle", trade, 0, expiry, b"", day.sign(maker, digest))
    day.dispute(day.fund(buyer, day.arbitrated(maker, 6 * TOKENS, arbiter, asset=token)))
    _before_a_court(day)


def _before_a_court(day: Day) -> None:
    """An ERC-792 arbitrator rules: half to each. The fee is for whoever paid the arbitrator."""
    maker, _weaver, buyer, _fan, friend = day.people[2:7]
    court = day.deploy("MockArbitrator")
    meaning = hashlib.sha256(b"what the rulings mean").digest()
    desk = day.deploy("ArbitrationDesk", day.escrow.address, court.address, b"", meaning)
    trade = day.fund(buyer, day.arbitrated(maker, ETHER // 29, desk.address))
    day.dispute(trade)
    encoded = encode(
        ["(bytes32,address,address,address,address,uint256,address,uint256,uint256)"], [trade]
    )
    day.do(friend, desk, "submit", encoded, value=1_000)
    day.do(maker, court, "giveRuling", 0, 3)
    day.do(maker, desk, "carryOut", encoded)


def _requests(day: Day) -> None:
    maker, weaver, buyer, fan, _friend = day.people[2:7]
    token = day.token.address
    wanted = day.request(buyer, 12 * TOKENS, asset=token, parts=(50, 50))
    trade = day.trade_in(day.do(maker, day.escrow, "accept", wanted))
    day.do(buyer, day.escrow, "confirm", trade)
    wanted = day.request(fan, ETHER // 17, seller=weaver)
    day.do(weaver, day.escrow, "accept", wanted)
    wanted = day.request(fan, ETHER // 19)
    day.do(fan, day.escrow, "retract", wanted)
    day.request(fan, 3 * TOKENS, asset=token)
    day.request(buyer, ETHER // 23, expiry=day.now() + 60)


def _auctions(day: Day) -> None:
    maker, weaver, buyer, fan, friend = day.people[2:7]
    token = day.token.address
    house = day.house
    # For coins, outbid twice; for tokens, by a signature, of a work with two creators.
    moth = day.register(maker, "a moth")
    coins = day.auction(maker, moth, ETHER // 10)
    day.do(maker, house, "open", coins)
    pair = day.register(weaver, "a pair of moths", partners=((friend, 4_000),))
    tokens = day.auction(weaver, pair, TOKENS, asset=token)
    signature = day.sign(weaver, house.call("hashAuction", tokens))
    day.bid(buyer, tokens, TOKENS, signature)
    for bidder, amount in ((buyer, 100), (fan, 110), (buyer, 200)):
        day.bid(bidder, coins, amount * ETHER // 1_000)
    day.bid(fan, tokens, 2 * TOKENS + 1)
    # Taken off; and one whose collection won't hand the creation to the winner, who takes it later.
    dropped = day.auction(maker, day.register(maker, "a shy moth"), 5)
    day.do(maker, house, "open", dropped)
    day.do(maker, house, "cancel", dropped)
    sulky = day.deploy("MockRefusingCollection")
    lots = []
    for number in (1, 2):
        day.do(maker, sulky, "mint", maker, number)
        day.do(maker, sulky, "setApprovalForAll", house.address, True)
        lot = day.auction(maker, number, 1_000, collection=sulky.address, royalty_bps_max=100)
        lots.append(lot)
        day.do(maker, house, "open", lot)
        day.bid(buyer, lot, 1_000 + number)
    day.do(maker, sulky, "setRefusal", buyer, REVERT)
    day.pass_time(2 * DAY)
    for lot in (coins, tokens, *lots):
        day.do(friend, house, "settle", lot)
    day.do(buyer, house, "retrieve", sulky.address, 1, fan)
    # At the end: one with a bid, one over with a bid, one without, one that nobody ever bid in.
    for reserve, seconds in ((ETHER, 300 * DAY), (2 * ETHER, 60)):
        for wanted in ("wanted", "unwanted"):
            late = day.register(weaver, f"an {wanted} moth, {seconds} seconds")
            lot = day.auction(weaver, late, reserve, ends_at=day.now() + seconds)
            day.do(weaver, house, "open", lot)
            if wanted == "wanted":
                day.bid(fan, lot, reserve + 3)


def _rewards(day: Day) -> None:
    """A pool that pays what arrives: a root that is stopped, one that is claimed by others, one
    that waits at the end; and new holders of both offices."""
    maker, weaver, buyer, _fan, friend = day.people[2:7]
    steward, treasury, guardian = day.people[0], day.people[1], day.people[9]
    offices = (day.token.address, treasury, steward, guardian)
    pool = day.deploy(POOL, *offices, DAY, 2 * DAY, 5_000, TOKENS, 4)
    day.do(buyer, day.token, "transfer", pool.call("PURSE"), 9 * TOKENS)
    day.send(buyer, pool.call("PURSE"), "0x", 11)
    day.do(friend, pool, "collect", day.token.address)
    day.do(friend, pool, "collect", COIN)
    document = hashlib.sha256(b"an epoch").digest()

    def post(epoch: int, *rights: tuple[str, int]) -> list[bytes]:
        leaves = [pool.call("leafOf", epoch, *right) for right in rights]
        root = keccak(min(leaves) + max(leaves))
        total = sum(amount for _, amount in rights)
        day.do(steward, pool, "post", epoch, root, total, document)
        return leaves

    day.pass_time(DAY)
    post(1, (maker, 4 * TOKENS), (friend, 3))
    day.do(guardian, pool, "stop", hashlib.sha256(b"too much for one").digest())
    leaves = post(1, (maker, TOKENS), (weaver, 2 * TOKENS))
    day.pass_time(2 * DAY)
    day.do(friend, pool, "claim", maker, TOKENS, [leaves[1]])
    day.do(friend, pool, "claimMany", [(weaver, 2 * TOKENS, [leaves[0]])])
    for office, holder in (("Stewardship", steward), ("Guardianship", guardian)):
        day.do(holder, pool, f"offer{office}", friend)
        day.do(friend, pool, f"accept{office}")
        day.do(friend, pool, f"offer{office}", holder)
    day.do(steward, pool, "acceptStewardship")
    post(2, (maker, 2 * TOKENS), (weaver, 2 * TOKENS + 1))
    day.do(buyer, day.token, "transfer", pool.call("PURSE"), 5)


def _troubles(day: Day) -> None:
    """Payees who can't be paid at once: a refusing contract, and blocked accounts."""
    maker, weaver, buyer, fan, friend = day.people[2:7]
    grump = day.deploy("MockReceiver")
    coins = day.deploy("MockBlocklistToken")
    document = b"grumpy" * 40
    digest = hashlib.sha256(document).digest()
    work = (digest, len(document), 800, bytes(32), ())
    day.through(grump, day.registry, "register", work)
    day.through(grump, day.registry, "setApprovalForAll", day.shop.address, True)
    work_id = day.registry.call("idOf", digest, len(document), grump.address)
    day.do(day.people[0], grump, "setMode", REJECT)
    # The refusing contract as seller, then as creator; its credit is sent on to a friend.
    terms = day.offer(grump.address, work_id, ETHER)
    day.through(grump, day.shop, "offer", terms)
    day.buy(buyer, terms)
    day.sell(buyer, fan, work_id, 2 * ETHER)
    day.through(grump, day.shop, "withdraw", COIN, friend)
    # Sold once more: this credit waits. It pays too much, and its change waits too.
    day.sell(fan, buyer, work_id, ETHER // 2)
    cup = day.register(maker, "a cup")
    terms = day.offer(maker, cup, 1_000)
    signature = day.sign(maker, day.shop.call("hashOffer", terms))
    day.through(grump, day.shop, "buy", terms, signature, COIN, value=1_234)
    # Its bid is the highest until a person outbids it: it can't be repaid at once.
    lot = day.auction(maker, day.register(maker, "a saucer"), 1_000, ends_at=day.now() + DAY)
    day.do(maker, day.house, "open", lot)
    day.through(grump, day.house, "bid", lot, b"", 2_000, value=2_000)
    day.bid(fan, lot, 3_000)
    # As sponsor, too, it is credited.
    sponsored = day.voucher(maker, "a spoon", price=1_000, sponsor=(grump.address, 17))
    day.buy_new(buyer, sponsored)
    # A stranger's token whose issuer blocks the buyer before a refund.
    for market in (day.shop, day.escrow):
        day.do(buyer, coins, "approve", market.address, 10_000)
    day.do(maker, coins, "mint", buyer, 5_000)
    trade = day.fund(buyer, day.delivery(maker, 901, asset=coins.address))
    day.do(maker, coins, "setBlocked", buyer, True)
    day.do(maker, day.escrow, "refund", trade)
    # Sold for it while the creator is blocked: the market takes just that part in.
    day.do(maker, coins, "setBlocked", buyer, False)
    day.do(maker, coins, "setBlocked", weaver, True)
    print_ = day.register(weaver, "a print", 1_000)
    day.do(weaver, day.registry, "transferFrom", weaver, maker, print_)
    day.sell(maker, buyer, print_, 1_111, asset=coins.address)
    # The community collects its coins in one market and its tokens in another, and leaves the rest.
    day.do(friend, day.escrow, "withdrawFor", COIN, day.people[1])
    day.do(friend, day.house, "withdrawFor", day.token.address, day.people[1])
    day.pass_time(1_200)
