// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockToken} from "./MockToken.sol";

/// @title A token whose transfers need much gas
/// @notice Misbehaves: each transfer uses up `thirst` gas more than others do.
contract MockThirstyToken is MockToken {
    uint256 public thirst;

    function setThirst(uint256 gasAmount) external {
        thirst = gasAmount;
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        uint256 wanted = thirst;
        uint256 start = gasleft();
        while (start - gasleft() < wanted) {}
    }
}
