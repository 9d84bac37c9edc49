// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockToken} from "./MockToken.sol";

/// @title A token that takes the money and says no
/// @notice Misbehaves: once it contradicts itself, `transferFrom` to a marked recipient moves the amount and
/// returns false, so that a caller who believes the answer takes it twice.
contract MockContradictingToken is MockToken {
    mapping(address recipient => bool yes) public contradicted;

    function setContradicted(address recipient, bool yes) external {
        contradicted[recipient] = yes;
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        return super.transferFrom(from, to, amount) && !contradicted[to];
    }
}
