// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title A contract that acts for whoever calls it
/// @notice Makes any call with any data and value, so that a contract can be a seller, a buyer or a
/// creator. Takes coins; takes creations by `transferFrom` only, as it has no ERC-721 receiver.
contract MockBuyer {
    receive() external payable virtual {}

    /// @dev Hands back whatever the target returns or reverts with.
    function execute(
        address target,
        uint256 value,
        bytes calldata data
    ) external payable returns (bytes memory) {
        (bool success, bytes memory answer) = target.call{value: value}(data);
        if (!success) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
        return answer;
    }
}
