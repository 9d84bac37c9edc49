// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @title A timelock
/// @notice Behaves: OpenZeppelin's, unchanged.
contract MockTimelock is TimelockController {
    constructor(
        uint256 delay,
        address[] memory proposers,
        address[] memory executors,
        address admin
    ) TimelockController(delay, proposers, executors, admin) {}
}
