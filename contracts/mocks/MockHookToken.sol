// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockReceiver} from "./MockReceiver.sol";
import {MockToken} from "./MockToken.sol";

/// @title A token that calls its holders, in the style of ERC-777
/// @notice Misbehaves: a registered sender is called (`tokensToSend`) before its balance changes and a
/// registered recipient (`tokensReceived`) after, so each can call back in the middle of a transfer.
/// A hook that reverts undoes the transfer with its error. `MockReceiver` has both hooks.
contract MockHookToken is MockToken {
    mapping(address holder => bool yes) public hooked;

    function setHooked(address holder, bool yes) external {
        hooked[holder] = yes;
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (hooked[from]) MockReceiver(payable(from)).tokensToSend(from, to, amount);
        super._update(from, to, amount);
        if (hooked[to]) MockReceiver(payable(to)).tokensReceived(from, to, amount);
    }
}
