"""`ITill`, `IConsent` and `ICollections` in plain Python: what all markets share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.lane.abi import digest_of, domain_of, hash_words
from tests.models.books import Refused, refuse_if
from tests.models.creation_registry import CreationRegistry
from tests.models.town import COIN, NOBODY, Town

BPS = 10_000
PRICE_MAX = 2**128 - 1
ROYALTY_BPS_MAX = 1_000
NONCES_MAX = 65_536
DAY = 86_400
DOCUMENT_SECONDS_MAX, FOREIGN_SECONDS_MAX = 365 * DAY, 30 * DAY
PERMIT_BYTES = 160


@dataclass
class Division:
    """How a price is divided. `alone`: whether one creator gets all of the royalty, and is named
    by the sale's own event."""

    seller: int
    fee: int
    referral: int
    royalties: list[tuple[str, int]] = field(default_factory=list)
    alone: bool = False

    @property
    def royalty(self) -> int:
        return sum(amount for _, amount in self.royalties)


class Till:
    """`gifts`: what was forced upon the market and belongs to nobody."""

    def __init__(
        self, town: Town, name: str, address: str, registry: CreationRegistry,
        fee_recipient: str, fee_bps: int,
    ) -> None:  # fmt: skip
        self.town, self.name, self.address, self.registry = town, name, address, registry
        self.fee_recipient, self.fee_bps = fee_recipient, fee_bps
        self.domain = domain_of(f"Dokkaebi {name}", town.chain_id, address)
        self.credits = town.books.open("credits")
        self.gifts = town.books.open("gifts")
        self.used = town.books.open("used", False)
        self.cancelled = town.books.open("cancelled", ())

    def escrow(self, asset: str) -> int:
        """What waits here for something to happen."""
        return 0

    def owes(self, asset: str) -> int:
        """Law 1: what the market must hold."""
        credits = sum(amount for (one, _), amount in self.credits.items() if one == asset)
        return self.escrow(asset) + credits + int(self.gifts[asset])

    def say(self, name: str, *arguments: Any) -> None:
        self.town.say(self.address, name, *arguments)

    # Consent

    def nonce_used(self, signer: str, nonce: int) -> bool:
        ranges = self.cancelled[signer]
        return bool(self.used[signer, nonce]) or any(a <= nonce <= b for a, b in ranges)

    def nonce_is_used(self, signer: str, nonce: int) -> tuple[Any, ...]:
        return (self.nonce_used(signer, nonce), "Nonce_Used", signer, nonce)

    def cancel_nonces_for(
        self, signer: str, first: int, last: int, expiry: int, signature: bytes
    ) -> None:
        kind = "Cancellation(address signer,uint256 first,uint256 last,uint256 expiry)"
        digest = self.digest(kind, signer, first, last, expiry)
        refuse_if(*self.town.no_consent(signer, digest, expiry, signature))
        self.cancel_nonces(signer, first, last)

    def cancel_nonces(self, signer: str, first: int, last: int) -> None:
        wrong = first > last or last - first >= NONCES_MAX
        refuse_if((wrong, "Nonces_OutOfRange", first, last, NONCES_MAX))
        self.cancelled[signer] = (*self.cancelled[signer], (first, last))
        for nonce in (max(0, first - 1), first, last, last + 1):
            # Looked at, where it begins and where it ends.
            self.used[signer, nonce] = self.nonce_used(signer, nonce)
        self.say("NoncesCancelled", signer, first, last)

    def digest(self, kind: str, *values: Any) -> bytes:
        return digest_of(self.domain, hash_words(kind, *values))

    # Creations of any collection

    def document_is_wrong(self, collection: str, price: int, expiry: int, earliest: int) -> Any:
        return [
            (not 1 <= price <= PRICE_MAX, "Price_OutOfRange", price, PRICE_MAX),
            self.expiry_is_wrong(collection, expiry, earliest),
        ]

    def expiry_is_wrong(self, collection: str, expiry: int, earliest: int) -> tuple[Any, ...]:
        own = collection == self.registry.address
        latest = self.town.now + (DOCUMENT_SECONDS_MAX if own else FOREIGN_SECONDS_MAX)
        wrong = not earliest <= expiry <= latest
        return (wrong, "Expiry_OutOfRange", expiry, earliest, latest)

    def royalty_is_wrong(self, collection: str, royalty_bps_max: int) -> tuple[Any, ...]:
        most = 0 if collection == self.registry.address else ROYALTY_BPS_MAX
        return (royalty_bps_max > most, "Royalty_TooHigh", royalty_bps_max, most)

    def has_moved(self, collection: str, id_: int, tenure: int) -> tuple[Any, ...]:
        if collection != self.registry.address:
            return (tenure != 0, "Creation_Moved", id_, 0, tenure)
        work = self.registry.works[id_]
        if work is None:
            return (True, "Creation_Unknown", id_)
        return (work.tenure != tenure, "Creation_Moved", id_, work.tenure, tenure)

    def hand_over(self, collection: str, id_: int, giver: str, to: str) -> None:
        """By the market. A foreign collection must have done what it says."""
        found = self.town.collections.get(collection)
        if found is None:
            raise Refused(("Collection_HasNoCode", collection))
        found.move(self.address, giver, to, id_)
        owner = found.owner_of(id_)
        if collection == self.registry.address or owner == to:
            return
        if owner == NOBODY:
            raise Refused(("ERC721NonexistentToken", id_))
        raise Refused(("Creation_NotDelivered", collection, id_, owner))

    # Divide

    def divide(
        self, price: int, seller: str, referrer: str, referral_bps: int, id_: int = 0
    ) -> Division:
        """Fee, commission and royalties rounded down; the rest is the seller's."""
        made = self._take_shares(price, referrer, referral_bps)
        if id_:
            work = self.registry.known(id_)
            parts = self.registry.shares(id_, seller, price, made.seller)
            made.royalties = [(payee, amount) for payee, amount in parts if amount]
            made.alone = not work.partners and not work.parents
            made.seller -= made.royalty
        assert made.seller >= 0
        return made

    def divide_sale(
        self, collection: str, id_: int, price: int, seller: str, referrer: str,
        referral_bps: int, royalty_bps_max: int,
    ) -> Division:  # fmt: skip
        """Foreign collections say their royalty, up to what the seller agreed to."""
        if collection == self.registry.address:
            if id_ == 0:
                raise Refused(("Creation_Unknown", 0))
            return self.divide(price, seller, referrer, referral_bps, id_)
        made = self._take_shares(price, referrer, referral_bps)
        found = self.town.collections.get(collection)
        payee, royalty = found.royalty_of(id_, price) if found is not None else (NOBODY, 0)
        royalty = min(royalty, price * royalty_bps_max // BPS)
        if royalty and payee not in {seller, NOBODY, self.address}:
            made.royalties, made.alone = [(payee, royalty)], True
            made.seller -= royalty
        return made

    def _take_shares(self, price: int, referrer: str, referral_bps: int) -> Division:
        fee = price * self.fee_bps // BPS
        referral = price * referral_bps // BPS if referrer != NOBODY else 0
        return Division(price - fee - referral, fee, referral)

    # Take in

    def collect(self, asset: str, payer: str, amount: int, value: int) -> None:
        """Coins came along as value; tokens are pulled."""
        if asset == COIN:
            refuse_if((value != amount, "Value_Wrong", value, amount))
            return
        refuse_if((value != 0, "Value_Wrong", value, 0))
        self.pull(asset, payer, amount)

    def pull(self, asset: str, payer: str, amount: int) -> None:
        """Exactly, or not at all."""
        token = self.town.token(asset)
        if token is None:
            raise Refused(("Asset_HasNoCode", asset))
        before = token.balance(self.address)
        said: list[bool] = []
        refused = self.town.books.attempt(
            lambda: said.append(token.transfer_from(self.address, payer, self.address, amount))
        )
        if refused or not said[-1]:
            raise Refused(("TransferFromFailed",))
        received = max(0, token.balance(self.address) - before)
        refuse_if((received != amount, "Asset_AmountWrong", asset, received, amount))

    def use_permit(self, asset: str, payer: str, permit: bytes) -> None:
        """That it fails says nothing."""
        if not permit:
            return
        refuse_if(permit_is_wrong(permit))
        token = self.town.token(asset)
        use = getattr(token, "use_permit", None)
        if use is not None:
            self.town.books.attempt(lambda: use(payer, self.address, permit))

    # Pay

    def pay(self, trade_id: bytes, asset: str, payee: str, amount: int) -> None:
        """At once, or credited."""
        if not amount:
            return
        event = (self.address, "Credited", trade_id, payee, asset, amount)
        with self.town.little_gas(*event):
            done = self.send(asset, payee, amount)
        if not done:
            self.credits.add((asset, payee), amount)
            self.town.say(*event)

    def send(self, asset: str, to: str, amount: int) -> bool:
        """Whether exactly this left the market."""
        return not self.town.books.attempt(lambda: self._send(asset, to, amount))

    def _send(self, asset: str, to: str, amount: int) -> None:
        if asset == COIN:
            self.town.pay_coins(self.address, to, amount)
            return
        token = self.town.token(asset)
        assert token is not None
        before = token.balance(self.address)
        if not token.transfer(self.address, to, amount):
            raise Refused(("TransferFailed",))
        if before - token.balance(self.address) != amount:
            raise Refused(("Asset_AmountWrong",))

    def distribute(
        self, trade_id: bytes, asset: str, seller: str, referrer: str, parts: Division
    ) -> None:
        self.pay(trade_id, asset, seller, parts.seller)
        for payee, amount in parts.royalties:
            if not parts.alone:
                self.say("RoyaltyPaid", trade_id, payee, amount)
            self.pay(trade_id, asset, payee, amount)
        if parts.referral:
            self.pay(trade_id, asset, referrer, parts.referral)

    def announce(self, trade_id: bytes, referrer: str, parts: Division) -> None:
        if parts.alone and parts.royalty:
            self.say("RoyaltyPaid", trade_id, *parts.royalties[0])
        if parts.referral:
            self.say("ReferralPaid", trade_id, referrer, parts.referral)

    # Withdraw

    def withdraw(self, caller: str, asset: str, to: str) -> None:
        refuse_if((to in {NOBODY, self.address}, "Recipient_NotAllowed", to))
        self._withdraw(asset, caller, to)

    def withdraw_to_for(
        self, payee: str, asset: str, to: str, expiry: int, nonce: int, signature: bytes
    ) -> None:
        kind = "Withdrawal(address payee,address asset,address to,uint256 expiry,uint256 nonce)"
        digest = self.digest(kind, payee, asset, to, expiry, nonce)
        refuse_if(
            *self.town.no_consent(payee, digest, expiry, signature),
            self.nonce_is_used(payee, nonce),
            (to in {NOBODY, self.address}, "Recipient_NotAllowed", to),
        )
        self.used[payee, nonce] = True
        self._withdraw(asset, payee, to)

    def withdraw_for(self, asset: str, payee: str) -> None:
        self._withdraw(asset, payee, payee)

    def _withdraw(self, asset: str, payee: str, to: str) -> None:
        amount = self.credits[asset, payee]
        refuse_if((not amount, "Credit_Empty", asset, payee))
        self.credits[asset, payee] = 0
        self.say("Withdrawn", payee, asset, to, amount)
        if not self.send(asset, to, amount):
            raise Refused(("Withdrawal_Failed", asset, to, amount))

    def only_itself(self, caller: str) -> None:
        """`transferOut` and `handOut`."""
        raise Refused(("Caller_NotMarket", caller))


def permit_is_wrong(permit: bytes) -> tuple[Any, ...]:
    size = len(permit)
    return (size not in {0, PERMIT_BYTES}, "Permit_Malformed", size, PERMIT_BYTES)
