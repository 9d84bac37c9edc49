// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockCollection} from "./MockCollection.sol";
import {MockReceiver} from "./MockReceiver.sol";

/// @title A collection that calls somebody whenever it is to move a creation
/// @notice Misbehaves: before it moves anything it calls `hook`, a `MockReceiver`, which can call back.
contract MockHookCollection is MockCollection {
    address public hook;

    function setHook(address newHook) external {
        hook = newHook;
    }

    function transferFrom(address from, address to, uint256 id) public override {
        if (hook != address(0)) MockReceiver(payable(hook)).tokensToSend(from, to, id);
        super.transferFrom(from, to, id);
    }
}
