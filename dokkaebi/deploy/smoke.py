"""Two trades of one wei each after a deployment, which show that money goes round: a work is sold
at once, and goods go through escrow.

The other side is a guest whose key follows from a signature of the operator's, so that a run which
was ended leaves no coin behind that the next one can't use.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dokkaebi.chain import creation_market, creation_registry, escrow_market
from dokkaebi.chain.assets import COIN_DECIMALS
from dokkaebi.chain.consents import guest_of
from dokkaebi.chain.documents import creation_cid, hash_file, make_document
from dokkaebi.chain.fees import gas_prices
from dokkaebi.chain.lookup import now_on
from dokkaebi.chain.manifest import write_atomically
from dokkaebi.chain.networks import coin_symbol
from dokkaebi.chain.sender import Sender
from dokkaebi.chain.suite import Suite
from dokkaebi.chain.terms import TRADE_NONE
from dokkaebi.deploy.apply import Say
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts.figures import amount_text

if TYPE_CHECKING:
    from dokkaebi.chain.signer import Signer

PRICE = 1
DAY = 86_400
# What the guest's three transactions take at most, and the way of the rest back.
GUEST_GAS = 600_000
TRANSFER_GAS = 21_000


def smoke(suite: Suite, account: Signer, documents: Path, *, say: Say) -> dict[str, Any]:
    """Plays both trades and checks what came of them; what `--json` prints.

    Costs the gas of about ten transactions; the work stays with the guest. Errors: `smoke_wrong`,
    those of the transactions.
    """
    operator = Sender(suite.chain, account)
    guest = Sender(suite.chain, guest_of(account, suite.chain.chain_id, suite.registry.address))
    before = suite.chain.balance(operator.address)
    _lend(operator, guest, say)
    creation = _sell_at_once(suite, operator, guest, documents, say)
    trade = _sell_delivered(suite, operator, guest, say)
    _give_back(operator, guest)
    spent = before - suite.chain.balance(operator.address)
    symbol = coin_symbol(suite.chain.chain_id)
    say("smoke_done", {"cost": amount_text(spent, COIN_DECIMALS, symbol)})
    return {
        "creation": creation_cid(creation),
        "trade": trade,
        "guest": guest.address,
        "cost": str(spent),
    }


def _lend(operator: Sender, guest: Sender, say: Say) -> None:
    """Gives the guest what its transactions need, unless an earlier run has."""
    _, _, highest = gas_prices(operator.chain)
    needs = GUEST_GAS * highest + 2 * PRICE
    missing = needs - operator.chain.balance(guest.address)
    say("smoke_guest", {"guest": guest.address})
    if missing > 0:
        operator.transact(guest.address, "0x", missing)


def _sell_at_once(suite: Suite, operator: Sender, guest: Sender, documents: Path, say: Say) -> int:
    market = suite.creation_market
    creation = _register(suite, operator, documents)
    operator.transact(*creation_registry.approve_creation(suite, market, creation))
    offer = creation_market.new_offer(
        suite, operator.address, creation, PRICE, expiry=now_on(suite) + DAY
    )
    operator.transact(*creation_market.publish(suite, offer))
    guest.transact(*creation_market.buy(suite, offer))
    owner = creation_registry.owner(suite, creation)
    if owner != guest.address:
        raise DokkaebiError("smoke_wrong", what=f"ownerOf {owner}", wanted=guest.address)
    say("smoke_sold", {"creation": creation_cid(creation)})
    return creation


def _register(suite: Suite, operator: Sender, documents: Path) -> int:
    """A small text that nobody has registered before, since it names the moment."""
    title = f"Smoke test {time.time_ns()}"
    file = documents / "smoke.txt"
    write_atomically(file, f"{title}\n")
    digest = hash_file(file)
    document = make_document(digest, file.name, operator.address, title)
    write_atomically(documents / document.place, document.text.decode())
    work = creation_registry.work_of(document, digest, 0)
    operator.transact(*creation_registry.register(suite, [work]))
    return document.id


def _sell_delivered(suite: Suite, operator: Sender, guest: Sender, say: Say) -> str:
    delivery = escrow_market.new_delivery(
        suite, operator.address, PRICE, expiry=now_on(suite) + DAY
    )
    operator.transact(*escrow_market.publish(suite, delivery))
    receipt = guest.transact(*escrow_market.fund(suite, delivery))
    trade = escrow_market.funded_trade(suite, receipt["logs"])
    operator.transact(*escrow_market.ship(suite, trade.terms))
    guest.transact(*escrow_market.confirm(suite, trade.terms))
    state = escrow_market.trade_state(suite, trade.id).state
    if state != TRADE_NONE:
        raise DokkaebiError("smoke_wrong", what=f"tradeState {state}", wanted=TRADE_NONE)
    say("smoke_delivered", {"trade": trade.id})
    return trade.id


def _give_back(operator: Sender, guest: Sender) -> None:
    """What is left after paying for the way."""
    _, _, highest = gas_prices(guest.chain)
    # Twice: a chain may ask for more than the gas of the transfer.
    rest = guest.chain.balance(guest.address) - 2 * TRANSFER_GAS * highest
    if rest > 0:
        guest.transact(operator.address, "0x", rest)
