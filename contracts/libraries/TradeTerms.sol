// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title The small numbers of a trade in one word
/// @dev From the lowest bit: shipSeconds 24 | inspectSeconds 24 | rulingSeconds 24 | referralBps 16 |
/// arbiterFeeBps 16 | silentSellerBps 16 | serial 32 | percents of up to 12 parts, 8 each. Calldata costs by
/// the word, and every call about a trade brings its terms along.
library TradeTerms {
    uint256 private constant INSPECT_SHIFT = 24;
    uint256 private constant RULING_SHIFT = 48;
    uint256 private constant REFERRAL_SHIFT = 72;
    uint256 private constant FEE_SHIFT = 88;
    uint256 private constant SILENT_SHIFT = 104;
    uint256 private constant SERIAL_SHIFT = 120;
    uint256 private constant PARTS_SHIFT = 152;

    /// @dev The values must fit, as bounds checked before make sure.
    function pack(
        uint256 shipSeconds_,
        uint256 inspectSeconds_,
        uint256 rulingSeconds_,
        uint256 referralBps_,
        uint256 arbiterFeeBps_,
        uint256 silentSellerBps_,
        uint256 serial,
        uint256 parts
    ) internal pure returns (uint256 terms) {
        return
            shipSeconds_ |
            (inspectSeconds_ << INSPECT_SHIFT) |
            (rulingSeconds_ << RULING_SHIFT) |
            (referralBps_ << REFERRAL_SHIFT) |
            (arbiterFeeBps_ << FEE_SHIFT) |
            (silentSellerBps_ << SILENT_SHIFT) |
            (serial << SERIAL_SHIFT) |
            (parts << PARTS_SHIFT);
    }

    function shipSeconds(uint256 terms) internal pure returns (uint256) {
        return terms & 0xffffff;
    }

    function inspectSeconds(uint256 terms) internal pure returns (uint256) {
        return (terms >> INSPECT_SHIFT) & 0xffffff;
    }

    function rulingSeconds(uint256 terms) internal pure returns (uint256) {
        return (terms >> RULING_SHIFT) & 0xffffff;
    }

    function referralBps(uint256 terms) internal pure returns (uint256) {
        return (terms >> REFERRAL_SHIFT) & 0xffff;
    }

    function arbiterFeeBps(uint256 terms) internal pure returns (uint256) {
        return (terms >> FEE_SHIFT) & 0xffff;
    }

    function silentSellerBps(uint256 terms) internal pure returns (uint256) {
        return (terms >> SILENT_SHIFT) & 0xffff;
    }

    /// @dev What is left in escrow before a part is paid, and what the part is worth: all that is left,
    /// if it is the last.
    /// @param amount What was paid in all.
    /// @param part Which part, from zero.
    function rest(
        uint256 terms,
        uint256 amount,
        uint256 part
    ) internal pure returns (uint256 left, uint256 worth, bool last) {
        uint256 parts = terms >> PARTS_SHIFT;
        if (parts == 0) return (amount, amount, true);
        left = amount;
        for (uint256 i = 0; i < part; ++i) {
            left -= (amount * (parts & 0xff)) / 100;
            parts >>= 8;
        }
        last = parts >> 8 == 0;
        worth = last ? left : (amount * (parts & 0xff)) / 100;
    }
}
