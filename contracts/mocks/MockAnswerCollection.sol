// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockCollection} from "./MockCollection.sol";

/// @title A collection whose answer about its royalty can be set
/// @notice Misbehaves: `royaltyInfo` answers with the bytes that were set, reverts with them, or uses up
/// all gas. The bytes may be a bomb.
contract MockAnswerCollection is MockCollection {
    enum Manner {
        Return,
        Revert,
        BurnGas
    }

    bytes private _answer;
    uint256 private _size;
    Manner private _manner;

    /// @param size How many bytes to answer with; more than there are in `answer` are a bomb.
    function setAnswer(bytes calldata answer, uint256 size, Manner manner) external {
        (_answer, _size, _manner) = (answer, size, manner);
    }

    function royaltyInfo(uint256, uint256) external view override returns (address, uint256) {
        bytes memory answer = _answer;
        uint256 size = _size;
        Manner manner = _manner;
        assembly ("memory-safe") {
            switch manner
            case 0 {
                return(add(answer, 0x20), size)
            }
            case 1 {
                revert(add(answer, 0x20), size)
            }
            default {
                invalid()
            }
        }
    }
}
