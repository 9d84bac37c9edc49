// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title Signatures that count
/// @notice EIP-712 documents of this contract, signed by an ordinary key (65 bytes, or 64 as in ERC-2098) or by a
/// contract (ERC-1271). The digest names this chain and this contract, so a document is worth nothing anywhere
/// else, a fork included.
/// @dev Functions whose name ends in `For` do what a signer wants for whoever brings the document: nobody but
/// the signer is bound by it, and who brings it can change nothing in it. They need no trusted forwarder.
/// @dev A signature is never a key: signing the same document twice gives it no second life.
/// @dev Warning: a contract's consent counts as it answers at that moment, and may change before.
interface ISignatures {
    /* ERRORS */

    /// @notice The signature isn't this signer's under this digest.
    error Signature_Wrong(address signer, bytes32 digest);

    /// @notice The document can't be used any more.
    error Document_Expired(bytes32 documentId, uint256 expiry, uint256 timestamp);
}
