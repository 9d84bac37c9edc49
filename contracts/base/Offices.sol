// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IOffices} from "../../interfaces/IOffices.sol";

/// @title Steward and guardian
abstract contract Offices is IOffices {
    address public override steward;
    address public override pendingSteward;
    address public override guardian;
    address public override pendingGuardian;

    /// @param firstSteward Who holds the stewardship at first.
    /// @param firstGuardian Who holds the guardianship at first.
    constructor(address firstSteward, address firstGuardian) {
        if (firstSteward == address(0)) revert Steward_Zero();
        if (firstGuardian == address(0) || firstGuardian == firstSteward) {
            revert Guardian_NotAllowed(firstGuardian);
        }
        _setSteward(firstSteward);
        _setGuardian(firstGuardian);
    }

    /* STEWARD */

    /// @inheritdoc IOffices
    function offerStewardship(address to) external override {
        _checkSteward();
        pendingSteward = to;
        emit StewardshipOffered(msg.sender, to);
    }

    /// @inheritdoc IOffices
    function acceptStewardship() external override {
        if (msg.sender != pendingSteward) {
            revert Stewardship_NotOffered(msg.sender, pendingSteward);
        }
        _setSteward(msg.sender);
    }

    /// @inheritdoc IOffices
    function renounceStewardship() external override {
        _checkSteward();
        _setSteward(address(0));
    }

    function _checkSteward() internal view {
        if (msg.sender != steward) revert Steward_Required(msg.sender, steward);
    }

    function _setSteward(address newSteward) private {
        emit StewardshipTaken(steward, newSteward);
        steward = newSteward;
        delete pendingSteward;
    }

    /* GUARDIAN */

    /// @inheritdoc IOffices
    function offerGuardianship(address to) external override {
        _checkGuardian();
        pendingGuardian = to;
        emit GuardianshipOffered(msg.sender, to);
    }

    /// @inheritdoc IOffices
    function acceptGuardianship() external override {
        if (msg.sender != pendingGuardian) {
            revert Guardianship_NotOffered(msg.sender, pendingGuardian);
        }
        _setGuardian(msg.sender);
    }

    /// @inheritdoc IOffices
    function renounceGuardianship() external override {
        _checkGuardian();
        _setGuardian(address(0));
    }

    function _checkGuardian() internal view {
        if (msg.sender != guardian) revert Guardian_Required(msg.sender, guardian);
    }

    function _setGuardian(address newGuardian) private {
        emit GuardianshipTaken(guardian, newGuardian);
        guardian = newGuardian;
        delete pendingGuardian;
    }
}
