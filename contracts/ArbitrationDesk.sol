// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IArbitrationDesk} from "../interfaces/IArbitrationDesk.sol";
import {IArbitrator} from "../interfaces/IArbitrator.sol";
import {IEscrowMarket} from "../interfaces/IEscrowMarket.sol";
import {ContentIdentifier} from "./libraries/ContentIdentifier.sol";

/// @title Lets an ERC-792 arbitrator rule trades of the escrow market
/// @dev Holds no money: what is sent along goes on to the arbitrator, exactly.
contract ArbitrationDesk is IArbitrationDesk {
    uint256 private constant RULING_MAX = 3;
    uint256 private constant BPS = 10_000;

    address public immutable override MARKET;
    address public immutable override ARBITRATOR;

    struct Case {
        address submitter; // slot 0
        bool ruled; // slot 0
        uint8 ruling; // slot 0
        uint256 disputeID; // slot 1
    }

    bytes private _extraData; // slot 0
    mapping(bytes32 tradeId => Case case_) private _cases; // slot 1
    mapping(uint256 disputeID => bytes32 tradeId) private _trades; // slot 2

    /// @param market The escrow market; trusted.
    /// @param arbitrator The ERC-792 arbitrator.
    /// @param extraData What the arbitrator wants to know: which court, how many jurors.
    /// @param metaEvidence sha2-256 of the ERC-1497 document that says what the rulings mean.
    constructor(address market, address arbitrator, bytes memory extraData, bytes32 metaEvidence) {
        if (market.code.length == 0) revert Contract_HasNoCode(market);
        if (arbitrator.code.length == 0) revert Contract_HasNoCode(arbitrator);
        MARKET = market;
        ARBITRATOR = arbitrator;
        _extraData = extraData;
        string memory cid = ContentIdentifier.cid(ContentIdentifier.RAW, metaEvidence);
        emit MetaEvidence(0, string.concat("ipfs://", cid));
    }

    /* SUBMIT */

    /// @inheritdoc IArbitrationDesk
    function submit(bytes calldata trade) external payable override returns (uint256 disputeID) {
        IEscrowMarket.Trade memory terms = abi.decode(trade, (IEscrowMarket.Trade));
        bytes32 tradeId = IEscrowMarket(MARKET).hashTrade(terms);
        (IEscrowMarket.TradeState state, uint256 deadline, ) = IEscrowMarket(MARKET).tradeState(
            tradeId
        );
        if (
            state != IEscrowMarket.TradeState.Disputed ||
            block.timestamp > deadline ||
            terms.arbiter != address(this)
        ) revert Trade_NotHere(tradeId);
        Case storage case_ = _cases[tradeId];
        if (case_.submitter != address(0)) {
            revert Trade_AlreadySubmitted(tradeId, case_.disputeID);
        }
        case_.submitter = msg.sender;
        uint256 cost = costOf();
        if (msg.value != cost) revert Value_Wrong(msg.value, cost);
        disputeID = IArbitrator(ARBITRATOR).createDispute{value: cost}(RULING_MAX, _extraData);
        // Only now is the number known, and an honest arbitrator gives each once.
        if (_trades[disputeID] != bytes32(0)) revert Dispute_NotNew(disputeID);
        case_.disputeID = disputeID;
        _trades[disputeID] = tradeId;
        emit Dispute(ARBITRATOR, disputeID, 0, uint256(tradeId));
    }

    /// @inheritdoc IArbitrationDesk
    function appeal(uint256 disputeID) external payable override {
        if (_trades[disputeID] == bytes32(0)) revert Dispute_Unknown(disputeID);
        uint256 cost = IArbitrator(ARBITRATOR).appealCost(disputeID, _extraData);
        if (msg.value != cost) revert Value_Wrong(msg.value, cost);
        IArbitrator(ARBITRATOR).appeal{value: cost}(disputeID, _extraData);
    }

    /* RULE */

    /// @inheritdoc IArbitrationDesk
    function rule(uint256 disputeID, uint256 ruling) external override {
        if (msg.sender != ARBITRATOR) revert Caller_NotArbitrator(msg.sender, ARBITRATOR);
        bytes32 tradeId = _trades[disputeID];
        if (tradeId == bytes32(0)) revert Dispute_Unknown(disputeID);
        Case storage case_ = _cases[tradeId];
        if (case_.ruled || ruling > RULING_MAX) revert Ruling_NotAllowed(disputeID, ruling);
        (case_.ruled, case_.ruling) = (true, uint8(ruling));
        emit Ruling(ARBITRATOR, disputeID, ruling);
    }

    /// @inheritdoc IArbitrationDesk
    function carryOut(bytes calldata trade) external override {
        IEscrowMarket.Trade memory terms = abi.decode(trade, (IEscrowMarket.Trade));
        bytes32 tradeId = IEscrowMarket(MARKET).hashTrade(terms);
        Case memory case_ = _cases[tradeId];
        if (case_.ruling == 0) revert Ruling_Missing(tradeId);
        uint256 sellerBps =
            case_.ruling == 1
                ? 0
                : case_.ruling == 2
                    ? BPS
                    : BPS / 2;
        IEscrowMarket(MARKET).rule(terms, sellerBps, case_.submitter);
    }

    /* VIEWS */

    /// @inheritdoc IArbitrationDesk
    function costOf() public view override returns (uint256 cost) {
        return IArbitrator(ARBITRATOR).arbitrationCost(_extraData);
    }

    /// @inheritdoc IArbitrationDesk
    function disputeOf(
        bytes32 tradeId
    )
        external
        view
        override
        returns (uint256 disputeID, address submitter, bool ruled, uint256 ruling)
    {
        Case memory case_ = _cases[tradeId];
        return (case_.disputeID, case_.submitter, case_.ruled, case_.ruling);
    }
}
