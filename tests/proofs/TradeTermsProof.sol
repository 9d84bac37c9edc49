// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TradeTerms} from "../../contracts/libraries/TradeTerms.sol";
import {Prover} from "./Prover.sol";

/// @title The small numbers of a trade keep their values, and its parts sum to its price
/// @dev That nothing underflows is a line on paper: each part is rounded down, and the percents sum to 100.
contract TradeTermsProof is Prover {
    using TradeTerms for uint256;

    function check_each_number_comes_back(
        uint24 ship,
        uint24 inspect,
        uint24 ruling,
        uint16 referral,
        uint16 fee,
        uint16 silent,
        uint32 serial,
        uint96 parts
    ) external pure {
        uint256 terms = TradeTerms.pack(
            ship,
            inspect,
            ruling,
            referral,
            fee,
            silent,
            serial,
            parts
        );
        assert(terms.shipSeconds() == ship);
        assert(terms.inspectSeconds() == inspect);
        assert(terms.rulingSeconds() == ruling);
        assert(terms.referralBps() == referral);
        assert(terms.arbiterFeeBps() == fee);
        assert(terms.silentSellerBps() == silent);
        assert(terms >> 152 == parts);
        assert(uint32(terms >> 120) == serial);
    }

    function check_a_trade_of_one_part_is_all_of_it(uint128 amount, uint152 low) external pure {
        (uint256 left, uint256 worth, bool last) = uint256(low).rest(amount, 0);
        assert(left == amount && worth == amount && last);
    }

    /// @dev Whatever the percents: what is left after a part is what was left before less its worth, and
    /// the last part is worth all that is left. So the worths of all parts sum to the amount.
    /// @custom:halmos --loop 13 --solver-timeout-branching 1s
    function check_parts_sum_to_the_amount(uint128 amount, uint96 parts, uint8 part) external pure {
        vm.assume(part < 11 && parts >> 8 != 0);
        uint256 terms = TradeTerms.pack(0, 0, 0, 0, 0, 0, 0, parts);
        (uint256 left, uint256 worth, bool last) = terms.rest(amount, part);
        if (last) {
            assert(worth == left);
        } else {
            (uint256 next, , ) = terms.rest(amount, uint256(part) + 1);
            assert(next == left - worth);
        }
    }
}
