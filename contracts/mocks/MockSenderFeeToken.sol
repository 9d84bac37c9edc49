// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockToken} from "./MockToken.sol";

/// @title A token that charges its sender more than asked
/// @notice Misbehaves: once set, `feeBps` of each transfer is burnt from the sender on top.
contract MockSenderFeeToken is MockToken {
    uint256 public feeBps;

    function setFee(uint256 bps) external {
        feeBps = bps;
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        uint256 fee = (amount * feeBps) / 10_000;
        if (from != address(0) && to != address(0) && fee != 0)
            super._update(from, address(0), fee);
    }
}
