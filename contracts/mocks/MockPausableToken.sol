// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockToken} from "./MockToken.sol";

/// @title A token whose issuer can pause it
/// @notice Misbehaves: while paused, every transfer reverts.
contract MockPausableToken is MockToken {
    error Token_Paused();

    bool public paused;

    function setPaused(bool yes) external {
        paused = yes;
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (paused) revert Token_Paused();
        super._update(from, to, amount);
    }
}
