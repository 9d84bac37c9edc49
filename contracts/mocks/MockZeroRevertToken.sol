// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockToken} from "./MockToken.sol";

/// @title A token that refuses to move nothing
/// @notice Misbehaves: transfers of zero revert.
contract MockZeroRevertToken is MockToken {
    error Amount_Zero();

    function _update(address from, address to, uint256 amount) internal override {
        if (amount == 0) revert Amount_Zero();
        super._update(from, to, amount);
    }
}
