// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ERC721URIStorage} from "@openzeppelin/contracts/token/ERC721/extensions/ERC721URIStorage.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @dev The least that mints from a signature with OpenZeppelin's library: no fee, no royalty, no expiry, and
/// nobody knows afterwards who made the work.
contract OpenZeppelinVouchers is ERC721URIStorage, EIP712 {
    struct Voucher {
        address creator;
        uint256 id;
        uint256 price;
        string uri;
    }

    error Refused();

    bytes32 private constant TYPEHASH = keccak256(
        "Voucher(address creator,uint256 id,uint256 price,string uri)"
    );

    constructor() ERC721("Works", "WORK") EIP712("Works", "1") {}

    function mint(uint256 id, string calldata uri) external {
        _mint(msg.sender, id);
        _setTokenURI(id, uri);
    }

    function redeem(Voucher calldata voucher, bytes calldata signature) external payable {
        bytes32 digest = hashVoucher(voucher);
        if (ECDSA.recover(digest, signature) != voucher.creator) revert Refused();
        if (msg.value != voucher.price) revert Refused();
        _mint(msg.sender, voucher.id);
        _setTokenURI(voucher.id, voucher.uri);
        Address.sendValue(payable(voucher.creator), msg.value);
    }

    function hashVoucher(Voucher calldata voucher) public view returns (bytes32) {
        return
            _hashTypedDataV4(
                keccak256(
                    abi.encode(
                        TYPEHASH,
                        voucher.creator,
                        voucher.id,
                        voucher.price,
                        keccak256(bytes(voucher.uri))
                    )
                )
            );
    }
}
