// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IPFS addresses (CIDv1, sha2-256, base32) and the one-file folder that names a creation
/// @dev Specifications: multiformats CIDv1 and multibase `b`, IPLD dag-pb, UnixFS.
library ContentIdentifier {
    bytes1 internal constant RAW = 0x55;
    bytes1 internal constant DAG_PB = 0x70;

    bytes32 private constant BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

    /// @dev The name of a creator's document in its folder: `0x`, 40 lower-case hex digits, `.json`.
    function documentName(address creator) internal pure returns (string memory) {
        (bytes32 head, bytes8 tail) = _hex(creator);
        return string(abi.encodePacked("0x", head, tail, ".json"));
    }

    /// @dev sha2-256 of the dag-pb block of a UnixFS folder whose one file is a creator's document:
    /// field 2 is the link (hash, name, size), field 1 says "folder". `documentSize` must take two
    /// bytes as a protobuf number: 128 to 16,383.
    function folderDigest(
        bytes32 documentDigest,
        uint256 documentSize,
        address creator
    ) internal pure returns (bytes32) {
        (bytes32 head, bytes8 tail) = _hex(creator);
        return
            sha256(
                abi.encodePacked(
                    hex"125a0a2401551220",
                    documentDigest,
                    hex"122f",
                    "0x",
                    head,
                    tail,
                    ".json",
                    hex"18",
                    uint8(documentSize | 0x80),
                    uint8(documentSize >> 7),
                    hex"0a020801"
                )
            );
    }

    /// @dev The 40 hex digits of an address, all of a word at once instead of one by one: a registration
    /// pays for it.
    function _hex(address account) private pure returns (bytes32 head, bytes8 tail) {
        uint256 bits = uint256(uint160(account));
        head = _hexDigits(bits >> 32);
        // The last 4 bytes are 8 digits, at the word's lower end.
        tail = bytes8(uint64(uint256(_hexDigits(bits & 0xffffffff))));
    }

    /// @dev The 32 hex digits of a 16-byte number. Spreads its nibbles to a byte each, then makes them
    /// letters: '0' + nibble, and 39 more from ten on.
    function _hexDigits(uint256 x) private pure returns (bytes32) {
        x = (x | (x << 64)) & 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff;
        x = (x | (x << 32)) & 0x00000000ffffffff00000000ffffffff00000000ffffffff00000000ffffffff;
        x = (x | (x << 16)) & 0x0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff;
        x = (x | (x << 8)) & 0x00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff;
        x = (x | (x << 4)) & 0x0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f;
        uint256 letters =
            ((x + 0x0606060606060606060606060606060606060606060606060606060606060606) >> 4) &
                0x0101010101010101010101010101010101010101010101010101010101010101;
        unchecked {
            return
                bytes32(
                    x +
                        0x3030303030303030303030303030303030303030303030303030303030303030 +
                        letters * 39
                );
        }
    }

    /// @dev The CIDv1 of a sha2-256 digest as people write it: `b` and 58 letters of base32.
    function cid(bytes1 codec, bytes32 digest) internal pure returns (string memory) {
        bytes memory binary = abi.encodePacked(hex"01", codec, hex"1220", digest);
        bytes memory text = new bytes(59);
        text[0] = "b";
        uint256 bits;
        uint256 bitCount;
        uint256 length = 1;
        for (uint256 i = 0; i < binary.length; ++i) {
            bits = ((bits & 0x1f) << 8) | uint8(binary[i]);
            bitCount += 8;
            while (bitCount >= 5) {
                bitCount -= 5;
                text[length++] = BASE32[(bits >> bitCount) & 0x1f];
            }
        }
        // 288 bits are 57 letters and 3 bits.
        text[length] = BASE32[(bits << 2) & 0x1f];
        return string(text);
    }
}
