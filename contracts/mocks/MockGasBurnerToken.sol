// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockToken} from "./MockToken.sol";

/// @title A token that burns its caller's gas
/// @notice Misbehaves: a transfer to a marked recipient uses up all the gas that it got.
contract MockGasBurnerToken is MockToken {
    mapping(address recipient => bool yes) public burning;

    function setBurning(address recipient, bool yes) external {
        burning[recipient] = yes;
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (burning[to]) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        super._update(from, to, amount);
    }
}
