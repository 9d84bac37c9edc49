// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title A falling-price auction in the manner of Akutar's (2022), as little of it as fails
/// @notice Keeps its two faults: refunds are pushed one after the other and each must arrive, and the
/// project is paid only when as many bidders were refunded as pieces were sold.
contract CountingAuction {
    struct Bid {
        address bidder;
        uint256 pieces;
        uint256 paid;
    }

    address public immutable PROJECT;
    uint256 public price;
    uint256 public totalBids;
    uint256 public refundProgress;
    Bid[] public bids;

    constructor(uint256 firstPrice) {
        (PROJECT, price) = (msg.sender, firstPrice);
    }

    function bid(uint256 pieces) external payable {
        require(msg.value == pieces * price, "wrong value");
        bids.push(Bid(msg.sender, pieces, msg.value));
        totalBids += pieces;
    }

    function lowerPrice(uint256 newPrice) external {
        require(msg.sender == PROJECT && newPrice < price, "not lower");
        price = newPrice;
    }

    function processRefunds() external {
        uint256 progress = refundProgress;
        require(progress < bids.length, "all refunded");
        for (; progress < bids.length; ++progress) {
            Bid memory one = bids[progress];
            (bool sent, ) = one.bidder.call{value: one.paid - one.pieces * price}("");
            require(sent, "refund failed");
        }
        refundProgress = progress;
    }

    function claimProjectFunds() external {
        require(msg.sender == PROJECT, "not the project");
        require(refundProgress >= totalBids, "refunds not done");
        payable(PROJECT).transfer(address(this).balance);
    }
}
