// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockCollection} from "./MockCollection.sol";

/// @title A collection whose issuer decides who may have its creations
/// @notice Misbehaves: a transfer to a marked account reverts, uses up all gas, or reverts with a bomb.
contract MockRefusingCollection is MockCollection {
    error Account_Refused(address account);

    enum Refusal {
        None,
        Revert,
        BurnGas,
        RevertBomb
    }

    uint256 private constant BOMB_BYTES = 100_000;

    mapping(address account => Refusal how) public refusals;

    function setRefusal(address account, Refusal how) external {
        refusals[account] = how;
    }

    function transferFrom(address from, address to, uint256 id) public override {
        Refusal how = refusals[to];
        if (how == Refusal.Revert) revert Account_Refused(to);
        uint256 length = BOMB_BYTES;
        if (how == Refusal.BurnGas) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        if (how == Refusal.RevertBomb) {
            assembly ("memory-safe") {
                revert(0x200, length)
            }
        }
        super.transferFrom(from, to, id);
    }
}
