// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockBuyer} from "./MockBuyer.sol";

/// @title A contract that tries one call with many amounts of gas
/// @notice Misbehaves: gives its target too little gas on purpose. Every try is undone, so hundreds of
/// amounts fit into one `eth_call`.
contract MockGasProbe is MockBuyer {
    /// @notice A number to look at after each try: what a view answers, or, without data, the coins of
    /// `target`.
    struct Watch {
        address target;
        bytes data;
    }

    /// @notice What a try with `gasAmount` came to.
    struct Outcome {
        uint256 gasAmount;
        bool success;
        uint256[] seen;
    }

    /// @notice Calls `target` with `first`, `first + step`, … gas, `count` times.
    function probe(
        address target,
        uint256 value,
        bytes calldata data,
        Watch[] calldata watches,
        uint256 first,
        uint256 step,
        uint256 count
    ) external returns (Outcome[] memory outcomes) {
        outcomes = new Outcome[](count);
        for (uint256 i = 0; i < count; ++i) {
            try this.attempt(target, value, data, watches, first + i * step) {} catch (
                bytes memory outcome
            ) {
                outcomes[i] = abi.decode(outcome, (Outcome));
            }
        }
    }

    /// @notice Makes one try and reverts with its `Outcome`.
    function attempt(
        address target,
        uint256 value,
        bytes calldata data,
        Watch[] calldata watches,
        uint256 gasAmount
    ) external {
        (bool success, ) = target.call{value: value, gas: gasAmount}(data);
        uint256[] memory seen = new uint256[](watches.length);
        for (uint256 i = 0; i < watches.length; ++i) {
            address watched = watches[i].target;
            if (watches[i].data.length == 0) {
                seen[i] = watched.balance;
            } else {
                (, bytes memory answer) = watched.staticcall(watches[i].data);
                seen[i] = abi.decode(answer, (uint256));
            }
        }
        bytes memory outcome = abi.encode(Outcome(gasAmount, success, seen));
        assembly ("memory-safe") {
            revert(add(outcome, 0x20), mload(outcome))
        }
    }
}
