// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BoundedCall} from "../libraries/BoundedCall.sol";

/// @title The function of `BoundedCall`, callable from outside
contract MockBoundedCall {
    event Tried(bool success, uint256 gasUsed);

    function tryTransfer(address token, address to, uint256 amount, uint256 gasLimit) external {
        uint256 before = gasleft();
        bool success = BoundedCall.tryTransfer(token, to, amount, gasLimit);
        emit Tried(success, before - gasleft());
    }
}
