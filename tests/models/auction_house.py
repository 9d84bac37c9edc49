"""`IAuctionHouse` in plain Python, written from its NatSpec and not from the Solidity."""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.lane.abi import digest_of, struct
from tests.models.books import refuse_if
from tests.models.till import BPS, DAY, PRICE_MAX, Till, permit_is_wrong
from tests.models.town import NOBODY

STEP_BPS_MIN, STEP_BPS_MAX = 100, 5_000
EXTENSION_MAX, EXTENSION_TOTAL = 3_600, DAY


class Lot(NamedTuple):
    auction: Any
    bidder: str
    amount: int
    deadline: int


class AuctionHouse(Till):
    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.lots = self.town.books.open("lots", None)
        self.held = self.town.books.open("held", NOBODY)
        self.auction_struct = struct("AuctionHouse", "open")

    def id_of(self, auction: Any) -> bytes:
        return digest_of(self.domain, self.auction_struct.hash(auction))

    def escrow(self, asset: str) -> int:
        lots = (lot for lot in self.lots.values() if lot)
        return sum(lot.amount for lot in lots if lot.auction.asset == asset)

    def state_of(self, id_: bytes) -> tuple[str, int, int]:
        lot = self.lots[id_]
        return (NOBODY, 0, 0) if lot is None else (lot.bidder, lot.amount, lot.deadline)

    # Open

    def open(self, caller: str, auction: Any) -> None:
        refuse_if(
            (caller != auction.seller, "Auction_NotSeller", caller, auction.seller),
            *self._cannot_open(auction, self.town.now + 1),
        )
        self._open(auction)

    def _cannot_open(self, auction: Any, earliest: int) -> list[tuple[Any, ...]]:
        step, extension = auction.step_bps, auction.extension_seconds
        return [
            *self.document_is_wrong(
                auction.collection, auction.reserve, auction.ends_at, earliest
            ),
            self.royalty_is_wrong(auction.collection, auction.royalty_bps_max),
            (
                not STEP_BPS_MIN <= step <= STEP_BPS_MAX,
                "Auction_StepOutOfRange", step, STEP_BPS_MIN, STEP_BPS_MAX,
            ),
            (extension > EXTENSION_MAX, "Auction_ExtensionOutOfRange", extension, EXTENSION_MAX),
            self.nonce_is_used(auction.seller, auction.nonce),
        ]  # fmt: skip

    def _open(self, auction: Any) -> None:
        id_ = self.id_of(auction)
        self.used[auction.seller, auction.nonce] = True
        self.lots[id_] = Lot(auction, NOBODY, 0, auction.ends_at)
        self.say("AuctionOpened", id_, auction.seller, tuple(auction))

    def cancel(self, caller: str, auction: Any) -> None:
        id_ = self.id_of(auction)
        bidder, _, deadline = self.state_of(id_)
        refuse_if(
            (caller != auction.seller, "Auction_NotSeller", caller, auction.seller),
            (deadline == 0, "Auction_NotOpen", id_),
            (bidder != NOBODY, "Auction_HasBid", id_, bidder),
        )
        self.lots[id_] = None
        self.say("AuctionCancelled", id_, caller)

    # Bid

    def bid(
        self, caller: str, auction: Any, signature: bytes, amount: int, value: int,
        permit: bytes = b"",
    ) -> None:  # fmt: skip
        id_, now = self.id_of(auction), self.town.now
        before, amount_before, deadline = self.state_of(id_)
        checks: list[tuple[Any, ...]] = [(caller == auction.seller, "Buyer_IsSeller", caller)]
        least = auction.reserve
        if before != NOBODY:
            least = amount_before + max(1, amount_before * auction.step_bps // BPS)
        wrong = not least <= amount <= PRICE_MAX
        checks.append((wrong, "Bid_OutOfRange", amount, least, PRICE_MAX))
        opens = deadline == 0
        if opens and not signature:
            checks.append((True, "Auction_NotOpen", id_))
        elif opens:
            checks.append(self.town.not_signed(auction.seller, id_, signature))
            checks += self._cannot_open(auction, now)
            deadline = auction.ends_at
        ended = now > deadline
        checks.append(permit_is_wrong(permit))
        refuse_if(*checks, (ended and not opens, "Auction_Ended", id_, deadline, now))
        self.use_permit(auction.asset, caller, permit)
        if opens:
            self._open(auction)
        moved = min(now + auction.extension_seconds, auction.ends_at + EXTENSION_TOTAL)
        deadline = max(deadline, moved)
        self.lots[id_] = Lot(auction, caller, amount, deadline)
        self.say("AuctionBid", id_, caller, amount, deadline)
        if before == NOBODY:
            refuse_if(self.has_moved(auction.collection, auction.creation_id, auction.tenure))
            self.hand_over(auction.collection, auction.creation_id, auction.seller, self.address)
        self.collect(auction.asset, caller, amount, value)
        self.pay(id_, auction.asset, before, amount_before)

    # Settle

    def settle(self, auction: Any) -> None:
        id_, now = self.id_of(auction), self.town.now
        winner, price, deadline = self.state_of(id_)
        refuse_if(
            (deadline == 0, "Auction_NotOpen", id_),
            (deadline != 0 and now <= deadline, "Auction_NotEnded", id_, deadline, now),
            (deadline != 0 and winner == NOBODY, "Auction_HasNoBid", id_),
        )
        collection, seller = auction.collection, auction.seller
        self.lots[id_] = None
        parts = self.divide_sale(
            collection, auction.creation_id, price, seller, NOBODY, 0, auction.royalty_bps_max
        )
        self.say("AuctionSettled", id_, winner, price, parts.fee)
        if parts.fee:
            self.credits.add((auction.asset, self.fee_recipient), parts.fee)
        self.announce(id_, NOBODY, parts)
        self._hand_out(id_, collection, auction.creation_id, winner)
        self.distribute(id_, auction.asset, seller, NOBODY, parts)

    def _hand_out(self, id_: bytes, collection: str, creation_id: int, winner: str) -> None:
        """A collection that refuses doesn't stop the money."""
        event = (self.address, "CreationHeld", id_, winner, collection, creation_id)
        with self.town.little_gas(*event):
            refused = self.town.books.attempt(
                lambda: self.hand_over(collection, creation_id, self.address, winner)
            )
        if refused:
            self.held[collection, creation_id] = winner
            self.town.say(*event)

    def retrieve(self, caller: str, collection: str, id_: int, to: str) -> None:
        owner = self.held[collection, id_]
        refuse_if(
            (caller != owner, "Creation_NotHeld", collection, id_, caller, owner),
            (to in {NOBODY, self.address}, "Recipient_NotAllowed", to),
        )
        self.held[collection, id_] = NOBODY
        self.say("CreationRetrieved", collection, id_, owner, to)
        self.hand_over(collection, id_, self.address, to)
