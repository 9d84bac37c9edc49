// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {EIP712} from "solady/utils/EIP712.sol";
import {ISignatures} from "../../interfaces/ISignatures.sol";

/// @title Signatures that count
abstract contract Signatures is ISignatures, EIP712 {
    /// @dev Whether `signer` signed the struct and it can still be used.
    /// @param expiry Last second at which it can, as the struct says.
    function _checkConsent(
        address signer,
        bytes32 structHash,
        uint256 expiry,
        bytes calldata signature
    ) internal view {
        bytes32 digest = _hashTypedData(structHash);
        _checkExpired(digest, expiry);
        _checkSignature(signer, digest, signature);
    }

    function _checkExpired(bytes32 documentId, uint256 expiry) internal view {
        if (block.timestamp > expiry) {
            revert Document_Expired(documentId, expiry, block.timestamp);
        }
    }

    /// @dev An ordinary key's signature counts first: an account with delegated code (EIP-7702) has both.
    function _checkSignature(
        address signer,
        bytes32 digest,
        bytes calldata signature
    ) internal view {
        if (_recover(digest, signature) == signer && signer != address(0)) return;
        if (SignatureChecker.isValidERC1271SignatureNow(signer, digest, signature)) return;
        revert Signature_Wrong(signer, digest);
    }

    /// @dev The hash of a struct of words that calldata holds as they are hashed.
    function _hashWords(
        bytes32 typehash,
        uint256 position,
        uint256 count
    ) internal pure returns (bytes32 structHash) {
        assembly ("memory-safe") {
            let words := mload(0x40)
            let size := shl(5, count)
            mstore(words, typehash)
            calldatacopy(add(words, 0x20), position, size)
            structHash := keccak256(words, add(size, 0x20))
        }
    }

    /// @dev Zero where nobody's key made the signature; a high `s` counts as nobody's.
    function _recover(
        bytes32 digest,
        bytes calldata signature
    ) private pure returns (address signer) {
        if (signature.length == 64) {
            (signer, , ) = ECDSA.tryRecover(
                digest,
                bytes32(signature[:32]),
                bytes32(signature[32:])
            );
        } else if (signature.length == 65) {
            (signer, , ) = ECDSA.tryRecover(
                digest,
                uint8(signature[64]),
                bytes32(signature[:32]),
                bytes32(signature[32:64])
            );
        }
    }
}
