// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockCollection} from "./MockCollection.sol";

/// @title A collection that looks at the gas it gets
/// @notice Misbehaves: asked for its royalty with less gas than `thirst`, it says that there is none.
contract MockThirstyCollection is MockCollection {
    uint256 public thirst;

    function setThirst(uint256 gasAmount) external {
        thirst = gasAmount;
    }

    function royaltyInfo(
        uint256,
        uint256 salePrice
    ) external view override returns (address receiver, uint256 amount) {
        if (gasleft() < thirst) return (address(0), 0);
        return (royaltyReceiver, (salePrice * royaltyBps) / 10_000);
    }
}
