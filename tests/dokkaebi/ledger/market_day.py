"""A small market day on a real chain that makes every event of the suite at least once.

The accounts are the node's own, so that nothing here needs a key.
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
from dokkaebi.chain.manifest import Deployment, Manifest
from dokkaebi.chain.rpc import Chain
from dokkaebi.chain.suite import COIN, Contract
from dokkaebi.config import project_root

ETHER = TOKENS = 10**18
DAY = 86_400
FEE_BPS = 100
INSTANT, DELIVERED = 0, 1
REJECT = 1
SCRIPT_TITLE = """\"><script>alert('무일푼')</script>"""
SCRIPT_NAME = '"><img src=x onerror=alert(2)>'
RTL_TITLE = "drawing\u202egpj.exe\u2066"
LONG_TITLE = "가" * 3_400


def artifact(name: str) -> dict[str, Any]:
    path = project_root() / "build" / "contracts" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))


@dataclass
class Day:
    """The chain, the suite, the people, and what was done."""

    chain: Chain
    people: list[str]
    folder: Path
    salt: int = 0
    count: int = 0
    deployments: dict[str, Deployment] = field(default_factory=dict)
    contracts: dict[str, Contract] = field(default_factory=dict)
    offers: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    trades: dict[str, tuple[Any, ...]] = field(default_factory=dict)

    @property
    def works(self) -> Path:
        return self.folder / "works"

    @property
    def documents(self) -> Path:
        return self.folder / "documents"

    # Transactions

    def send(self, sender: str, to: str | None, data: str, value: int = 0) -> dict[str, Any]:
        fields = {"from": sender, "data": data, "value": hex(value), "gas": hex(6_000_000)}
        if to is not None:
            fields["to"] = to
        receipt = self.chain.receipt(self.chain.raw("eth_sendTransaction", [fields]))
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
        suite = ("CommunityToken", "CreationRegistry", "EscrowMarket")
        parts = {name: self.deployments[name] for name in suite}
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

    # Acts

    @property
    def token(self) -> Contract:
        return self.contracts["CommunityToken"]

    @property
    def registry(self) -> Contract:
        return self.contracts["CreationRegistry"]

    @property
    def market(self) -> Contract:
        return self.contracts["EscrowMarket"]

    def register(
        self,
        who: str,
        title: str,
        royalty_bps: int = 500,
        parents: tuple[int, ...] = (),
        creator_name: str = "",
    ) -> int:
        """A work with a picture and a document, as `dokkaebi publish` makes them."""
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
        work = (document.digest, len(document.text), royalty_bps, commitment, sorted(parents))
        self.do(who, self.registry, "register", work)
        return document.id

    def terms(
        self, seller: str, kind: int, creation: int, price: int, **more: Any
    ) -> tuple[Any, ...]:
        self.salt += 1
        tenure = self.registry.call("tenureOf", creation) if creation else 0
        delivered = kind == DELIVERED
        return (
            seller,
            kind,
            creation,
            more.get("tenure", tenure),
            more.get("asset", COIN),
            price,
            self.now() + more.get("open_for", 200 * DAY),
            3 * DAY if delivered else 0,
            2 * DAY if delivered else 0,
            more.get("referral_bps", 0),
            more.get("details", bytes(32)),
            more.get("salt", self.salt),
        )

    def offer(
        self, seller: str, kind: int, creation: int, price: int, **more: Any
    ) -> tuple[Any, ...]:
        terms = self.terms(seller, kind, creation, price, **more)
        self.do(seller, self.market, "offer", terms)
        self.offers["0x" + self.market.call("hashOffer", terms).hex()] = terms
        return terms

    def buy(self, buyer: str, terms: tuple[Any, ...], referrer: str = COIN) -> None:
        self.do(buyer, self.market, "buy", terms, referrer, value=self._coins(terms))

    def fund(self, buyer: str, terms: tuple[Any, ...], referrer: str = COIN) -> tuple[Any, ...]:
        self.do(buyer, self.market, "fund", terms, referrer, value=self._coins(terms))
        return self.trade_of(terms, buyer, referrer)

    def trade_of(self, terms: tuple[Any, ...], buyer: str, referrer: str = COIN) -> tuple[Any, ...]:
        offer_id = self.market.call("hashOffer", terms)
        trade = (
            offer_id, terms[0], buyer, referrer, terms[2], terms[4], terms[5], terms[8], terms[9],
        )  # fmt: skip
        self.trades["0x" + self.market.call("hashTrade", trade).hex()] = trade
        return trade

    def through(self, puppet: Contract, contract: Contract, function: str, *arguments: Any) -> None:
        """A contract acts: MockReceiver and MockBuyer make any call."""
        data = bytes.fromhex(contract.encode(function, *arguments)[2:])
        self.do(self.people[0], puppet, "execute", contract.address, 0, data)

    @staticmethod
    def _coins(terms: tuple[Any, ...]) -> int:
        return terms[5] if terms[4] == COIN else 0


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
    day.deploy("EscrowMarket", day.registry.address, treasury, FEE_BPS)
    day.deploy("MockMinter")
    day.do(steward, day.token, "setMinter", day.contracts["MockMinter"].address)
    day.do(steward, day.contracts["MockMinter"], "mint", day.token.address, people[7], 77 * TOKENS)
    for person in people[2:6]:
        day.do(steward, day.token, "transfer", person, 100 * TOKENS)
        day.do(person, day.token, "approve", day.market.address, 2**256 - 1)
        day.do(person, day.registry, "setApprovalForAll", day.market.address, True)
    return day


