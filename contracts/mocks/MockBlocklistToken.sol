// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockToken} from "./MockToken.sol";

/// @title A token whose issuer blocks accounts
/// @notice Misbehaves: transfers from or to a blocked account revert.
contract MockBlocklistToken is MockToken {
    error Account_Blocked(address account);

    mapping(address account => bool yes) public blocked;

    function setBlocked(address account, bool yes) external {
        blocked[account] = yes;
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (blocked[from]) revert Account_Blocked(from);
        if (blocked[to]) revert Account_Blocked(to);
        super._update(from, to, amount);
    }
}
