"""What a deployment will do: a pure function of the market file, the compiled code, the deployer
and the chain's state.

Contracts stand at CREATE2 addresses (EIP-1014): from the usual proxy where the chain has it, from
one of our own, with the same code, where it hasn't. The salt names deployer and chain, so the same
market has other addresses for another deployer and on another chain, and none of them can be taken
by somebody else with other code.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dokkaebi.chain.evm import evm_problem
from dokkaebi.chain.rpc import Chain
from dokkaebi.chain.suite import POOL, SUITE, Call, Contract
from dokkaebi.deploy.artifacts import Artifact, load_suite
from dokkaebi.deploy.sources import digests_if_there
from dokkaebi.deploy.spec import MarketSpec, Rewards
from dokkaebi.errors import DokkaebiError

TOKEN = SUITE[0]
REGISTRY = "CreationRegistry"
FACTORY = "Create2Factory"
# Deployed from an unsigned transaction that works on every chain; most have it.
USUAL_FACTORY = "0x4e59b44847b379578588920cA78FbF26c0B4956C"
FACTORY_INIT_CODE = bytes.fromhex(
    "604580600e600039806000f350fe"
    "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234"
    "f58015156039578182fd5b8082525050506014600cf3"
)
FACTORY_CODE = FACTORY_INIT_CODE[14:]
# What the proxy and the call to it cost above a plain creation.
FACTORY_GAS = 40_000
# Storing names, immutables and an event; measured at 110,000 (registry) and less.
CONSTRUCTOR_GAS = 110_000
# The pool stores two offices and makes its purse besides.
POOL_GAS = 250_000
MINTER_STEP = "CommunityToken.setMinter"
MINTER_GAS = 65_000
DAY_SECONDS = 86_400

Argument = str | int | bytes


@dataclass(frozen=True)
class Step:
    """One contract: where it will stand, and the transaction that puts it there. `to` is the
    factory; None: a plain creation. `standing`: it is there already. `artifact` and the hash of
    what it was compiled from are None and "" for the factory.

    Or a call, once that contract stands at `address`: asked the `question` (calldata), it answers
    `answer` as soon as the call was made, which left a log whose first topic is `event`."""

    name: str
    address: str
    to: str | None
    data: str
    init_code_hash: str
    arguments: Mapping[str, str]
    gas: int
    standing: bool
    artifact: Artifact | None = None
    compiler_input_hash: str = ""
    question: str = ""
    answer: bytes = b""
    event: str = ""

    @property
    def is_call(self) -> bool:
        """Whether it makes no contract."""
        return self.question != ""

    def is_done(self, chain: Chain) -> bool:
        """Whether the chain is as it is after this step."""
        if self.is_call:
            return chain.call(self.address, self.question) == self.answer
        return bool(chain.code(self.address))

    def as_json(self) -> dict[str, Any]:
        """As reviewed; of the data its hash, since it is tens of kilobytes long."""
        return {
            "contract": self.name,
            "address": self.address,
            "to": self.to,
            "data_sha256": hashlib.sha256(bytes.fromhex(self.data[2:])).hexdigest(),
            "init_code_hash": self.init_code_hash,
            "arguments": dict(self.arguments),
            "gas": self.gas,
            "standing": self.standing,
        }


@dataclass(frozen=True)
class Plan:
    """A deployment, step by step. `for_steward`: what the token's steward has to call afterwards,
    if that isn't the deployer."""

    chain_id: int
    genesis_hash: str
    network: str
    deployer: str
    salt: str
    steps: tuple[Step, ...]
    for_steward: Call | None = None

    def as_json(self) -> dict[str, Any]:
        """The plan as it is reviewed."""
        return {
            "chain_id": self.chain_id,
            "genesis_hash": self.genesis_hash,
            "network": self.network,
            "deployer": self.deployer,
            "salt": self.salt,
            "steps": [step.as_json() for step in self.steps],
        }

    def digest(self) -> str:
        """Names the plan."""
        return digest_of(self.as_json())


