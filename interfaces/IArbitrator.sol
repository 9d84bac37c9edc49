// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title ERC-792: who rules disputes for a fee
/// @notice What the suite calls of an arbitrator contract such as Kleros Court.
/// @dev An arbitrator gives its ruling by calling `rule(disputeID, ruling)` of the contract that created the
/// dispute.
interface IArbitrator {
    /// @notice Creates a dispute about which `choices` rulings can be given; costs `arbitrationCost`, wei.
    function createDispute(
        uint256 choices,
        bytes calldata extraData
    ) external payable returns (uint256 disputeID);

    /// @notice What a dispute costs, wei.
    function arbitrationCost(bytes calldata extraData) external view returns (uint256 cost);

    /// @notice Appeals against a ruling; costs `appealCost`, wei.
    function appeal(uint256 disputeID, bytes calldata extraData) external payable;

    /// @notice What an appeal costs, wei.
    function appealCost(
        uint256 disputeID,
        bytes calldata extraData
    ) external view returns (uint256 cost);
}
