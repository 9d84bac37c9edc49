// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title A contract that forces coins onto others
/// @notice Misbehaves: destroys itself, so that its coins arrive without the target being called.
contract MockForcer {
    constructor(address payable target) payable {
        selfdestruct(target);
    }
}