def digest_of(plan: Mapping[str, Any]) -> str:
    """What names a plan, given as its JSON: SHA-256 of that."""
    text = json.dumps(plan, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def make_plan(
    chain: Chain,
    deployer: str,
    spec: MarketSpec,
    *,
    network: str,
    salt: str = "",
    begun: Mapping[str, Any] | None = None,
) -> Plan:
    """The plan for a chain as it is now. `salt`: tells several markets of a deployer apart;
    `begun`: an earlier run's plan as JSON, whose factory and salt are gone on with.

    Raises `chain_too_old` if the chain doesn't run our code, `contract_other_code` if something
    else stands where the factory should, `rewards_guardian_is_steward`.
    """
    if (problem := evm_problem(chain)) is not None:
        raise DokkaebiError("chain_too_old", chain_id=chain.chain_id, problem=problem)
    artifacts = load_suite()
    digests = digests_if_there(SUITE)
    steps: list[Step] = []
    place = _factory(chain, deployer) if begun is None else _factory_of(begun)
    if place != USUAL_FACTORY:
        steps.append(_factory_step(chain, place))
    guarded = _salt(chain.chain_id, deployer, salt)
    if begun is not None and not salt:
        guarded = bytes.fromhex(begun["salt"][2:])
    places: dict[str, str] = {}
    for name in SUITE:
        arguments = arguments_of(name, spec, deployer, places)
        init_code = init_code_of(artifacts[name], arguments)
        address = places[name] = create2_address(place, guarded, init_code)
        steps.append(
            Step(
                name,
                address,
                place,
                "0x" + (guarded + init_code).hex(),
                keccak_text(init_code),
                {key: shown_argument(value) for key, value in arguments.items()},
                creation_gas(artifacts[name], init_code) + FACTORY_GAS,
                bool(chain.code(address)),
                artifacts[name],
                digests[name],
            )
        )
    token = Contract(chain, TOKEN, places[TOKEN], artifacts[TOKEN].abi)
    naming, for_steward = _minter_step(token, places[POOL]), None
    if spec.steward in ("", deployer):
        steps.append(naming)
    else:
        for_steward = Call(token.address, naming.data)
    return Plan(
        chain.chain_id,
        chain.genesis_hash,
        network,
        deployer,
        "0x" + guarded.hex(),
        tuple(steps),
        for_steward,
    )


def _minter_step(token: Contract, pool: str) -> Step:
    """Makes the pool the token's minter, which ends the token's stewardship."""
    data = token.encode("setMinter", pool)
    step = Step(
        name=MINTER_STEP,
        address=token.address,
        to=token.address,
        data=data,
        init_code_hash="",
        arguments={"newMinter": pool},
        gas=MINTER_GAS,
        standing=False,
        question=token.encode("minter"),
        answer=bytes(12) + bytes.fromhex(pool[2:]),
        event=token.topic("MinterNamed"),
    )
    return replace(step, standing=step.is_done(token.chain))


def arguments_of(
    name: str, spec: MarketSpec, deployer: str, places: Mapping[str, str]
) -> dict[str, Argument]:
    """The constructor's arguments of one contract of the suite; `places`: the addresses of those
    before it. Raises `rewards_guardian_is_steward`."""
    if name == TOKEN:
        return {
            "name_": spec.token_name,
            "symbol_": spec.token_symbol,
            "cap": spec.cap,
            "openingSupply": spec.opening_supply,
            "openingHolder": spec.opening_holder or deployer,
            "firstSteward": spec.steward or deployer,
        }
    if name == REGISTRY:
        return {
            "name_": spec.registry_name,
            "symbol_": spec.registry_symbol,
            "contractDocument": hashlib.sha256(registry_document(spec)).digest(),
        }
    if name == POOL:
        rewards = spec.rewards
        steward = rewards.steward or deployer
        return {
            "token": places[TOKEN],
            "treasury": spec.fee_recipient or deployer,
            "firstSteward": steward,
            "firstGuardian": _guardian(rewards, steward, deployer, places[TOKEN]),
            "epochSeconds": rewards.epoch_days * DAY_SECONDS,
            "challengeSeconds": rewards.challenge_days * DAY_SECONDS,
            "shareBps": rewards.share_bps,
            "openingAllowance": rewards.opening_allowance,
            "openingEpochs": rewards.opening_epochs,
        }
    return {
        "registry": places[REGISTRY],
        "feeRecipient": purse_of(places[POOL]),
        "feeBps": spec.fee_bps,
    }


def lacks_guardian(spec: MarketSpec, deployer: str) -> bool:
    """Whether nobody could ever stop a root of the pool."""
    return not spec.rewards.guardian and spec.rewards.steward in ("", deployer)


def _guardian(rewards: Rewards, steward: str, deployer: str, token: str) -> str:
    """Who guards the pool: the token, which never acts, where nobody is left to."""
    if rewards.guardian == steward:
        raise DokkaebiError("rewards_guardian_is_steward", guardian=steward)
    return rewards.guardian or (deployer if steward != deployer else token)


def purse_of(pool: str) -> str:
    """The address of a pool's purse: of the first contract that the pool makes. Known as soon as
    the pool's is, so that markets can name it their fee recipient."""
    return created_address(pool, 1)


def registry_document(spec: MarketSpec) -> bytes:
    """The ERC-7572 document about the registry, canonical JSON; `ko` is what the standard has no
    field for: the names of registry and token in Korean."""
    document = {
        "name": spec.registry_name,
        "symbol": spec.registry_symbol,
        "description": spec.registry_description,
        "ko": {
            "name": spec.registry_name_ko,
            "description": spec.registry_description_ko,
            "token": {"name": spec.token_name_ko, "symbol": spec.token_symbol_ko},
        },
    }
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def init_code_of(artifact: Artifact, arguments: Mapping[str, Argument]) -> bytes:
    """Creation code with its arguments."""
    from eth_abi.abi import encode

    types = [parameter["type"] for parameter in artifact.constructor_inputs]
    return artifact.init_code + encode(types, list(arguments.values()))


def creation_gas(artifact: Artifact, init_code: bytes) -> int:
    """About the gas of a creation, from the size of its code: a node can't be asked about the
    markets before the registry stands."""
    data = sum(16 if byte else 4 for byte in init_code)
    words = (len(init_code) + 31) // 32
    constructor = POOL_GAS if artifact.name == POOL else CONSTRUCTOR_GAS
    return 53_000 + data + 2 * words + 200 * len(artifact.runtime) + constructor


def create2_address(factory: str, salt: bytes, init_code: bytes) -> str:
    """Where a factory puts a contract (EIP-1014)."""
    from eth_utils.address import to_checksum_address
    from eth_utils.crypto import keccak

    place = keccak(b"\xff" + bytes.fromhex(factory[2:]) + salt + keccak(init_code))
    return str(to_checksum_address(place[12:]))


def created_address(deployer: str, nonce: int) -> str:
    """Where an account's next creation stands: keccak of the RLP of both."""
    from eth_utils.address import to_checksum_address
    from eth_utils.crypto import keccak

    number = nonce.to_bytes((nonce.bit_length() + 7) // 8, "big")
    encoded = number if len(number) == 1 and nonce < 0x80 else bytes([0x80 + len(number)]) + number
    body = b"\x94" + bytes.fromhex(deployer[2:]) + encoded
    return str(to_checksum_address(keccak(bytes([0xC0 + len(body)]) + body)[12:]))


def _factory(chain: Chain, deployer: str) -> str:
    """The usual factory, or where ours will be: at the deployer's next creation."""
    if chain.code(USUAL_FACTORY) == FACTORY_CODE:
        return USUAL_FACTORY
    return created_address(deployer, chain.mined_nonce(deployer))


def _factory_of(begun: Mapping[str, Any]) -> str:
    first = begun["steps"][0]
    return str(first["address"] if first["contract"] == FACTORY else USUAL_FACTORY)


def _factory_step(chain: Chain, place: str) -> Step:
    code = chain.code(place)
    if code and code != FACTORY_CODE:
        raise DokkaebiError("contract_other_code", contract=FACTORY, address=place)
    gas = 53_000 + 16 * len(FACTORY_INIT_CODE) + 200 * len(FACTORY_CODE) + 2_000
    hash_ = keccak_text(FACTORY_INIT_CODE)
    return Step(FACTORY, place, None, "0x" + FACTORY_INIT_CODE.hex(), hash_, {}, gas, bool(code))


def _salt(chain_id: int, deployer: str, salt: str) -> bytes:
    from eth_utils.crypto import keccak

    return bytes(keccak(text=f"dokkaebi {chain_id} {deployer.lower()} {salt}"))


def keccak_text(data: bytes) -> str:
    """Keccak-256 as manifests have it."""
    from eth_utils.crypto import keccak

    return "0x" + keccak(data).hex()


def shown_argument(value: Argument) -> str:
    """An argument as manifests have it."""
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
