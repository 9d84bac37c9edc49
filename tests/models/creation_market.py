"""`ICreationMarket` in plain Python, written from its NatSpec and not from the Solidity."""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.lane.abi import digest_of, struct
from tests.models.books import Refused, refuse_if
from tests.models.till import PRICE_MAX, Division, Till, permit_is_wrong
from tests.models.town import COIN, NOBODY, Token

REFERRAL_BPS_MAX = 5_000


class Sale(NamedTuple):
    """What was agreed, whatever the document."""

    id: bytes
    seller: str
    buyer: str
    collection: str
    creation_id: int
    asset: str
    price: int
    referrer: str = NOBODY
    sponsor: str = NOBODY
    repaid: int = 0


class CreationMarket(Till):
    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.offers = self.town.books.open("offers", NOBODY)
        self.offer_struct = struct("CreationMarket", "offer")
        self.bid_struct = struct("CreationMarket", "accept")
        self.swap_struct = struct("CreationMarket", "swap")
        self.acceptance_struct = struct("CreationMarket", "acceptFor", 2)

    def id_of(self, kind: Any, document: Any) -> bytes:
        return digest_of(self.domain, kind.hash(document))

    # Offer

    def terms_are_wrong(self, offer: Any, earliest: int) -> list[tuple[Any, ...]]:
        start, end = offer.start, offer.end_price
        falls = start < offer.expiry and 0 < end < offer.price
        right = falls if start else end == 0
        return [
            *self.document_is_wrong(offer.collection, offer.price, offer.expiry, earliest),
            self.royalty_is_wrong(offer.collection, offer.royalty_bps_max),
            referral_is_wrong(offer.referral_bps),
            (not right, "Offer_FallWrong", start, end),
        ]

    def offer(self, caller: str, offer: Any) -> None:
        refuse_if(
            (caller != offer.seller, "Offer_NotSeller", caller, offer.seller),
            *self.terms_are_wrong(offer, self.town.now + 1),
        )
        id_ = self.id_of(self.offer_struct, offer)
        self.offers[id_] = caller
        self.say("OfferPublished", id_, tuple(offer))

    def cancel(self, caller: str, id_: bytes) -> None:
        seller = self.offers[id_]
        refuse_if(
            (seller == NOBODY, "Offer_NotOpen", id_),
            (seller not in {NOBODY, caller}, "Offer_NotSeller", caller, seller),
        )
        self.offers[id_] = NOBODY
        self.say("OfferCancelled", id_, caller)

    # Buy

    def buy(self, caller: str, offer: Any, signature: bytes, referrer: str, value: int) -> None:
        self._give_change(caller, value, self._buy(caller, offer, signature, referrer, value))

    def buy_with_permit(
        self, caller: str, offer: Any, signature: bytes, referrer: str, permit: bytes
    ) -> None:
        self._buy(caller, offer, signature, referrer, 0, permit)

    def buy_many(
        self, caller: str, offers: Any, signatures: Any, referrer: str, value: int
    ) -> None:
        wrong = not offers or len(offers) != len(signatures)
        refuse_if((wrong, "Offers_CountWrong", len(offers), len(signatures)))
        spent = 0
        for offer, signature in zip(offers, signatures, strict=True):
            spent += self._buy(caller, offer, signature, referrer, value - spent)
        self._give_change(caller, value, spent)

    def _give_change(self, caller: str, value: int, spent: int) -> None:
        refuse_if((value != 0 and spent == 0, "Value_Wrong", value, 0))
        self.pay(bytes(32), COIN, caller, value - spent)

    def _buy(
        self, caller: str, offer: Any, signature: bytes, referrer: str, coins: int,
        permit: bytes = b"",
    ) -> int:  # fmt: skip
        id_, seller, now = self.id_of(self.offer_struct, offer), offer.seller, self.town.now
        if signature:
            checks = [
                *self.terms_are_wrong(offer, now),
                self.nonce_is_used(seller, offer.nonce),
                self.town.not_signed(seller, id_, signature),
            ]
        else:
            checks = [(self.offers[id_] == NOBODY, "Offer_NotOpen", id_)]
        refuse_if(
            (now > offer.expiry, "Document_Expired", id_, offer.expiry, now),
            *checks,
            *self.parties_are_wrong(caller, seller, offer.buyer, referrer),
            (now < offer.start, "Offer_NotStarted", id_, offer.start, now),
            permit_is_wrong(permit),
        )
        self.use_permit(offer.asset, caller, permit)
        price = price_at(offer, now)
        dear = offer.asset == COIN and coins < price
        refuse_if(
            (dear, "Value_Wrong", coins, price),
            self.has_moved(offer.collection, offer.creation_id, offer.tenure),
        )
        if signature:
            self.used[seller, offer.nonce] = True
        else:
            self.offers[id_] = NOBODY
        sale = Sale(
            id_, seller, caller, offer.collection, offer.creation_id, offer.asset, price, referrer
        )
        parts = self.divide_sale(
            offer.collection, offer.creation_id, price, seller, referrer, offer.referral_bps,
            offer.royalty_bps_max,
        )  # fmt: skip
        self._settle(sale, parts)
        return price if offer.asset == COIN else 0

    def parties_are_wrong(self, caller: str, seller: str, buyer: str, referrer: str) -> Any:
        favoured = referrer != NOBODY and referrer in {caller, seller, self.address}
        return [
            (caller == seller, "Buyer_IsSeller", seller),
            (buyer not in {NOBODY, caller}, "Offer_Reserved", caller, buyer),
            (favoured, "Referrer_NotAllowed", referrer),
        ]

    # Buy new

    def buy_new(
        self, caller: str, voucher: Any, signature: bytes, referrer: str, permit: bytes, value: int
    ) -> None:
        terms = voucher.sale
        price, creator = terms.price, voucher.creator
        checks = [
            (not 1 <= price <= PRICE_MAX, "Price_OutOfRange", price, PRICE_MAX),
            referral_is_wrong(terms.referral_bps),
            *self.parties_are_wrong(caller, creator, terms.buyer, referrer),
            (terms.asset == COIN and value < price, "Value_Wrong", value, price),
            *self.registry.voucher_is_wrong(self.address, voucher, signature, caller),
        ]
        # A malformed permit is seen at first or at last.
        malformed = permit_is_wrong(permit)
        refuse_if(*checks, any(check[0] for check in checks) and malformed)
        id_, voucher_id = self.registry.register_for(self.address, voucher, signature, caller)
        parts = self.divide(price, creator, referrer, terms.referral_bps, id_)
        repaid = terms.sponsor_amount
        nowhere = repaid != 0 and terms.sponsor in {NOBODY, self.address}
        refuse_if(
            (repaid > parts.seller, "Sponsor_TooDear", repaid, parts.seller),
            (nowhere, "Recipient_NotAllowed", terms.sponsor),
            malformed,
        )
        parts.seller -= repaid
        sale = Sale(
            voucher_id, creator, caller, self.registry.address, id_, terms.asset, price, referrer,
            terms.sponsor, repaid,
        )  # fmt: skip
        self._announce_sale(sale, parts)
        if repaid:
            self.say("SponsorRepaid", voucher_id, terms.sponsor, repaid)
        self.use_permit(terms.asset, caller, permit)
        self._pay_all(sale, parts)
        self._give_change(caller, value, price if terms.asset == COIN else 0)

    # Accept

    def accept(
        self, seller: str, bid: Any, signature: bytes, id_: int, royalty_bps_max: int, permit: bytes
    ) -> None:
        self._accept(seller, bid, signature, id_, royalty_bps_max, permit)

    def accept_for(
        self, bid: Any, signature: bytes, acceptance: Any, sellers: bytes, permit: bytes
    ) -> None:
        bid_id = self.id_of(self.bid_struct, bid)
        digest = self.id_of(self.acceptance_struct, acceptance)
        self._accept(
            acceptance.seller, bid, signature, acceptance.creation_id, acceptance.royalty_bps_max,
            permit,
            (acceptance.bid_id != bid_id, "Acceptance_OtherBid", acceptance.bid_id, bid_id),
            self.expiry_is_wrong(bid.collection, acceptance.expiry, self.town.now),
            self.has_moved(bid.collection, acceptance.creation_id, acceptance.tenure),
            self.town.not_signed(acceptance.seller, digest, sellers),
        )  # fmt: skip

    def _accept(
        self, seller: str, bid: Any, signature: bytes, id_: int, royalty_bps_max: int,
        permit: bytes, *checks: tuple[Any, ...],
    ) -> None:  # fmt: skip
        bid_id, now, creator = self.id_of(self.bid_struct, bid), self.town.now, bid.creator
        one, own = creator == NOBODY, bid.collection == self.registry.address
        any_ = bid.creation_id == 0 and bid.tenure == 0 and own
        work = self.registry.works[id_]
        refuse_if(
            *checks,
            permit_is_wrong(permit),
            (now > bid.expiry, "Document_Expired", bid_id, bid.expiry, now),
            *self.document_is_wrong(bid.collection, bid.price, bid.expiry, now),
            self.royalty_is_wrong(bid.collection, royalty_bps_max),
            (seller == bid.bidder, "Buyer_IsSeller", bid.bidder),
            (
                bid.asset == COIN or not (one or any_),
                "Bid_TermsWrong", bid.asset, bid.creation_id, creator,
            ),
            (one and id_ != bid.creation_id, "Bid_CreationWrong", id_, creator),
            (not one and work is None, "Creation_Unknown", id_),
            (
                not one and work is not None and work.creator != creator,
                "Bid_CreationWrong", id_, creator,
            ),
            self.nonce_is_used(bid.bidder, bid.nonce),
            self.town.not_signed(bid.bidder, bid_id, signature),
            one and self.has_moved(bid.collection, id_, bid.tenure),
        )  # fmt: skip
        self.used[bid.bidder, bid.nonce] = True
        self.use_permit(bid.asset, bid.bidder, permit)
        self.say("BidAccepted", bid_id, bid.bidder, seller)
        sale = Sale(bid_id, seller, bid.bidder, bid.collection, id_, bid.asset, bid.price)
        parts = self.divide_sale(bid.collection, id_, bid.price, seller, NOBODY, 0, royalty_bps_max)
        self._settle(sale, parts)

    # Swap

    def swap(self, caller: str, swap: Any, signature: bytes) -> None:
        id_, now = self.id_of(self.swap_struct, swap), self.town.now
        refuse_if(
            (now > swap.expiry, "Document_Expired", id_, swap.expiry, now),
            self.expiry_is_wrong(swap.given_collection, swap.expiry, now),
            self.expiry_is_wrong(swap.wanted_collection, swap.expiry, now),
            (caller == swap.maker, "Buyer_IsSeller", swap.maker),
            (swap.taker not in {NOBODY, caller}, "Swap_Reserved", caller, swap.taker),
            self.has_moved(swap.given_collection, swap.given_id, swap.given_tenure),
            self.has_moved(swap.wanted_collection, swap.wanted_id, swap.wanted_tenure),
            self.nonce_is_used(swap.maker, swap.nonce),
            self.town.not_signed(swap.maker, id_, signature),
        )
        self.used[swap.maker, swap.nonce] = True
        self.say(
            "SwapSettled", id_, swap.maker, caller, swap.given_collection, swap.given_id,
            swap.wanted_collection, swap.wanted_id,
        )  # fmt: skip
        self.hand_over(swap.given_collection, swap.given_id, swap.maker, caller)
        self.hand_over(swap.wanted_collection, swap.wanted_id, caller, swap.maker)

    # Settle

    def _settle(self, sale: Sale, parts: Division) -> None:
        self._announce_sale(sale, parts)
        self.hand_over(sale.collection, sale.creation_id, sale.seller, sale.buyer)
        self._pay_all(sale, parts)

    def _announce_sale(self, sale: Sale, parts: Division) -> None:
        creator = parts.royalties[0][0] if parts.alone and parts.royalties else NOBODY
        self.say(
            "SaleSettled", sale.id, sale.seller, sale.buyer, sale.collection, sale.creation_id,
            sale.asset, sale.price, sale.referrer, creator, parts.royalty, parts.referral,
            parts.fee,
        )  # fmt: skip
        if sale.asset == COIN and parts.fee:
            self.credits.add((COIN, self.fee_recipient), parts.fee)

    def _pay_all(self, sale: Sale, parts: Division) -> None:
        if sale.asset == COIN:
            self.distribute(sale.id, COIN, sale.seller, sale.referrer, parts)
            self.pay(sale.id, COIN, sale.sponsor, sale.repaid)
            return
        token = self.town.token(sale.asset)
        if token is None:
            raise Refused(("Asset_HasNoCode", sale.asset))
        buyer_had, seller_had = token.balance(sale.buyer), token.balance(sale.seller)
        direct = self._pay_from(token, sale, sale.seller, parts.seller)
        for payee, amount in parts.royalties:
            if not parts.alone:
                self.say("RoyaltyPaid", sale.id, payee, amount)
            self._pay_from(token, sale, payee, amount)
        self._pay_from(token, sale, sale.referrer, parts.referral)
        self._pay_from(token, sale, self.fee_recipient, parts.fee)
        self._pay_from(token, sale, sale.sponsor, sale.repaid)
        buyer_has, seller_has = token.balance(sale.buyer), token.balance(sale.seller)
        wrong = buyer_has + sale.price < buyer_had
        wrong |= direct and seller_has < seller_had + parts.seller
        figures = (buyer_had, buyer_has, seller_had, seller_has)
        refuse_if((wrong, "Payment_Wrong", sale.asset, *figures))

    def _pay_from(self, token: Token, sale: Sale, payee: str, amount: int) -> bool:
        """Straight from the buyer, or by the market, which then owes it."""
        if not amount:
            return True
        event = (self.address, "Credited", sale.id, payee, sale.asset, amount)
        said: list[bool] = []
        with self.town.little_gas(*event):
            refused = self.town.books.attempt(
                lambda: said.append(token.transfer_from(self.address, sale.buyer, payee, amount))
            )
        if not refused and said[-1]:
            return True
        self.pull(sale.asset, sale.buyer, amount)
        self.credits.add((sale.asset, payee), amount)
        self.town.say(*event)
        return False


def referral_is_wrong(referral_bps: int) -> tuple[Any, ...]:
    wrong = referral_bps > REFERRAL_BPS_MAX
    return (wrong, "Offer_ReferralTooHigh", referral_bps, REFERRAL_BPS_MAX)


def price_at(offer: Any, now: int) -> int:
    """A falling price ends at its expiry, rounded up."""
    if not offer.start:
        return int(offer.price)
    fall = (offer.price - offer.end_price) * (now - offer.start)
    return int(offer.price - fall // (offer.expiry - offer.start))
