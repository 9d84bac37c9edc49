"""Proves that an account holds no power over a market and no money of others in it.

Everything is read at one block: code, raw storage and logs; the findings and what was read make a
document that anybody can repeat. Not seen: tokens and collections that aren't the market's own,
documents that were signed and not used, and who stands behind the members of a multisig.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dokkaebi.chain.manifest import Manifest, check_manifest
from dokkaebi.chain.ranges import LogRanges
from dokkaebi.chain.reader import CALLS_AT_ONCE
from dokkaebi.chain.reverts import Reverted, reverted
from dokkaebi.chain.rpc import Chain, Log, RpcRefused
from dokkaebi.chain.suite import COIN, DESK, MARKETS, POOL, Abi, Contract, load_abi
from dokkaebi.chain.terms import TRADE_NONE, Trade
from dokkaebi.deploy import powers
from dokkaebi.deploy.custody import SAFE, TIMELOCK, Custody, View, custody_of, is_delegation
from dokkaebi.deploy.plan import purse_of
from dokkaebi.errors import DokkaebiError
from dokkaebi.findings import BAD, GOOD, NOTED, Finding

SCHEMA = 1
PURSE_ABI: Abi = [
    {
        "type": "function",
        "name": "POOL",
        "inputs": [],
        "outputs": [{"name": "", "type": "address"}],
        "stateMutability": "view",
    }
]
# Rights that are few people's, and nobody's whom the audit is about.
_RESERVED = (
    powers.STEWARD,
    powers.PENDING_STEWARD,
    powers.GUARDIAN,
    powers.PENDING_GUARDIAN,
    powers.MINTER,
    powers.ARBITRATOR,
    powers.ITSELF,
)


@dataclass(frozen=True)
class Audit:
    """What was found about `who`, and all that is needed to find it again. `logs_sha256`: of the
    logs as `digest_of_logs` writes them; `storage`: every word that was read."""

    chain_id: int
    genesis_hash: str
    block_number: int
    block_hash: str
    who: str
    first_block: int
    contracts: Mapping[str, str]
    logs: int
    logs_sha256: str
    storage: Sequence[Mapping[str, str]]
    findings: Sequence[Finding]

    @property
    def clean(self) -> bool:
        """Whether nothing bad was found."""
        return all(finding.state != BAD for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        """The proof document."""
        return {
            "schema": SCHEMA,
            "chain_id": self.chain_id,
            "genesis_hash": self.genesis_hash,
            "block": {"number": self.block_number, "hash": self.block_hash},
            "who": self.who,
            "contracts": dict(self.contracts),
            "logs": {
                "from": self.first_block,
                "to": self.block_number,
                "count": self.logs,
                "sha256": self.logs_sha256,
            },
            "storage": [dict(word) for word in self.storage],
            "clean": self.clean,
            "findings": [finding.as_json() for finding in self.findings],
        }


def audit(
    chain: Chain,
    manifest: Manifest,
    who: str | None = None,
    *,
    block: int | None = None,
    progress: Callable[[int, int], None] = lambda reached, last: None,
) -> Audit:
    """Looks for any power, and any money of others, that `who` (default: the deployer) holds in a
    market, as of `block` (default: the newest). `progress` is told how far the logs are read.

    Errors: `manifest_other_chain`, `manifest_other_genesis`, `power_contract_unknown`,
    `power_chain_moved`, those of the node.
    """
    try:
        check_manifest(manifest, chain)
    except DokkaebiError as problem:
        # Of what stands there, the first finding tells.
        if problem.key not in {"contract_missing", "contract_other_code"}:
            raise
    view = View(chain, block)
    before = view.block_hash
    if before is None:
        raise DokkaebiError("block_unknown", block=str(view.block), url=chain.url)
    look = _Look(view, manifest, who or manifest.deployer, progress)
    findings = tuple(look.findings())
    # Logs are asked for by number, and a node without EIP-1898 is asked for everything so.
    if view.reader.block_hash(view.block) != before:
        raise DokkaebiError("power_chain_moved", block=view.block)
    return Audit(
        chain_id=chain.chain_id,
        genesis_hash=chain.genesis_hash,
        block_number=view.block,
        block_hash=before,
        who=look.who,
        first_block=manifest.first_block,
        contracts={name: contract.address for name, contract in look.contracts.items()},
        logs=len(look.logs),
        logs_sha256=digest_of_logs(look.logs),
        storage=tuple(look.storage),
        findings=findings,
    )


def digest_of_logs(logs: Sequence[Log]) -> str:
    """SHA-256 of logs: a line of compact JSON each, `[block, index, address, topics, data]`."""
    digest = hashlib.sha256()
    for log in logs:
        line = [
            int(log["blockNumber"], 16),
            int(log["logIndex"], 16),
            log["address"].lower(),
            [topic.lower() for topic in log["topics"]],
            log["data"].lower(),
        ]
        digest.update(json.dumps(line, separators=(",", ":")).encode() + b"\n")
    return digest.hexdigest()


class _Look:
    """One look at a market as it was at one block."""

    def __init__(
        self, view: View, manifest: Manifest, who: str, progress: Callable[[int, int], None]
    ) -> None:
        self._view = view
        self._manifest = manifest
        self._progress = progress
        self.who = who
        self.storage: list[dict[str, str]] = []
        self.contracts = {
            name: Contract(view.chain, name, deployment.address, load_abi(_kind(name)))
            for name, deployment in manifest.contracts.items()
        }
        self.logs = self._read_logs()

    def findings(self) -> Iterator[Finding]:
        """Every finding, the contracts themselves first."""
        code = self._code()
        yield from code
        if any(finding.state == BAD for finding in code):
            # Whatever other code answers proves nothing.
            return
        looks = (
            self._proxies,
            self._wiring,
            self._variables,
            self._offices,
            self._minter,
            self._functions,
            self._fees,
            self._approvals,
            self._desks,
            self._trades,
            self._tokens,
            self._credits,
            self._belongings,
        )
        for look in looks:
            yield from look()

    # Reading

    def _read_logs(self) -> list[Log]:
        ranges = LogRanges([contract.address for contract in self.contracts.values()])
        low, last = self._manifest.first_block, self._view.block
        logs: list[Log] = []
        while low <= last:
            reached, found = ranges.read(self._view.chain, low, last)
            logs += found
            self._progress(reached, last)
            low = reached + 1
        return logs

    def _events(self, contract: Contract, event: str) -> Iterator[dict[str, Any]]:
        """The values of each event of a kind."""
        address, topic = contract.address.lower(), contract.topic(event)
        for log in self.logs:
            if log["address"].lower() == address and log["topics"][0].lower() == topic:
                yield contract.decode_log(event, log)

    def _ask(self, contract: Contract, function: str, *arguments: object) -> Any:
        return self._ask_all([(contract, function, arguments)])[0]

    def _ask_all(self, questions: Sequence[tuple[Contract, str, tuple[object, ...]]]) -> list[Any]:
        """What functions answer that must answer."""
        at, chain = self._view.reader.at(self._view.block), self._view.chain
        answers: list[str] = []
        for start in range(0, len(questions), CALLS_AT_ONCE):
            part = questions[start : start + CALLS_AT_ONCE]
            answers += chain.raw_batch(
                ("eth_call", [{"to": c.address, "data": c.encode(function, *arguments)}, at])
                for c, function, arguments in part
            )
        return [
            contract.decode(function, bytes.fromhex(answer[2:]))
            for (contract, function, _), answer in zip(questions, answers, strict=True)
        ]

    def _word(self, contract: Contract, slot: str) -> int:
        value = self._view.reader.storage(contract.address, slot, self._view.block)
        self.storage.append({"contract": contract.name, "slot": slot, "value": f"0x{value:064x}"})
        return value

    def _custody(self, account: str) -> Custody:
        return custody_of(self._view, account, self.who)

    @property
    def _token(self) -> Contract:
        return self.contracts["CommunityToken"]

    @property
    def _registry(self) -> Contract:
        return self.contracts["CreationRegistry"]

    @property
    def _pool(self) -> Contract | None:
        return self.contracts.get(POOL)

    @property
    def _markets(self) -> list[Contract]:
        return [self.contracts[name] for name in MARKETS]

    # The contracts

    def _code(self) -> list[Finding]:
        from eth_utils.crypto import keccak

        bad = []
        for name, contract in self.contracts.items():
            code = self._view.code(contract.address)
            if "0x" + keccak(code).hex() != self._manifest.contracts[name].runtime_code_hash:
                facts = {"contract": name, "address": contract.address}
                bad.append(Finding("power_code_other", BAD, facts))
        return bad or [Finding("power_code", GOOD, {"count": len(self.contracts)})]

    def _proxies(self) -> list[Finding]:
        bad = []
        for name, contract in self.contracts.items():
            for what, slot in powers.PROXY_SLOTS.items():
                if value := self._word(contract, slot):
                    facts = {"contract": name, "slot": what, "value": f"0x{value:064x}"}
                    bad.append(Finding("power_proxy_set", BAD, facts))
        return bad or [Finding("power_proxy", GOOD, {"count": len(self.contracts)})]

    def _wiring(self) -> list[Finding]:
        """The contracts trust each other and nobody else."""
        wires = [(market, "REGISTRY", self._registry.address) for market in self._markets]
        escrow = self.contracts["EscrowMarket"].address
        wires += [(desk, "MARKET", escrow) for desk in self._all_desks()]
        if (pool := self._pool) is not None:
            # Its first creation, which its code, compared above, makes the purse.
            place = purse_of(pool.address)
            purse = Contract(self._view.chain, "RewardPurse", place, PURSE_ABI)
            wires += [(market, "FEE_RECIPIENT", place) for market in self._markets]
            wires += [(pool, "TOKEN", self._token.address), (pool, "PURSE", place)]
            wires += [(purse, "POOL", pool.address)]
        bad = []
        for contract, variable, wanted in wires:
            seen = self._ask(contract, variable)
            if seen != wanted:
                facts = {"contract": contract.name, "variable": variable, "seen": seen}
                bad.append(Finding("power_wiring_other", BAD, {**facts, "wanted": wanted}))
        return bad or [Finding("power_wiring", GOOD, {"count": len(wires)})]

    def _variables(self) -> list[Finding]:
        """Raw storage says what the functions say."""
        bad = []
        there = {name: slots for name, slots in powers.SLOTS.items() if name in self.contracts}
        for name, slots in there.items():
            contract = self.contracts[name]
            for variable, slot in slots.items():
                raw = self._word(contract, hex(slot))
                said = self._ask(contract, variable)
                if raw != int(said, 16):
                    facts = {"contract": name, "variable": variable, "seen": said}
                    facts["value"] = f"0x{raw:064x}"
                    bad.append(Finding("power_storage_other", BAD, facts))
        count = sum(map(len, there.values()))
        return bad or [Finding("power_storage", GOOD, {"count": count})]

    # Rights

    def _offices(self) -> Iterator[Finding]:
        for contract, office in self._all_offices():
            yield self._held(contract, office)
            yield self._offered(contract, office)

    def _all_offices(self) -> list[tuple[Contract, str]]:
        pool = self._pool
        pools = [] if pool is None else [(pool, "steward"), (pool, "guardian")]
        return [(self._token, "steward"), *pools]

    def _held(self, contract: Contract, office: str) -> Finding:
        holder = self._ask(contract, office)
        facts = {"contract": contract.name, "office": office, "account": holder}
        if holder == COIN:
            return Finding("power_steward_nobody", GOOD, facts)
        if holder == self.who:
            return Finding("power_steward_who", BAD, {**facts, "who": self.who})
        if office == "guardian":
            if holder in {one.address for one in self.contracts.values()}:
                return Finding("power_guardian_nobody", NOTED, facts)
            if holder == self._ask(contract, "steward"):
                return Finding("power_guardian_steward", BAD, facts)
        custody = self._custody(holder)
        if custody.problem is not None:
            return Finding(custody.problem, BAD, custody.facts)
        if custody.kind in {SAFE, TIMELOCK}:
            return Finding("power_steward", GOOD, {**facts, "kind": custody.kind})
        return Finding("power_steward_unknown", NOTED, {**facts, "kind": custody.kind})

    def _offered(self, contract: Contract, office: str) -> Finding:
        pending = self._ask(contract, f"pending{office.capitalize()}")
        facts = {"contract": contract.name, "office": office, "account": pending}
        if pending == COIN:
            return Finding("power_offered_nobody", GOOD, facts)
        if pending == self.who:
            return Finding("power_offered_who", BAD, {**facts, "who": self.who})
        custody = self._custody(pending)
        if custody.problem is not None:
            return Finding(custody.problem, BAD, custody.facts)
        return Finding("power_offered", NOTED, {**facts, "kind": custody.kind})

    def _minter(self) -> list[Finding]:
        minter, pool = self._ask(self._token, "minter"), self._pool
        if minter == COIN:
            if pool is not None:
                return [Finding("power_minter_open", NOTED, {"pool": pool.address})]
            return [Finding("power_minter_nobody", GOOD)]
        if pool is not None and minter == pool.address:
            return [Finding("power_minter_pool", GOOD, {"minter": minter})]
        code = self._view.code(minter)
        if not code or is_delegation(code):
            return [Finding("power_minter_no_code", BAD, {"minter": minter})]
        custody = self._custody(minter)
        if custody.problem is not None:
            return [Finding(custody.problem, BAD, custody.facts)]
        if pool is not None:
            facts = {"contract": self._token.name, "variable": "minter", "seen": minter}
            return [Finding("power_wiring_other", BAD, {**facts, "wanted": pool.address})]
        return [Finding("power_minter", NOTED, {"minter": minter})]

    def _functions(self) -> list[Finding]:
        """Tries, without sending, every function that isn't everybody's."""
        tried, bad = 0, []
        for name, contract in self.contracts.items():
            table = powers.FUNCTIONS[_kind(name)]
            for entry in filter(powers.changes_something, contract.abi):
                caller = table[powers.shape_of(entry)]
                if caller not in _RESERVED:
                    continue
                tried += 1
                if self._works(contract, entry):
                    facts = {"contract": name, "function": entry["name"], "caller": caller}
                    bad.append(Finding("power_function_open", BAD, {**facts, "who": self.who}))
        return bad or [Finding("power_function", GOOD, {"count": tried, "who": self.who})]

    def _works(self, contract: Contract, entry: Mapping[str, Any]) -> bool:
        """Whether a call of `who` would go through. The registry stands for any contract, and one
        for any number."""
        usual: dict[str, object] = {
            "address": self._registry.address,
            "uint256": 1,
            "bytes32": bytes(32),
        }
        data = contract.encode(entry["name"], *(usual[p["type"]] for p in entry["inputs"]))
        fields = {"from": self.who, "to": contract.address, "data": data}
        try:
            self._view.chain.raw("eth_call", [fields, self._view.reader.at(self._view.block)])
        except RpcRefused as refusal:
            reason = reverted(refusal)
            if not isinstance(reason, Reverted):
                raise
            return False
        return True

    def _fees(self) -> Iterator[Finding]:
        """Who gets the fees, or what a pool leaves of them: of its purse, the wiring tells."""
        recipients: dict[str, list[str]] = defaultdict(list)
        if self._pool is not None:
            recipients[self._ask(self._pool, "TREASURY")].append(POOL)
        else:
            for market in self._markets:
                recipients[self._ask(market, "FEE_RECIPIENT")].append(market.name)
        for recipient, names in recipients.items():
            facts = {"account": recipient, "markets": ", ".join(names)}
            custody = self._custody(recipient)
            if recipient == self.who:
                yield Finding("power_fee_who", BAD, facts)
            elif custody.problem is not None:
                yield Finding(custody.problem, BAD, custody.facts)
            else:
                yield Finding("power_fee", GOOD, {**facts, "kind": custody.kind})

    def _approvals(self) -> list[Finding]:
        """Whatever anybody else ever let `who` do with their tokens and works."""
        token, registry, who = self._token, self._registry, self.who
        bad = []
        owners = self._granted(token, "Approval", "spender", "owner")
        allowed = self._ask_all([(token, "allowance", (*owner, who)) for owner in owners])
        for (owner,), amount in zip(owners, allowed, strict=True):
            if amount:
                facts = {"owner": owner, "who": who, "amount": str(amount)}
                bad.append(Finding("power_allowance", BAD, facts))
        keepers = self._granted(registry, "ApprovalForAll", "operator", "owner")
        asked = self._ask_all([(registry, "isApprovedForAll", (*owner, who)) for owner in keepers])
        for (owner,), approved in zip(keepers, asked, strict=True):
            if approved:
                bad.append(Finding("power_operator", BAD, {"owner": owner, "who": who}))
        works = self._granted(registry, "Approval", "account", "owner", "id")
        for owner, work in works:
            # Of a burnt one nothing is told.
            if self._view.ask(registry, "getApproved", work) == who:
                facts = {"owner": owner, "who": who, "work": str(work)}
                bad.append(Finding("power_approved", BAD, facts))
        facts = {"count": len(owners) + len(keepers) + len(works), "logs": len(self.logs)}
        return bad or [Finding("power_approvals", GOOD, {**facts, "who": who})]

    def _granted(
        self, contract: Contract, event: str, grantee: str, *fields: str
    ) -> list[tuple[Any, ...]]:
        """What others ever granted to `who`, each once."""
        return list(
            dict.fromkeys(
                tuple(values[name] for name in fields)
                for values in self._events(contract, event)
                if values[grantee] == self.who != values["owner"]
            )
        )

    def _all_desks(self) -> list[Contract]:
        return [contract for name, contract in self.contracts.items() if _kind(name) == DESK]

    def _desks(self) -> Iterator[Finding]:
        for desk in self._all_desks():
            arbitrator = self._ask(desk, "ARBITRATOR")
            custody = self._custody(arbitrator)
            if custody.problem is not None:
                yield Finding(custody.problem, BAD, custody.facts)
            else:
                yield Finding("power_desk", NOTED, {"desk": desk.name, "arbitrator": arbitrator})

    def _trades(self) -> Iterator[Finding]:
        """Trades whose parties chose `who` as their arbiter: given by two, and it ends by time."""
        escrow = self.contracts["EscrowMarket"]
        ids = [
            values["tradeId"]
            for values in self._events(escrow, "EscrowFunded")
            if Trade(*values["trade"]).arbiter == self.who
        ]
        states = self._ask_all([(escrow, "tradeState", (one,)) for one in ids])
        for trade_id, (state, deadline, _) in zip(ids, states, strict=True):
            if state != TRADE_NONE:
                facts = {"trade": "0x" + trade_id.hex(), "deadline": deadline}
                yield Finding("power_arbiter", NOTED, {**facts, "who": self.who})

    # Money

    def _tokens(self) -> list[Finding]:
        balance = self._ask(self._token, "balanceOf", self.who)
        if balance:
            return [Finding("power_tokens", BAD, {"who": self.who, "amount": str(balance)})]
        return [Finding("power_no_tokens", GOOD, {"who": self.who})]

    def _credits(self) -> list[Finding]:
        who, assets, bad = self.who, self._assets(), []
        places = [(market, asset) for market in self._markets for asset in assets]
        amounts = self._ask_all([(market, "creditOf", (asset, who)) for market, asset in places])
        for (market, asset), amount in zip(places, amounts, strict=True):
            if amount:
                facts = {"market": market.name, "asset": asset, "amount": str(amount), "who": who}
                bad.append(Finding("power_credit", BAD, facts))
        return bad or [Finding("power_credits", GOOD, {"count": len(assets), "who": who})]

    def _belongings(self) -> list[Finding]:
        """What is anybody's own affair."""
        works = self._ask(self._registry, "balanceOf", self.who)
        coins = self._view.reader.balance(self.who, self._view.block)
        return [
            Finding("power_works", NOTED, {"who": self.who, "count": works}),
            Finding("power_coins", NOTED, {"who": self.who, "wei": str(coins)}),
        ]

    def _assets(self) -> list[str]:
        """Every asset that an event of a market ever named."""
        found = {COIN, self._token.address}
        for market in self._markets:
            for event in market.events:
                if any(_names_asset(parameter) for parameter in market.event_inputs(event)):
                    found |= self._assets_in(market, event)
        return sorted(found)

    def _assets_in(self, market: Contract, event: str) -> set[str]:
        inputs = market.event_inputs(event)
        found = set()
        for values in self._events(market, event):
            for parameter in inputs:
                value = values[parameter["name"]]
                if parameter["name"] == "asset":
                    found.add(value)
                elif _names_asset(parameter):
                    names = [component["name"] for component in parameter["components"]]
                    found.add(value[names.index("asset")])
        return found


def _kind(name: str) -> str:
    """Which contract an entry of the manifest is: desks are numbered."""
    kind = name.split()[0]
    if kind not in powers.FUNCTIONS:
        raise DokkaebiError("power_contract_unknown", contract=name)
    return kind


def _names_asset(parameter: Mapping[str, Any]) -> bool:
    """Whether an event's parameter is an asset, or a struct with one."""
    inner = parameter.get("components", ()) if parameter["type"] == "tuple" else ()
    return parameter["name"] == "asset" or any(c["name"] == "asset" for c in inner)
