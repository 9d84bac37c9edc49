// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title Documents that people sign instead of sending transactions
/// @notice EIP-712 documents of this market, signed by an ordinary key (65 bytes, or 64 as in ERC-2098)
/// or by a contract (ERC-1271). The digest names this chain and this contract, so a document is worth
/// nothing anywhere else, a fork included.
/// @dev Each document carries a nonce of its signer's, any number that no other of the signer's documents
/// here has. Nonces are kept in a bitmap, 256 to a word: those given in sequence are the cheapest to use and
/// to cancel. A signature is never a key: signing the same document twice gives it no second life.
/// @dev Warning: a contract's consent counts as it answers at that moment, and may change before.
interface IConsent {
    /* ERRORS */

    /// @notice The nonce was used or cancelled.
    error Nonce_Used(address signer, uint256 nonce);

    /// @notice Nonces are cancelled from the first to the last, at most `max` at a time.
    error Nonces_OutOfRange(uint256 first, uint256 last, uint256 max);

    /// @notice The signature isn't this signer's under this digest.
    error Signature_Wrong(address signer, bytes32 digest);

    /* EVENTS */

    /// @notice Whatever `signer` signed here under these nonces, first and last included, is dead.
    event NoncesCancelled(address indexed signer, uint256 first, uint256 last);

    /* CANCEL */

    /// @notice Kills every document of the caller's with a nonce from `first` to `last`, both included.
    /// `cancelNonces(0, n)` cancels all up to a point, `cancelNonces(n, n)` one.
    function cancelNonces(uint256 first, uint256 last) external;

    /* VIEWS */

    /// @notice Whether a nonce was used or cancelled.
    function nonceUsed(address signer, uint256 nonce) external view returns (bool);

    /// @notice The most nonces that can be cancelled in one call.
    function NONCES_MAX() external view returns (uint256);
}
