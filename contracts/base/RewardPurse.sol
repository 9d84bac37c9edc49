// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IRewardPurse} from "../../interfaces/IRewardPurse.sol";

/// @title Where a reward pool's income waits
contract RewardPurse is IRewardPurse {
    address public immutable override POOL;

    constructor() {
        POOL = msg.sender;
    }

    // solhint-disable-next-line no-empty-blocks
    receive() external payable {}

    /// @inheritdoc IRewardPurse
    function pay(address asset, address to, uint256 amount) external override {
        if (msg.sender != POOL) revert Caller_NotPool(msg.sender, POOL);
        if (asset == address(0)) {
            SafeTransferLib.safeTransferETH(to, amount);
        } else {
            SafeTransferLib.safeTransfer(asset, to, amount);
        }
    }
}
