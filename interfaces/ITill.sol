// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title Money that can't be held up
/// @notice What all markets of the suite share: they pay at once where that can't fail, and credit
/// where it can. There is no owner, no pause, no upgrade; the fee and its recipient are fixed at deployment.
/// @dev Amounts are in the asset's smallest unit (wei for coins), shares in basis points (1/10,000),
/// times in seconds since 1970 (UTC). The asset `address(0)` is the chain's own coin.
/// @dev Splits: royalties and shares to the creators, commission to the referrer, fee to the community,
/// all rounded down; the rest, and whatever rounding leaves, to the seller. What would go to the seller as
/// a creator stays with the seller.
/// @dev Payment: everybody is paid at once with a bounded amount of gas; if that fails for whatever
/// reason, the amount is credited and waits for `withdraw`. So no payee can stop another's money, and whoever
/// sends too little gas makes the whole call fail, never a credit of a payment.
/// @dev Warning: a token must move exactly what it is asked to. One that moves less is refused when paid
/// in; one that starts to move less or more afterwards can't be paid out while it does. Tokens whose
/// balances change by themselves, or whose issuer can freeze or seize, can fail their own trades; no
/// other asset is touched.
/// @dev Warning: coins forced into a market, and tokens sent to it outside of its functions, belong to nobody.
interface ITill {
    /* ERRORS */

    /// @notice The fee is above what the code allows, basis points.
    error Fee_TooHigh(uint256 feeBps, uint256 max);

    /// @notice The community's fee needs a recipient other than the market itself.
    error FeeRecipient_NotAllowed(address feeRecipient);

    /// @notice The registry named at deployment isn't a contract.
    error Registry_HasNoCode(address registry);

    /// @notice The coins sent along aren't the coins needed, wei.
    error Value_Wrong(uint256 sent, uint256 needed);

    /// @notice The token moved something else than what was asked, smallest unit.
    error Asset_AmountWrong(address asset, uint256 moved, uint256 needed);

    /// @notice The asset isn't a contract.
    error Asset_HasNoCode(address asset);

    /// @notice A permit is abi.encode(value, deadline, v, r, s), or empty; this many bytes aren't.
    error Permit_Malformed(uint256 length, uint256 needed);

    /// @notice There is nothing to withdraw.
    error Credit_Empty(address asset, address payee);

    /// @notice Nothing can be sent to zero or to the market itself.
    error Recipient_NotAllowed(address to);

    /// @notice So little gas was sent along that a payment, or a question to a collection, could have failed
    /// for want of it.
    error Gas_TooLittle(uint256 gas, uint256 needed);

    /// @notice Only the market itself may do this.
    error Caller_NotMarket(address caller);

    /// @notice The asset refused the withdrawal; the credit stays.
    error Withdrawal_Failed(address asset, address to, uint256 amount);

    /* EVENTS */

    /// @notice The market exists; these never change.
    event MarketOpened(address indexed registry, address indexed feeRecipient, uint256 feeBps);

    /// @notice A creator's part of a sale, in the sale's asset: of its royalty or, where the creator sells a work
    /// made together, a co-creator's share of the proceeds. Stands beside the sale's event.
    /// @dev `SaleSettled` names a single creator itself; there only several have events of their own.
    event RoyaltyPaid(bytes32 indexed tradeId, address indexed payee, uint256 amount);

    /// @notice The referrer's commission. Stands beside the event of the trade it is for; `SaleSettled` says
    /// it itself.
    event ReferralPaid(bytes32 indexed tradeId, address indexed payee, uint256 amount);

    /// @notice A payment couldn't be made at once and waits for `payee` to withdraw it.
    /// @dev The community's fee always waits for `FEE_RECIPIENT`; what the events of a sale say of it
    /// isn't said again here.
    event Credited(
        bytes32 indexed tradeId,
        address indexed payee,
        address indexed asset,
        uint256 amount
    );

    /// @notice A payee's whole credit in an asset left the market.
    event Withdrawn(
        address indexed payee,
        address indexed asset,
        address indexed to,
        uint256 amount
    );

    /* PAY */

    /// @notice For the market itself only: sends exactly `amount` of a token or undoes whatever the token
    /// did. Being a call, it can fail for one payee alone.
    function transferOut(address asset, address to, uint256 amount) external;

    /* WITHDRAW */

    /// @notice Sends the caller's whole credit in an asset to `to`.
    /// @return amount What was sent, smallest unit.
    function withdraw(address asset, address to) external returns (uint256 amount);

    /// @notice Sends a payee's whole credit in an asset to where the payee wants it, by EIP-712
    /// `Withdrawal(address payee,address asset,address to,uint256 expiry,uint256 nonce)`; for anybody to bring.
    /// @param expiry Last second at which it can be brought.
    /// @param nonce One of the payee's nonces.
    /// @return amount What was sent, smallest unit.
    function withdrawToFor(
        address payee,
        address asset,
        address to,
        uint256 expiry,
        uint256 nonce,
        bytes calldata signature
    ) external returns (uint256 amount);

    /// @notice Sends a payee's whole credit in an asset to that payee, for anybody to call.
    /// @return amount What was sent, smallest unit.
    function withdrawFor(address asset, address payee) external returns (uint256 amount);

    /* VIEWS */

    /// @notice What a payee can withdraw, smallest unit.
    function creditOf(address asset, address payee) external view returns (uint256 amount);

    /// @notice The registry whose creators and tenures this market knows.
    function REGISTRY() external view returns (address);

    /// @notice Who gets the community's fee.
    function FEE_RECIPIENT() external view returns (address);

    /// @notice The community's fee, basis points of the price.
    function FEE_BPS() external view returns (uint256);

    /// @notice The highest fee a market can be deployed with, basis points.
    function FEE_BPS_MAX() external view returns (uint256);

    /// @notice The highest price, smallest unit.
    function PRICE_MAX() external view returns (uint256);
}
