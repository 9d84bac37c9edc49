// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title Lets an ERC-792 arbitrator rule trades of the escrow market
/// @notice A desk stands for one arbitrator with one way to rule (`extraData`: which court, how many jurors).
/// Terms name the desk as arbiter. Once a trade is disputed, anybody, a party as a rule, pays the arbitrator and
/// so brings the trade before it; when it has ruled, anybody carries the ruling out. If nobody pays, or the
/// arbitrator is silent, the market's default applies.
/// @dev Rulings: 0 the arbitrator refuses, the market's default applies after the deadline; 1 all to the
/// buyer; 2 all to the seller; 3 half to each. ERC-1497: evidence goes to the market; `MetaEvidence` says what
/// the rulings mean.
/// @dev The arbiter's fee of the trade's terms, if any, goes to whoever paid the arbitrator.
/// @dev Warning: an arbitrator that takes longer than the terms give it comes too late; agree to windows
/// that fit its appeals.
interface IArbitrationDesk {
    /* ERRORS */

    /// @notice The arbitrator or the market named at deployment isn't a contract.
    error Contract_HasNoCode(address account);

    /// @notice The trade isn't disputed, the time to rule it is over, or its arbiter is somebody else.
    error Trade_NotHere(bytes32 tradeId);

    /// @notice Somebody brought this trade before the arbitrator already.
    error Trade_AlreadySubmitted(bytes32 tradeId, uint256 disputeID);

    /// @notice The coins sent along aren't what the arbitrator asks, wei.
    error Value_Wrong(uint256 sent, uint256 needed);

    /// @notice This desk brought no such dispute before the arbitrator.
    error Dispute_Unknown(uint256 disputeID);

    /// @notice The arbitrator gave this number to another dispute before.
    error Dispute_NotNew(uint256 disputeID);

    /// @notice Only the arbitrator rules.
    error Caller_NotArbitrator(address caller, address arbitrator);

    /// @notice The arbitrator rules each dispute of this desk once, with 0 to 3.
    error Ruling_NotAllowed(uint256 disputeID, uint256 ruling);

    /// @notice There is no ruling to carry out: none yet, or the arbitrator refused.
    error Ruling_Missing(bytes32 tradeId);

    /* EVENTS */

    /// @notice ERC-1497: what disputes are about and what the rulings mean, `ipfs://<CIDv1, raw>`.
    event MetaEvidence(uint256 indexed metaEvidenceID, string evidence);

    /// @notice ERC-1497: a trade is before the arbitrator. The group is the trade's id.
    event Dispute(
        address indexed arbitrator,
        uint256 indexed disputeID,
        uint256 metaEvidenceID,
        uint256 evidenceGroupID
    );

    /// @notice ERC-792: the arbitrator has ruled.
    event Ruling(address indexed arbitrator, uint256 indexed disputeID, uint256 ruling);

    /* SUBMIT */

    /// @notice Brings a disputed trade before the arbitrator; value: exactly `costOf()`, wei.
    /// @param trade abi.encode of the market's `Trade`.
    /// @return disputeID The arbitrator's number of the dispute.
    function submit(bytes calldata trade) external payable returns (uint256 disputeID);

    /// @notice Appeals against the arbitrator's ruling; value: exactly what it asks, wei.
    function appeal(uint256 disputeID) external payable;

    /* RULE */

    /// @notice ERC-792: the arbitrator's ruling.
    function rule(uint256 disputeID, uint256 ruling) external;

    /// @notice Carries a ruling out in the market, for anybody to call.
    /// @param trade abi.encode of the market's `Trade`.
    function carryOut(bytes calldata trade) external;

    /* VIEWS */

    /// @notice What bringing a trade before the arbitrator costs now, wei.
    function costOf() external view returns (uint256 cost);

    /// @notice A trade's dispute: its number, who paid, whether it is ruled, and how.
    function disputeOf(
        bytes32 tradeId
    ) external view returns (uint256 disputeID, address submitter, bool ruled, uint256 ruling);

    /// @notice The arbitrator.
    function ARBITRATOR() external view returns (address);

    /// @notice The market whose trades are ruled.
    function MARKET() external view returns (address);
}
