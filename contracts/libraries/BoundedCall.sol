// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title ERC-20 transfers that can't take their caller down
/// @dev Solady's `SafeTransferLib` has such a call for coins, but none for tokens.
library BoundedCall {
    /// @dev Calls `token.transfer(to, amount)` with at most `gasLimit` gas, copies at most one word of
    /// what comes back, and never reverts.
    /// @return success Whether the token is a contract, didn't revert, and returned nothing or true.
    function tryTransfer(
        address token,
        address to,
        uint256 amount,
        uint256 gasLimit
    ) internal returns (bool success) {
        bytes memory data = abi.encodeWithSelector(0xa9059cbb, to, amount);
        assembly ("memory-safe") {
            mstore(0x00, 0)
            success := call(gasLimit, token, 0, add(data, 0x20), mload(data), 0x00, 0x20)
            switch returndatasize()
            case 0 {
                // Tokens such as USDT return nothing; an address without code does so, too.
                success := and(success, iszero(iszero(extcodesize(token))))
            }
            default {
                success := and(success, and(gt(returndatasize(), 0x1f), eq(mload(0x00), 1)))
            }
        }
    }
}
