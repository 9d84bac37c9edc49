// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title Steward and guardian
/// @notice A second office beside the stewardship (`IStewardship`), which is handed over and renounced in
/// the same way.
/// @dev Warning: nothing keeps both offices from being held by one person.
interface IOffices {
    /* ERRORS */

    /// @notice Only the guardian may do this.
    /// @param guardian Who may; zero if the guardianship has ended.
    error Guardian_Required(address caller, address guardian);

    /// @notice The first guardian must be somebody else than the steward.
    error Guardian_NotAllowed(address guardian);

    /// @notice The guardianship can be accepted only by whom it is offered to.
    /// @param pendingGuardian Who may; zero if it is offered to nobody.
    error Guardianship_NotOffered(address caller, address pendingGuardian);

    /* EVENTS */

    /// @notice The guardian offers the guardianship, in place of any offer before.
    /// @param to Who may accept it; zero: the offer before is withdrawn.
    event GuardianshipOffered(address indexed guardian, address indexed to);

    /// @notice The guardianship goes to somebody, or ends for ever.
    /// @param before Who had it; zero at deployment.
    /// @param guardian Who has it now; zero: renounced.
    event GuardianshipTaken(address indexed before, address indexed guardian);

    /* GUARDIAN */

    /// @notice Offers the guardianship to `to`, who has it once they accept. Zero withdraws the offer.
    /// For the guardian, who keeps it until then.
    function offerGuardianship(address to) external;

    /// @notice Takes over the guardianship; for whom it is offered to.
    function acceptGuardianship() external;

    /// @notice Ends the guardianship and any offer of it; for the guardian.
    function renounceGuardianship() external;

    /* VIEWS */

    /// @notice The guardian; zero once renounced.
    function guardian() external view returns (address);

    /// @notice Whom the guardianship is offered to; zero if to nobody.
    function pendingGuardian() external view returns (address);
}
