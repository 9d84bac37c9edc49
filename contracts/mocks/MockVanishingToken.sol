// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockToken} from "./MockToken.sol";

/// @title A token that can cease to exist
/// @notice Misbehaves: destroys its own code, and every balance with it.
contract MockVanishingToken is MockToken {
    function vanish() external {
        selfdestruct(payable(msg.sender));
    }
}
