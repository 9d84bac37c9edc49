// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title The money inside one community
/// @notice An ERC-20 token with ERC-2612 permits. Its supply is capped, its minter is named once and
/// for ever, and nobody, the operator included, holds any power over somebody else's balance.
/// @dev Amounts are in the token's smallest unit (10^-18 of a whole token). ERC-20 and ERC-2612
/// errors and events are OpenZeppelin's (ERC-6093).
/// @dev The steward (`IStewardship`) may name the minter, once, and has no other right.
/// @dev Warning: until the minter is named, the steward can name any contract. Read the code behind
/// `minter` before you accept the token as money. Without a steward and without a minter, the supply
/// stays what it is for ever.
interface ICommunityToken {
    /* ERRORS */

    /// @notice The cap is zero, or the opening supply is above it.
    /// @param openingSupply What should be minted at deployment, smallest unit.
    /// @param cap The largest supply there can ever be, smallest unit.
    error Supply_OutOfRange(uint256 openingSupply, uint256 cap);

    /// @notice A mint would lift the supply above the cap.
    /// @param amount What should be minted, smallest unit.
    /// @param room What can still be minted, smallest unit.
    error Supply_CapExceeded(uint256 amount, uint256 room);

    /// @notice The minter was named before and never changes.
    error Minter_AlreadySet(address minter);

    /// @notice A minter must be a contract, so that anybody can read what it may do. An account that only
    /// delegates to code (EIP-7702) is a person.
    error Minter_HasNoCode(address account);

    /// @notice Only the minter may mint.
    error Minter_Required(address caller, address minter);

    /* EVENTS */

    /// @notice The minter is named; this happens at most once.
    event MinterNamed(address indexed minter);

    /* MINT */

    /// @notice Names the only account that can ever mint. Works once, for the steward, who has no
    /// other right but to hand this one over, and none at all afterwards: the stewardship ends.
    function setMinter(address newMinter) external;

    /// @notice Mints `amount` to `to`; for the minter, within the cap.
    function mint(address to, uint256 amount) external;

    /* VIEWS */

    /// @notice The largest supply there can ever be, smallest unit.
    function CAP() external view returns (uint256);

    /// @notice The only account that can mint; zero until it is named.
    function minter() external view returns (address);
}
