// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {EscrowMarket} from "../../contracts/EscrowMarket.sol";
import {TradeTerms} from "../../contracts/libraries/TradeTerms.sol";
import {IEscrowMarket} from "../../interfaces/IEscrowMarket.sol";
import {Prover} from "./Prover.sol";

contract Registry {
    function transferFrom(address, address, uint256) external pure {}
}

/// @title A trade ends once, and what it pays is what it held
contract EscrowMarketProof is Prover {
    using TradeTerms for uint256;

    // Where the compiler puts `_trades`; `_put` sees to it that this is so.
    uint256 private constant TRADES_SLOT = 4;
    uint256 private constant DEADLINE_SHIFT = 8;
    uint256 private constant PART_SHIFT = 72;

    address private constant SELLER = address(0x5e11e4);
    address private constant BUYER = address(0xb0e4);
    address private constant ARBITER = address(0xa4b17e4);
    address private constant COMMUNITY = address(0xc0);

    EscrowMarket private _market;

    function setUp() external {
        _market = new EscrowMarket(address(new Registry()), COMMUNITY, 0);
        vm.deal(address(_market), type(uint96).max);
    }

    /* ONE END */

    /// @custom:halmos --loop 12
    function check_an_ended_trade_stays_ended(
        IEscrowMarket.Trade calldata trade,
        address caller,
        uint64 time,
        bytes32 word,
        uint256 number
    ) external {
        vm.warp(time);
        bytes memory signature = new bytes(65);
        bytes[11] memory acts = [
            abi.encodeCall(IEscrowMarket.ship, (trade, word)),
            abi.encodeCall(IEscrowMarket.confirm, (trade)),
            abi.encodeCall(IEscrowMarket.refund, (trade)),
            abi.encodeCall(IEscrowMarket.claimTimeout, (trade)),
            abi.encodeCall(IEscrowMarket.dispute, (trade, word)),
            abi.encodeCall(IEscrowMarket.submitEvidence, (trade, word)),
            abi.encodeCall(IEscrowMarket.rule, (trade, number, caller)),
            abi.encodeCall(IEscrowMarket.shipFor, (trade, word, number, signature)),
            abi.encodeCall(IEscrowMarket.refundFor, (trade, number, signature)),
            abi.encodeCall(
                IEscrowMarket.submitEvidenceFor,
                (trade, caller, word, number, number, signature)
            ),
            abi.encodeCall(IEscrowMarket.settle, (trade, number, number, signature, signature))
        ];
        for (uint256 i = 0; i < acts.length; ++i) {
            vm.prank(caller);
            (bool done, ) = address(_market).call(acts[i]);
            assert(!done);
        }
    }

    function check_confirming_goes_on_by_one_part_or_ends(
        uint88 amount,
        uint256 terms,
        uint8 state,
        uint64 deadline,
        uint64 time,
        address caller
    ) external {
        IEscrowMarket.Trade memory trade = _trade(amount, terms);
        uint256 part = _put(trade, state, deadline, 0);
        vm.warp(time);
        vm.prank(caller);
        _market.confirm(trade);
        assert(caller == BUYER);
        (IEscrowMarket.TradeState now_, , uint256 next) = _market.tradeState(
            _market.hashTrade(trade)
        );
        (, uint256 worth, bool last) = terms.rest(amount, part);
        assert(
            last
                ? now_ == IEscrowMarket.TradeState.None
                : now_ == IEscrowMarket.TradeState.Funded && next == part + 1
        );
        assert(SELLER.balance == worth);
        assert(BUYER.balance == 0);
    }

    function check_a_refund_is_all_that_is_left(
        uint88 amount,
        uint256 terms,
        uint8 state,
        uint64 deadline,
        uint64 time,
        address caller
    ) external {
        IEscrowMarket.Trade memory trade = _trade(amount, terms);
        uint256 part = _put(trade, state, deadline, 1);
        vm.warp(time);
        vm.prank(caller);
        _market.refund(trade);
        assert(caller == SELLER);
        _ended(trade);
        (uint256 left, , ) = terms.rest(amount, part);
        assert(BUYER.balance == left);
        assert(SELLER.balance == 0);
    }

    function check_a_ruling_divides_all_that_is_left(
        uint88 amount,
        uint256 terms,
        uint8 state,
        uint64 deadline,
        uint64 time,
        address caller,
        uint256 sellerBps
    ) external {
        IEscrowMarket.Trade memory trade = _trade(amount, terms);
        uint256 part = _put(trade, state, deadline, 1);
        vm.warp(time);
        vm.prank(caller);
        _market.rule(trade, sellerBps, ARBITER);
        assert(caller == ARBITER);
        assert(time <= deadline && state == uint8(IEscrowMarket.TradeState.Disputed));
        assert(sellerBps <= BPS);
        _ended(trade);
        (uint256 left, , ) = terms.rest(amount, part);
        assert(_paid() == left);
    }

    function check_a_deadline_pays_all_that_is_left_or_a_part(
        uint88 amount,
        uint256 terms,
        uint8 state,
        uint64 deadline,
        uint64 time,
        address caller
    ) external {
        IEscrowMarket.Trade memory trade = _trade(amount, terms);
        _put(trade, state, deadline, 0);
        vm.warp(time);
        vm.prank(caller);
        _market.claimTimeout(trade);
        assert(time > deadline);
        (uint256 left, uint256 worth, bool last) = terms.rest(amount, 0);
        if (state == uint8(IEscrowMarket.TradeState.Shipped)) {
            assert(_paid() == worth && BUYER.balance == 0);
            if (last) _ended(trade);
        } else {
            _ended(trade);
            assert(_paid() == left);
        }
    }

    /// @dev A trade of coins with these parties, of at most two parts of any percents. How a price is divided
    /// among others is TillProof's: here is no fee and no referrer.
    function _trade(
        uint88 amount,
        uint256 terms
    ) private pure returns (IEscrowMarket.Trade memory trade) {
        // The parts begin at bit 152, eight each.
        vm.assume(terms >> 168 == 0);
        trade = IEscrowMarket.Trade({
            offerId: bytes32(0),
            seller: SELLER,
            buyer: BUYER,
            referrer: address(0),
            arbiter: ARBITER,
            creationId: 0,
            asset: address(0),
            amount: amount,
            terms: terms
        });
    }

    /// @dev Puts a trade into any live state.
    function _put(
        IEscrowMarket.Trade memory trade,
        uint8 state,
        uint64 deadline,
        uint256 part
    ) private returns (uint256) {
        vm.assume(state != 0 && state <= uint8(type(IEscrowMarket.TradeState).max));
        bytes32 tradeId = _market.hashTrade(trade);
        uint256 slot = state | (uint256(deadline) << DEADLINE_SHIFT) | (part << PART_SHIFT);
        vm.store(address(_market), keccak256(abi.encode(tradeId, TRADES_SLOT)), bytes32(slot));
        (IEscrowMarket.TradeState seen, uint256 until, uint256 at) = _market.tradeState(tradeId);
        assert(uint8(seen) == state && until == deadline && at == part);
        return part;
    }

    function _ended(IEscrowMarket.Trade memory trade) private view {
        (IEscrowMarket.TradeState state, uint256 deadline, uint256 part) = _market.tradeState(
            _market.hashTrade(trade)
        );
        assert(state == IEscrowMarket.TradeState.None && deadline == 0 && part == 0);
    }

    function _paid() private view returns (uint256) {
        return SELLER.balance + BUYER.balance + ARBITER.balance;
    }
}
