// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockToken} from "./MockToken.sol";

/// @title A token that calls its holders, in the style of ERC-777
/// @notice Misbehaves: a registered sender is called (`tokensToSend`) before its balance changes and a
/// registered recipient (`tokensReceived`) after, so each can call back in the middle of a transfer.
/// A hook that reverts undoes the transfer. `MockReceiver` has both hooks.
contract MockHookToken is MockToken {
    error Hook_Failed(address holder);

    mapping(address holder => bool yes) public hooked;

    function setHooked(address holder, bool yes) external {
        hooked[holder] = yes;
    }

    function _update(address from, address to, uint256 amount) internal override {
        _call(
            from,
            abi.encodeWithSignature("tokensToSend(address,address,uint256)", from, to, amount)
        );
        super._update(from, to, amount);
        _call(
            to,
            abi.encodeWithSignature("tokensReceived(address,address,uint256)", from, to, amount)
        );
    }

    function _call(address holder, bytes memory data) private {
        if (!hooked[holder]) return;
        (bool success, ) = holder.call(data);
        if (!success) revert Hook_Failed(holder);
    }
}
