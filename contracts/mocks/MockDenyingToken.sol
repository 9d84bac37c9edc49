// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockToken} from "./MockToken.sol";

/// @title A token that pays and says no
/// @notice Misbehaves: once it denies, `transfer` moves the amount and returns false, so that a caller
/// who believes the answer pays twice.
contract MockDenyingToken is MockToken {
    bool public denying;

    function setDenying(bool yes) external {
        denying = yes;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        return super.transfer(to, amount) && !denying;
    }
}
