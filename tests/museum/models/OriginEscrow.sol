// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title An escrow in the manner of Origin's first marketplace (2018), as little of it as fails
/// @notice Keeps its two faults: a dispute has no deadline, and one ruling pushes coins to both
/// parties and insists that both arrive.
contract OriginEscrow {
    struct Deal {
        address payable buyer;
        address payable seller;
        address arbitrator;
        uint256 value;
        bool disputed;
    }

    Deal[] public deals;

    function open(address payable seller, address arbitrator) external payable {
        deals.push(Deal(payable(msg.sender), seller, arbitrator, msg.value, false));
    }

    function finalize(uint256 number) external {
        Deal memory deal = deals[number];
        require(msg.sender == deal.buyer && !deal.disputed, "not now");
        _close(number, 0);
    }

    function dispute(uint256 number) external {
        Deal storage deal = deals[number];
        require(msg.sender == deal.buyer || msg.sender == deal.seller, "not a party");
        deal.disputed = true;
    }

    function rule(uint256 number, uint256 refund) external {
        Deal memory deal = deals[number];
        require(msg.sender == deal.arbitrator && deal.disputed, "not the arbitrator");
        _close(number, refund);
    }

    function _close(uint256 number, uint256 refund) private {
        Deal memory deal = deals[number];
        delete deals[number];
        require(deal.buyer.send(refund), "refund failed");
        require(deal.seller.send(deal.value - refund), "payment failed");
    }
}
