// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockToken} from "./MockToken.sol";

/// @title A token that says yes and does nothing
/// @notice Misbehaves: once it lies, transfers return true and move nothing.
contract MockLyingToken is MockToken {
    bool public lying;

    function setLying(bool yes) external {
        lying = yes;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        return lying || super.transfer(to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        return lying || super.transferFrom(from, to, amount);
    }
}
