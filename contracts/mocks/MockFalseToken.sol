// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockToken} from "./MockToken.sol";

/// @title A token that says no without reverting
/// @notice Misbehaves: transfers to a refused recipient move nothing and return false.
contract MockFalseToken is MockToken {
    mapping(address recipient => bool yes) public refused;

    function setRefused(address recipient, bool yes) external {
        refused[recipient] = yes;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        return !refused[to] && super.transfer(to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        return !refused[to] && super.transferFrom(from, to, amount);
    }
}
