"""Documents on the board: what is taken, what isn't, and what goes again."""

from __future__ import annotations

from tests.dokkaebi.board.conftest import Corner
from tests.dokkaebi.conftest import CREATOR, address


def test_offer_is_shown_once_it_was_looked_at(either: Corner) -> None:
    offer = either.offer()
    answer = either.post(offer)
    assert answer.status_code == 201, answer.text
    item = answer.json()["item"]
    assert (item["digest"], item["kind"], item["signer"]) == (offer.id, "offer", address(CREATOR))
    assert either.documents() == [item]
    assert either.post(offer).status_code == 200
    assert either.documents() == [item]
