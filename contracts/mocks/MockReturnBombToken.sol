// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockToken} from "./MockToken.sol";

/// @title A token that answers far too much
/// @notice Misbehaves: a transfer to a marked recipient returns or reverts with `size` bytes,
/// so that a caller who copies the answer pays for it.
contract MockReturnBombToken is MockToken {
    mapping(address recipient => bool yes) public bombing;
    uint256 public size = 100_000;
    bool public reverting;

    function setBombing(address recipient, bool yes) external {
        bombing[recipient] = yes;
    }

    function setBomb(uint256 newSize, bool yes) external {
        size = newSize;
        reverting = yes;
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (bombing[to]) {
            uint256 length = size;
            if (reverting) {
                assembly ("memory-safe") {
                    revert(0x200, length)
                }
            }
            assembly ("memory-safe") {
                return(0x200, length)
            }
        }
        super._update(from, to, amount);
    }
}
