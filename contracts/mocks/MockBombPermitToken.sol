// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockToken} from "./MockToken.sol";

/// @title A token whose answer to a permit is far too long
/// @notice Misbehaves: `permit` returns, or reverts with, 100,000 bytes and approves nothing.
contract MockBombPermitToken is MockToken {
    uint256 private constant BOMB_BYTES = 100_000;

    bool public reverting;

    function setReverting(bool yes) external {
        reverting = yes;
    }

    function permit(address, address, uint256, uint256, uint8, bytes32, bytes32) external view {
        uint256 length = BOMB_BYTES;
        bool yes = reverting;
        assembly ("memory-safe") {
            if yes {
                revert(0x200, length)
            }
            return(0x200, length)
        }
    }
}
