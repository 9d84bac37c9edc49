// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title A token whose answer can be set
/// @notice Misbehaves: any call but `setAnswer` moves nothing and answers with the bytes that were set,
/// or reverts with them.
contract MockAnswerToken {
    bytes private _answer;
    bool private _reverting;

    fallback() external {
        _respond();
    }

    function setAnswer(bytes calldata answer, bool reverting) external {
        _answer = answer;
        _reverting = reverting;
    }

    function _respond() private view {
        bytes memory answer = _answer;
        bool reverting = _reverting;
        assembly ("memory-safe") {
            if reverting {
                revert(add(answer, 0x20), mload(answer))
            }
            return(add(answer, 0x20), mload(answer))
        }
    }
}
