// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IConsent} from "../../interfaces/IConsent.sol";

/// @title Documents that people sign instead of sending transactions
abstract contract Consent is IConsent, EIP712 {
    uint256 public constant override NONCES_MAX = 65_536;

    mapping(address signer => mapping(uint256 word => uint256 bits)) private _nonces; // after EIP712's

    /* CANCEL */

    /// @inheritdoc IConsent
    function cancelNonces(uint256 first, uint256 last) external override {
        if (first > last || last - first >= NONCES_MAX) {
            revert Nonces_OutOfRange(first, last, NONCES_MAX);
        }
        emit NoncesCancelled(msg.sender, first, last);
        uint256 lastWord = last >> 8;
        for (uint256 word = first >> 8; word <= lastWord; ++word) {
            uint256 mask = type(uint256).max;
            if (word == first >> 8) mask <<= first & 0xff;
            if (word == lastWord) mask &= type(uint256).max >> (0xff - (last & 0xff));
            _nonces[msg.sender][word] |= mask;
        }
    }

    /// @dev Uses a nonce, or refuses the document that carries it.
    function _useNonce(address signer, uint256 nonce) internal {
        uint256 bits = _nonces[signer][nonce >> 8];
        uint256 bit = 1 << (nonce & 0xff);
        if (bits & bit != 0) revert Nonce_Used(signer, nonce);
        _nonces[signer][nonce >> 8] = bits | bit;
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

    /// @dev The EIP-712 digest of a struct of words that calldata holds as they are hashed.
    function _hashWords(
        bytes32 typehash,
        uint256 position,
        uint256 count
    ) internal view returns (bytes32) {
        bytes32 structHash;
        assembly ("memory-safe") {
            let words := mload(0x40)
            let size := shl(5, count)
            mstore(words, typehash)
            calldatacopy(add(words, 0x20), position, size)
            structHash := keccak256(words, add(size, 0x20))
        }
        return _hashTypedDataV4(structHash);
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

    /* VIEWS */

    /// @inheritdoc IConsent
    function nonceUsed(address signer, uint256 nonce) public view override returns (bool) {
        return (_nonces[signer][nonce >> 8] >> (nonce & 0xff)) & 1 != 0;
    }
}
