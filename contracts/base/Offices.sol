// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IOffices} from "../../interfaces/IOffices.sol";
import {Stewardship} from "./Stewardship.sol";

/// @title Steward and guardian
abstract contract Offices is IOffices, Stewardship {
    address public override guardian;
    address public override pendingGuardian;

    /// @param firstSteward Who holds the stewardship at first.
    /// @param firstGuardian Who holds the guardianship at first.
    constructor(address firstSteward, address firstGuardian) Stewardship(firstSteward) {
        if (firstGuardian == address(0) || firstGuardian == firstSteward) {
            revert Guardian_NotAllowed(firstGuardian);
        }
        _setGuardian(firstGuardian);
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
        address before = guardian;
        guardian = newGuardian;
        delete pendingGuardian;
        emit GuardianshipTaken(before, newGuardian);
    }
}
