// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title Documents that people sign instead of sending transactions
/// @notice Each document of this market that can be used once carries a nonce of its signer's, any number that
/// no other of the signer's documents here has. Nonces are kept in a bitmap, 256 to a word: those given in
/// sequence are the cheapest to use and to cancel.
interface IConsent {
    /* ERRORS */

    /// @notice The nonce was used or cancelled.
    error Nonce_Used(address signer, uint256 nonce);

    /// @notice Nonces are cancelled from the first to the last, at most `max` at a time.
    error Nonces_OutOfRange(uint256 first, uint256 last, uint256 max);

    /* EVENTS */

    /// @notice Whatever `signer` signed here under these nonces, first and last included, is dead.
    event NoncesCancelled(address indexed signer, uint256 first, uint256 last);

    /* CANCEL */

    /// @notice Kills every document of the caller's with a nonce from `first` to `last`, both included.
    /// `cancelNonces(0, n)` cancels all up to a point, `cancelNonces(n, n)` one.
    function cancelNonces(uint256 first, uint256 last) external;

    /// @notice The same for whoever signed EIP-712
    /// `Cancellation(address signer,uint256 first,uint256 last,uint256 expiry)`. Brought again it changes nothing.
    /// @param expiry Last second at which the cancellation can be brought.
    function cancelNoncesFor(
        address signer,
        uint256 first,
        uint256 last,
        uint256 expiry,
        bytes calldata signature
    ) external;

    /* VIEWS */

    /// @notice Whether a nonce was used or cancelled.
    function nonceUsed(address signer, uint256 nonce) external view returns (bool);

    /// @notice The most nonces that can be cancelled in one call.
    function NONCES_MAX() external view returns (uint256);
}