def play(day: Day) -> None:
    """The day itself."""
    _instant_sales(day)
    _deliveries(day)
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
    day.buy(buyer, day.offer(maker, INSTANT, moon, 3 * ETHER + 7, referral_bps=250), friend)
    day.do(buyer, day.registry, "setApprovalForAll", day.market.address, True)
    day.buy(fan, day.offer(buyer, INSTANT, moon, 10 * TOKENS + 1, asset=day.token.address))
    # A derivative: half of its royalty goes to its parents, one of whom is the seller.
    day.buy(buyer, day.offer(weaver, INSTANT, remix, 999_999_999_999_999_999))
    # Sold on: now its creator is paid twice, for the derivative and for a parent.
    day.buy(fan, day.offer(buyer, INSTANT, remix, 5 * ETHER // 3))
    # Cancelled and published again under the same id, then taken.
    terms = day.offer(weaver, INSTANT, tiger, 1)
    offer_id = day.market.call("hashOffer", terms)
    day.do(weaver, day.market, "cancel", offer_id)
    day.do(weaver, day.market, "offer", terms)
    day.buy(fan, terms)
    # Given away: the offer for it stays open and is dead.
    gift = day.register(maker, "gift")
    day.offer(maker, INSTANT, gift, 5 * ETHER)
    day.do(maker, day.registry, "approve", friend, gift)
    day.do(maker, day.registry, "transferFrom", maker, friend, gift)
    # Somebody else's work, and one that went away and came back: nobody can take these either.
    day.offer(weaver, INSTANT, gift, ETHER)
    lent = day.register(maker, "lent")
    day.offer(maker, INSTANT, lent, ETHER)
    day.do(maker, day.registry, "transferFrom", maker, friend, lent)
    day.do(friend, day.registry, "transferFrom", friend, maker, lent)


def _deliveries(day: Day) -> None:
    maker, weaver, buyer, fan, friend = day.people[2:7]
    token = day.token.address
    pot = day.register(maker, "a pot to be sent")
    # Shipped, confirmed, with a certificate and a referrer.
    trade = day.fund(buyer, day.offer(maker, DELIVERED, pot, 2 * ETHER, referral_bps=500), friend)
    day.do(maker, day.market, "ship", trade, hashlib.sha256(b"parcel").digest())
    day.pass_time(3_600)
    day.do(buyer, day.market, "confirm", trade)
    # Handed over in person; refunded by the seller; never shipped; never confirmed.
    details = hashlib.sha256(b"repair of a radio").digest()
    trade = day.fund(
        fan, day.offer(weaver, DELIVERED, 0, 40 * TOKENS, asset=token, details=details)
    )
    day.do(fan, day.market, "confirm", trade)
    trade = day.fund(buyer, day.offer(weaver, DELIVERED, 0, 7 * TOKENS, asset=token))
    day.do(weaver, day.market, "refund", trade)
    cracked = day.register(weaver, "a pot that cracked on its way")
    trade = day.fund(buyer, day.offer(weaver, DELIVERED, cracked, 9 * TOKENS, asset=token))
    day.do(weaver, day.market, "ship", trade, bytes(32))
    day.do(weaver, day.market, "refund", trade)
    late = day.fund(fan, day.offer(maker, DELIVERED, 0, ETHER // 3))
    quiet = day.fund(buyer, day.offer(weaver, DELIVERED, 0, ETHER // 7))
    day.do(weaver, day.market, "ship", quiet, bytes(32))
    day.pass_time(4 * DAY)
    day.do(friend, day.market, "claimTimeout", late)
    day.do(friend, day.market, "claimTimeout", quiet)
    # Still under way at the end: one funded, one shipped; and offers open, expired, absurd.
    day.fund(fan, day.offer(maker, DELIVERED, 0, 11 * TOKENS + 3, asset=token))
    trade = day.fund(fan, day.offer(weaver, DELIVERED, 0, ETHER // 5))
    day.do(weaver, day.market, "ship", trade, bytes(32))
    day.offer(maker, DELIVERED, 0, 2**128 - 1, salt=2**256 - 1, tenure=2**256 - 1)
    day.offer(maker, DELIVERED, 0, 5, open_for=60)


def _troubles(day: Day) -> None:
    """Payees who can't be paid at once: a refusing contract, and a blocked account."""
    maker, _weaver, buyer, fan, friend = day.people[2:7]
    grump = day.deploy("MockReceiver")
    coins = day.deploy("MockBlocklistToken")
    document = b"grumpy" * 40
    digest = hashlib.sha256(document).digest()
    work = (digest, len(document), 800, bytes(32), ())
    day.through(grump, day.registry, "register", work)
    day.through(grump, day.registry, "setApprovalForAll", day.market.address, True)
    work_id = day.registry.call("idOf", digest, len(document), grump.address)
    day.do(day.people[0], grump, "setMode", REJECT)
    # The refusing contract as seller, then as creator; its credit is sent on to a friend.
    terms = day.terms(grump.address, INSTANT, work_id, ETHER)
    day.through(grump, day.market, "offer", terms)
    day.buy(buyer, terms)
    day.buy(fan, day.offer(buyer, INSTANT, work_id, 2 * ETHER))
    day.through(grump, day.market, "withdraw", COIN, friend)
    # Sold once more: this credit waits.
    day.do(fan, day.registry, "setApprovalForAll", day.market.address, True)
    day.buy(buyer, day.offer(fan, INSTANT, work_id, ETHER // 2))
    # A stranger's token whose issuer blocks the buyer before a refund.
    day.do(maker, coins, "mint", buyer, 1_000)
    day.do(buyer, coins, "approve", day.market.address, 1_000)
    trade = day.fund(buyer, day.offer(maker, DELIVERED, 0, 901, asset=coins.address))
    day.do(maker, coins, "setBlocked", buyer, True)
    day.do(maker, day.market, "refund", trade)
    # The community collects its coins, and leaves its tokens.
    treasury = day.people[1]
    day.do(friend, day.market, "withdrawFor", COIN, treasury)
    day.pass_time(120)
