// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ContentIdentifier} from "../libraries/ContentIdentifier.sol";

/// @title The functions of `ContentIdentifier`, callable from outside
contract MockContentIdentifier {
    function documentName(address creator) external pure returns (string memory) {
        return ContentIdentifier.documentName(creator);
    }

    function folderDigest(
        bytes32 documentDigest,
        uint256 documentSize,
        address creator
    ) external pure returns (bytes32) {
        return ContentIdentifier.folderDigest(documentDigest, documentSize, creator);
    }

    function cid(bytes1 codec, bytes32 digest) external pure returns (string memory) {
        return ContentIdentifier.cid(codec, digest);
    }
}
