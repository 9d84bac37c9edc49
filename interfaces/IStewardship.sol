// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title Stewardship
/// @notice An office that its holder may hand over, in two steps so that it can't be lost by a mistake, or
/// renounce for ever. What the steward may do, the contract says that has one.
interface IStewardship {
    /* ERRORS */

    /// @notice Only the steward may do this.
    /// @param caller Who tried.
    /// @param steward Who may; zero if the stewardship has ended.
    error Steward_Required(address caller, address steward);

    /// @notice The first steward must be somebody.
    error Steward_Zero();

    /// @notice The stewardship can be accepted only by whom it is offered to.
    /// @param caller Who tried.
    /// @param pendingSteward Who may; zero if it is offered to nobody.
    error Stewardship_NotOffered(address caller, address pendingSteward);

    /* EVENTS */

    /// @notice The steward offers the stewardship, in place of any offer before.
    /// @param steward Who offers it.
    /// @param to Who may accept it; zero: the offer before is withdrawn.
    event StewardshipOffered(address indexed steward, address indexed to);

    /// @notice The stewardship goes to somebody, or ends for ever.
    /// @param before Who had it; zero at deployment.
    /// @param steward Who has it now; zero: renounced, or used up.
    event StewardshipTaken(address indexed before, address indexed steward);

    /* STEWARD */

    /// @notice Offers the stewardship to `to`, who has it once they accept. Zero withdraws the offer.
    /// For the steward, who keeps it until then.
    function offerStewardship(address to) external;

    /// @notice Takes over the stewardship; for whom it is offered to.
    function acceptStewardship() external;

    /// @notice Ends the stewardship and any offer of it; for the steward.
    function renounceStewardship() external;

    /* VIEWS */

    /// @notice The steward; zero once the stewardship has ended.
    function steward() external view returns (address);

    /// @notice Whom the stewardship is offered to; zero if to nobody.
    function pendingSteward() external view returns (address);
}
