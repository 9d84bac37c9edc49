// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IStewardship} from "../../interfaces/IStewardship.sol";

/// @title Stewardship
abstract contract Stewardship is IStewardship {
    address public override steward;
    address public override pendingSteward;

    /// @param firstSteward Who holds the stewardship at first.
    constructor(address firstSteward) {
        if (firstSteward == address(0)) revert Steward_Zero();
        _setSteward(firstSteward);
    }

    /* STEWARD */

    /// @inheritdoc IStewardship
    function offerStewardship(address to) external override {
        _checkSteward();
        pendingSteward = to;
        emit StewardshipOffered(msg.sender, to);
    }

    /// @inheritdoc IStewardship
    function acceptStewardship() external override {
        if (msg.sender != pendingSteward) {
            revert Stewardship_NotOffered(msg.sender, pendingSteward);
        }
        _setSteward(msg.sender);
    }

    /// @inheritdoc IStewardship
    function renounceStewardship() external override {
        _checkSteward();
        _setSteward(address(0));
    }

    function _checkSteward() internal view {
        if (msg.sender != steward) revert Steward_Required(msg.sender, steward);
    }

    function _setSteward(address newSteward) internal {
        address before = steward;
        steward = newSteward;
        delete pendingSteward;
        emit StewardshipTaken(before, newSteward);
    }
}
