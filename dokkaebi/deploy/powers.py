"""Who has which power in the suite: every variable and every function of its contracts, classified.

`tests/house/test_powers.py` holds the tables against the compiler's own account of the sources, so
that nothing new slips through. What can only read (`view`, `pure`) has no power by the compiler's
word, and constants are a part of the code, which the audit compares.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# What a variable holds: a right over others, somebody's money or works, what happened, or nothing
# that anybody gains from.
POWER, MONEY, RECORD, NONE = "power", "money", "record", "none"

# By the contract that declares it.
STATE: Mapping[str, Mapping[str, str]] = {
    "CommunityToken": {
        "CAP": RECORD,
        "minter": POWER,
    },
    "Stewardship": {"steward": POWER, "pendingSteward": POWER},
    "ERC20": {
        "_balances": MONEY,
        "_allowances": MONEY,
        "_totalSupply": RECORD,
        "_name": NONE,
        "_symbol": NONE,
    },
    "Nonces": {"_nonces": RECORD},
    # The token's is OpenZeppelin's, all others' Solady's.
    "EIP712": {
        "_cachedDomainSeparator": NONE,
        "_cachedChainId": NONE,
        "_cachedThis": NONE,
        "_cachedNameHash": NONE,
        "_cachedVersionHash": NONE,
        "_hashedName": NONE,
        "_hashedVersion": NONE,
        "_name": NONE,
        "_version": NONE,
        "_nameFallback": NONE,
        "_versionFallback": NONE,
    },
    "CreationRegistry": {
        "CONTRACT_DOCUMENT": RECORD,
        "_name": NONE,
        "_symbol": NONE,
        "_creatorCount": RECORD,
        # Creators and partners are paid royalties.
        "_creators": MONEY,
        "_parents": RECORD,
        "_partners": MONEY,
        "_groups": RECORD,
        "_rounds": RECORD,
    },
    "Till": {
        # Whom the markets trust, and whom they pay the fee.
        "REGISTRY": POWER,
        "FEE_RECIPIENT": MONEY,
        "FEE_BPS": RECORD,
        "_credits": MONEY,
    },
    "Consent": {"_nonces": RECORD},
    "CreationMarket": {"_offers": RECORD},
    "EscrowMarket": {"_documents": RECORD, "_taken": RECORD, "_trades": MONEY},
    "AuctionHouse": {"_lots": MONEY, "_held": MONEY},
    "ArbitrationDesk": {
        "MARKET": POWER,
        "ARBITRATOR": POWER,
        "_extraData": RECORD,
        "_cases": RECORD,
        "_trades": RECORD,
    },
    "Offices": {"guardian": POWER, "pendingGuardian": POWER},
    "RewardPool": {
        "TOKEN": POWER,
        "TREASURY": MONEY,
        "PURSE": MONEY,
        "START": RECORD,
        "EPOCH_SECONDS": RECORD,
        "CHALLENGE_SECONDS": RECORD,
        "SHARE_BPS": RECORD,
        "OPENING_ALLOWANCE": RECORD,
        "OPENING_EPOCHS": RECORD,
        # Who may claim what.
        "_counting": MONEY,
        "_waiting": MONEY,
        "_total": RECORD,
        "_pendingTotal": RECORD,
        "income": RECORD,
        "minted": RECORD,
        "claimedBy": MONEY,
    },
}

# Where the variables of power stand that can change: by deployed contract, the storage slot.
SLOTS: Mapping[str, Mapping[str, int]] = {
    "CommunityToken": {"steward": 8, "pendingSteward": 9, "minter": 10},
    "RewardPool": {"steward": 0, "pendingSteward": 1, "guardian": 2, "pendingGuardian": 3},
}

# ERC-1967: where a proxy would keep the code it runs, who may change it, and its beacon.
_IMPLEMENTATION_SLOT = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc"
_ADMIN_SLOT = "0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103"
_BEACON_SLOT = "0xa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6cb3582b35133d50"
PROXY_SLOTS: Mapping[str, str] = {
    "implementation": _IMPLEMENTATION_SLOT,
    "admin": _ADMIN_SLOT,
    "beacon": _BEACON_SLOT,
}

# Who may call a function. ANYONE: for themselves, or as a document allows that was signed. PARTY:
# whom the work, offer, trade, auction or credit names, or whom such a one approved.
ANYONE, PARTY = "anyone", "party"
STEWARD, PENDING_STEWARD, MINTER, ARBITRATOR = "steward", "pending steward", "minter", "arbitrator"
GUARDIAN, PENDING_GUARDIAN = "guardian", "pending guardian"
ITSELF = "the contract itself"

# By deployed contract, the functions that can change anything, as in its ABI.
FUNCTIONS: Mapping[str, Mapping[str, str]] = {
    "CommunityToken": {
        "acceptStewardship()": PENDING_STEWARD,
        "approve(address,uint256)": ANYONE,
        "mint(address,uint256)": MINTER,
        "offerStewardship(address)": STEWARD,
        "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)": ANYONE,
        "renounceStewardship()": STEWARD,
        "setMinter(address)": STEWARD,
        "transfer(address,uint256)": ANYONE,
        "transferFrom(address,address,uint256)": PARTY,
    },
    "CreationRegistry": {
        "approve(address,uint256)": PARTY,
        "burn(uint256)": PARTY,
        "cancelVouchers(bytes32,uint256,uint256)": ANYONE,
        "cancelVouchersFor(address,bytes32,uint256,uint256,uint256,bytes)": ANYONE,
        "permit(address,uint256,uint256,bytes)": ANYONE,
        "register(tuple)": ANYONE,
        "registerBatch(tuple[])": ANYONE,
        "registerFor(tuple,bytes,address)": ANYONE,
        "registerTogether(tuple,tuple[])": ANYONE,
        "safeTransferFrom(address,address,uint256)": PARTY,
        "safeTransferFrom(address,address,uint256,bytes)": PARTY,
        "setApprovalForAll(address,bool)": ANYONE,
        "transferFrom(address,address,uint256)": PARTY,
    },
    "CreationMarket": {
        "accept(tuple,bytes,uint256,uint256,bytes)": ANYONE,
        "acceptFor(tuple,bytes,tuple,bytes,bytes)": ANYONE,
        "buy(tuple,bytes,address)": ANYONE,
        "buyMany(tuple[],bytes[],address)": ANYONE,
        "buyNew(tuple,bytes,address,bytes)": ANYONE,
        "buyWithPermit(tuple,bytes,address,bytes)": ANYONE,
        "cancel(bytes32)": PARTY,
        "cancelNonces(uint256,uint256)": ANYONE,
        "cancelNoncesFor(address,uint256,uint256,uint256,bytes)": ANYONE,
        "offer(tuple)": ANYONE,
        "swap(tuple,bytes)": ANYONE,
        "transferOut(address,address,uint256)": ITSELF,
        "withdraw(address,address)": PARTY,
        "withdrawFor(address,address)": ANYONE,
        "withdrawToFor(address,address,address,uint256,uint256,bytes)": ANYONE,
    },
    "EscrowMarket": {
        "accept(tuple)": ANYONE,
        "acceptFor(tuple,address,uint256,bytes)": ANYONE,
        "cancel(bytes32)": PARTY,
        "cancelNonces(uint256,uint256)": ANYONE,
        "cancelNoncesFor(address,uint256,uint256,uint256,bytes)": ANYONE,
        "claimTimeout(tuple)": ANYONE,
        "confirm(tuple)": PARTY,
        "dispute(tuple,bytes32)": PARTY,
        "fund(tuple,bytes,uint256,address)": ANYONE,
        "fundWithPermit(tuple,bytes,uint256,address,bytes)": ANYONE,
        "offer(tuple)": ANYONE,
        "refund(tuple)": PARTY,
        "refundFor(tuple,uint256,bytes)": ANYONE,
        "request(tuple,bytes)": ANYONE,
        "retract(tuple)": PARTY,
        "rule(tuple,uint256,address)": PARTY,
        "settle(tuple,uint256,uint256,bytes,bytes)": ANYONE,
        "ship(tuple,bytes32)": PARTY,
        "shipFor(tuple,bytes32,uint256,bytes)": ANYONE,
        "submitEvidence(tuple,bytes32)": PARTY,
        "submitEvidenceFor(tuple,address,bytes32,uint256,uint256,bytes)": ANYONE,
        "transferOut(address,address,uint256)": ITSELF,
        "withdraw(address,address)": PARTY,
        "withdrawFor(address,address)": ANYONE,
        "withdrawToFor(address,address,address,uint256,uint256,bytes)": ANYONE,
    },
    "AuctionHouse": {
        "bid(tuple,bytes,uint256)": ANYONE,
        "bidWithPermit(tuple,bytes,uint256,bytes)": ANYONE,
        "cancel(tuple)": PARTY,
        "cancelNonces(uint256,uint256)": ANYONE,
        "cancelNoncesFor(address,uint256,uint256,uint256,bytes)": ANYONE,
        "handOut(address,uint256,address)": ITSELF,
        "open(tuple)": ANYONE,
        "retrieve(address,uint256,address)": PARTY,
        "settle(tuple)": ANYONE,
        "transferOut(address,address,uint256)": ITSELF,
        "withdraw(address,address)": PARTY,
        "withdrawFor(address,address)": ANYONE,
        "withdrawToFor(address,address,address,uint256,uint256,bytes)": ANYONE,
    },
    "ArbitrationDesk": {
        "appeal(uint256)": ANYONE,
        "carryOut(bytes)": ANYONE,
        "rule(uint256,uint256)": ARBITRATOR,
        "submit(bytes)": ANYONE,
    },
    "RewardPool": {
        "acceptGuardianship()": PENDING_GUARDIAN,
        "acceptStewardship()": PENDING_STEWARD,
        # The money goes to the account that the tree names, whoever calls.
        "claim(address,uint256,bytes32[])": ANYONE,
        "claimMany(tuple[])": ANYONE,
        "collect(address)": ANYONE,
        "offerGuardianship(address)": GUARDIAN,
        "offerStewardship(address)": STEWARD,
        "post(uint256,bytes32,uint256,bytes32)": STEWARD,
        "renounceGuardianship()": GUARDIAN,
        "renounceStewardship()": STEWARD,
        "stop(bytes32)": GUARDIAN,
    },
}


def shape_of(entry: Mapping[str, Any]) -> str:
    """A function as the table has it: its name and the ABI's types."""
    return f"{entry['name']}({','.join(parameter['type'] for parameter in entry['inputs'])})"


def changes_something(entry: Mapping[str, Any]) -> bool:
    """Whether an ABI's entry is a function that can change anything."""
    return entry["type"] == "function" and entry["stateMutability"] not in {"view", "pure"}
