// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockArbitrator} from "./MockArbitrator.sol";

/// @title An arbitrator that cheats whoever pays it
/// @notice Misbehaves as told: asks more than it said, gives every dispute the same number, pays back,
/// makes a call in the middle of creating a dispute, or makes any call at all.
contract MockCrookedArbitrator is MockArbitrator {
    /// @notice What the call in the middle came to.
    event Meddled(bool success, bytes answer);

    enum Trick {
        None,
        RaisePrice,
        SameNumber,
        PayBack,
        Meddle
    }

    Trick public trick;
    address private _target;
    uint256 private _value;
    bytes private _data;

    receive() external payable {}

    function setTrick(Trick newTrick) external {
        trick = newTrick;
    }

    /// @notice What is called, once, in the middle of creating a dispute; with what value.
    function setCall(address target, uint256 value, bytes calldata data) external {
        (_target, _value, _data) = (target, value, data);
    }

    function createDispute(
        uint256 choices,
        bytes calldata extraData
    ) public payable override returns (uint256 disputeID) {
        Trick now_ = trick;
        if (now_ == Trick.RaisePrice) revert Payment_Wrong(msg.value, 2 * cost);
        if (now_ == Trick.Meddle && _data.length != 0) {
            bytes memory data = _data;
            delete _data;
            (bool success, bytes memory answer) = _target.call{value: _value}(data);
            emit Meddled(success, answer);
        }
        disputeID = super.createDispute(choices, extraData);
        if (now_ == Trick.SameNumber) return 0;
        if (now_ == Trick.PayBack) {
            (bool success, bytes memory answer) = msg.sender.call{value: 1}("");
            emit Meddled(success, answer);
        }
    }

    /// @notice Makes any call, such as rulings that nobody asked for.
    function execute(address target, bytes calldata data) external payable {
        (bool success, bytes memory answer) = target.call{value: msg.value}(data);
        if (!success) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
    }
}
