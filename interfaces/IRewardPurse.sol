// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title Where a reward pool's income waits
/// @notice Takes whatever is sent to it and does nothing but what its pool says. It stands apart so that money
/// that isn't anybody's reward yet can't be claimed.
interface IRewardPurse {
    /// @notice Only the pool may do this.
    error Caller_NotPool(address caller, address pool);

    /// @notice Sends an asset; for the pool.
    /// @param asset An ERC-20 token, or zero for the chain's own coin.
    function pay(address asset, address to, uint256 amount) external;

    /// @notice The pool that made this purse.
    function POOL() external view returns (address);
}
