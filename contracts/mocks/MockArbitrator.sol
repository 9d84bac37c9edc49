// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IArbitrationDesk} from "../../interfaces/IArbitrationDesk.sol";
import {IArbitrator} from "../../interfaces/IArbitrator.sol";

/// @title An ERC-792 arbitrator that rules as anybody says
/// @notice Behaves well itself: takes exactly its costs and numbers disputes from zero on.
contract MockArbitrator is IArbitrator {
    error Payment_Wrong(uint256 sent, uint256 needed);

    struct Case {
        address arbitrated;
        uint256 choices;
        bytes extraData;
        uint256 appeals;
    }

    uint256 public cost = 1_000;
    uint256 public costOfAppeal = 3_000;
    Case[] public cases;

    /* COSTS */

    function setCost(uint256 newCost) external {
        cost = newCost;
    }

    function arbitrationCost(bytes calldata) public view override returns (uint256) {
        return cost;
    }

    function appealCost(uint256, bytes calldata) public view override returns (uint256) {
        return costOfAppeal;
    }

    /* DISPUTES */

    function createDispute(
        uint256 choices,
        bytes calldata extraData
    ) public payable virtual override returns (uint256 disputeID) {
        if (msg.value != cost) revert Payment_Wrong(msg.value, cost);
        cases.push(Case(msg.sender, choices, extraData, 0));
        return cases.length - 1;
    }

    function appeal(uint256 disputeID, bytes calldata) external payable override {
        if (msg.value != costOfAppeal) revert Payment_Wrong(msg.value, costOfAppeal);
        ++cases[disputeID].appeals;
    }

    function giveRuling(uint256 disputeID, uint256 ruling) external {
        IArbitrationDesk(cases[disputeID].arbitrated).rule(disputeID, ruling);
    }
}
