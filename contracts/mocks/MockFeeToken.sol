// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockFalseToken} from "./MockFalseToken.sol";

/// @title A token that takes a fee on transfers
/// @notice Misbehaves: the receiver gets less than was sent; `feeBps` of each transfer is burnt.
contract MockFeeToken is MockFalseToken {
    uint256 public feeBps = 100;

    function setFee(uint256 bps) external {
        feeBps = bps;
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (from != address(0) && to != address(0)) {
            uint256 fee = (amount * feeBps) / 10_000;
            super._update(from, address(0), fee);
            amount -= fee;
        }
        super._update(from, to, amount);
    }
}
