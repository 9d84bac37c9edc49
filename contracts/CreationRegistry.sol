// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC721} from "solady/tokens/ERC721.sol";
import {ICreationRegistry} from "../interfaces/ICreationRegistry.sol";
import {Signatures} from "./base/Signatures.sol";
import {ContentIdentifier} from "./libraries/ContentIdentifier.sol";

/// @title Who made what, and when
/// @dev A creation's record fits into the 96 bits that Solady's ERC-721 keeps beside its owner, and a
/// creator's number into those beside the creator's balance, so registering writes one new slot.
contract CreationRegistry is ICreationRegistry, ERC721, Signatures {
    uint256 public constant override ROYALTY_BPS_MAX = 1_000;
    uint256 public constant override ROYALTY_BPS_DEFAULT = 500;
    uint256 public constant override PARENTS_SHARE_BPS = 5_000;
    uint256 public constant override PARENTS_MAX = 8;
    uint256 public constant override PARTNERS_MAX = 4;
    uint256 public constant override VERSION_MAX = (1 << 62) - 1;

    uint256 private constant BPS = 10_000;
    // Both ends take two bytes as a protobuf number, see ContentIdentifier.
    uint256 private constant DOCUMENT_SIZE_MIN = 128;
    uint256 private constant DOCUMENT_SIZE_MAX = 16_383;

    // The record, from the lowest bit: createdAt 34 | creator's number 30 | royalty 10 | parents 4 | tenure 17 |
    // whether that ran over 1.
    uint256 private constant CREATOR_SHIFT = 34;
    uint256 private constant ROYALTY_SHIFT = 64;
    uint256 private constant PARENTS_SHIFT = 74;
    uint256 private constant TENURE_SHIFT = 78;
    uint256 private constant CREATED_MASK = (1 << 34) - 1;
    uint256 private constant CREATOR_MASK = (1 << 30) - 1;
    uint256 private constant ROYALTY_MASK = (1 << 10) - 1;
    uint256 private constant PARENTS_MASK = (1 << 4) - 1;
    uint256 private constant TENURE_BITS = 17;
    uint256 private constant TENURE_MASK = (1 << TENURE_BITS) - 1;
    uint256 private constant RAN_OVER = 1 << 95;
    uint256 private constant MAKERS_SHIFT = 160;
    // Of a work that isn't registered, its vouchers' least version: createdAt 34, zero | version 62.
    uint256 private constant VERSION_SHIFT = 34;

    bytes32 private constant PARTNER_TYPEHASH = keccak256(
        "Partner(address account,uint16 shareBps)"
    );
    bytes32 private constant SALE_TYPEHASH = keccak256(
        "Sale(address market,address buyer,address asset,uint256 price,uint256 referralBps,address sponsor,uint256 sponsorAmount)"
    );
    bytes32 private constant WORK_TYPEHASH = keccak256(
        "Work(bytes32 documentDigest,uint16 documentSize,uint16 royaltyBps,bytes32 contentCommitment,uint256[] parents)"
    );
    bytes32 private constant VOUCHER_TYPEHASH = keccak256(
        "Voucher(address creator,Work work,Partner[] partners,Sale sale,uint256 expiry,uint256 version)Partner(address account,uint16 shareBps)Sale(address market,address buyer,address asset,uint256 price,uint256 referralBps,address sponsor,uint256 sponsorAmount)Work(bytes32 documentDigest,uint16 documentSize,uint16 royaltyBps,bytes32 contentCommitment,uint256[] parents)"
    );
    bytes32 private constant VOUCHER_CANCELLATION_TYPEHASH = keccak256(
        "VoucherCancellation(address creator,bytes32 documentDigest,uint256 documentSize,uint256 version,uint256 expiry)"
    );
    bytes32 private constant PERMIT_TYPEHASH = keccak256(
        "Permit(address spender,uint256 tokenId,uint256 nonce,uint256 deadline)"
    );

    bytes32 private immutable CONTRACT_DOCUMENT;

    string private _name; // slot 0
    string private _symbol; // slot 1
    uint256 private _creatorCount; // slot 2
    // From the lowest bit: the creator 160 | how many partners 96.
    mapping(uint256 number => uint256 makers) private _creators; // slot 3
    mapping(uint256 id => mapping(uint256 index => uint256 parent)) private _parents; // slot 4
    mapping(uint256 number => mapping(uint256 index => Partner partner)) private _partners; // slot 5
    mapping(bytes32 group => uint256 number) private _groups; // slot 6
    // How often a tenure ran over the bits that its record has for it.
    mapping(uint256 id => uint256 rounds) private _rounds; // slot 7

    /// @param name_ The registry's name.
    /// @param symbol_ The registry's short name.
    /// @param contractDocument sha2-256 of the ERC-7572 document about the registry.
    constructor(string memory name_, string memory symbol_, bytes32 contractDocument) {
        _name = name_;
        _symbol = symbol_;
        CONTRACT_DOCUMENT = contractDocument;
        emit ContractURIUpdated();
    }

    /* REGISTER */

    /// @inheritdoc ICreationRegistry
    function register(Work calldata work) external override returns (uint256 id) {
        return _register(work, _numberOf(msg.sender), msg.sender, msg.sender, VERSION_MAX);
    }

    /// @inheritdoc ICreationRegistry
    function registerBatch(Work[] calldata works) external override returns (uint256[] memory ids) {
        ids = new uint256[](works.length);
        if (works.length == 0) return ids;
        uint256 number = _numberOf(msg.sender);
        for (uint256 i = 0; i < works.length; ++i) {
            ids[i] = _register(works[i], number, msg.sender, msg.sender, VERSION_MAX);
        }
    }

    /// @inheritdoc ICreationRegistry
    function registerTogether(
        Work calldata work,
        Partner[] calldata partners
    ) external override returns (uint256 id) {
        uint256 number = _numberOfGroup(msg.sender, partners);
        id = _register(work, number, msg.sender, msg.sender, VERSION_MAX);
        emit CreationShared(id, partners);
    }

    /// @param version A voucher's; `VERSION_MAX` if the creator calls.
    function _register(
        Work calldata work,
        uint256 creatorNumber,
        address creator,
        address owner,
        uint256 version
    ) private returns (uint256 id) {
        uint256 royaltyBps = work.royaltyBps;
        if (royaltyBps > ROYALTY_BPS_MAX) revert Royalty_TooHigh(royaltyBps, ROYALTY_BPS_MAX);
        id = idOf(work.documentDigest, work.documentSize, creator);
        uint256 least = _leastVersion(id);
        if (version < least) revert Voucher_Cancelled(id, version, least);
        uint256 parentCount = work.parents.length;
        if (parentCount != 0) _recordParents(id, work.parents);

        uint256 record =
            block.timestamp |
                (creatorNumber << CREATOR_SHIFT) |
                (royaltyBps << ROYALTY_SHIFT) |
                (parentCount << PARENTS_SHIFT);

        emit CreationRegistered(
            id,
            creator,
            work.documentDigest,
            work.documentSize,
            royaltyBps,
            work.contentCommitment
        );
        if (parentCount != 0) emit CreationDerived(id, work.parents);
        _mintAndSetExtraDataUnchecked(owner, id, uint96(record));
    }

    /// @dev The least version that a voucher of a work needs; refuses one that is registered.
    function _leastVersion(uint256 id) private view returns (uint256) {
        uint256 record = _getExtraData(id);
        if (record & CREATED_MASK != 0) revert Creation_AlreadyRegistered(id);
        return record >> VERSION_SHIFT;
    }

    function _recordParents(uint256 id, uint256[] calldata parents) private {
        if (parents.length > PARENTS_MAX) revert Parents_TooMany(parents.length, PARENTS_MAX);
        uint256 previous = 0;
        for (uint256 i = 0; i < parents.length; ++i) {
            uint256 parent = parents[i];
            if (parent <= previous) revert Parents_NotAscending(previous, parent);
            _recordOf(parent);
            _parents[id][i] = parent;
            previous = parent;
        }
    }

    /// @dev A creator's number, given at the first registration. From 1 on.
    function _numberOf(address creator) private returns (uint256 number) {
        number = _getAux(creator);
        if (number != 0) return number;
        number = _newNumber(uint160(creator));
        _setAux(creator, uint224(number));
    }

    function _newNumber(uint256 makers) private returns (uint256 number) {
        number = ++_creatorCount;
        if (number > CREATOR_MASK) revert Creators_TooMany(CREATOR_MASK);
        _creators[number] = makers;
    }

    /// @dev The number of a creator with these partners, given at their first work.
    function _numberOfGroup(
        address creator,
        Partner[] calldata partners
    ) private returns (uint256 number) {
        uint256 count = partners.length;
        if (count == 0 || count > PARTNERS_MAX) {
            revert Partners_CountOutOfRange(count, PARTNERS_MAX);
        }
        bytes32 group = keccak256(abi.encode(creator, partners));
        number = _groups[group];
        if (number != 0) return number;
        number = _newNumber(uint160(creator) | (count << MAKERS_SHIFT));
        _groups[group] = number;
        address previous = address(0);
        uint256 sharesBps = 0;
        for (uint256 i = 0; i < count; ++i) {
            Partner calldata partner = partners[i];
            if (partner.account <= previous || partner.account == creator) {
                revert Partner_NotAllowed(partner.account);
            }
            if (partner.shareBps == 0) revert Partners_SharesOutOfRange(0);
            sharesBps += partner.shareBps;
            _partners[number][i] = partner;
            previous = partner.account;
        }
        if (sharesBps >= BPS) revert Partners_SharesOutOfRange(sharesBps);
    }

    /* VOUCHER */

    /// @inheritdoc ICreationRegistry
    function registerFor(
        Voucher calldata voucher,
        bytes calldata signature,
        address owner
    ) external override returns (uint256 id, bytes32 voucherId) {
        address creator = voucher.creator;
        address market = voucher.sale.market;
        if (market == address(0)) {
            if (owner != creator) revert Voucher_NotCreator(owner, creator);
        } else if (msg.sender != market) {
            revert Voucher_NotMarket(msg.sender, market);
        }
        voucherId = hashVoucher(voucher);
        _checkExpired(voucherId, voucher.expiry);
        _checkSignature(creator, voucherId, signature);
        bool alone = voucher.partners.length == 0;
        uint256 number = alone ? _numberOf(creator) : _numberOfGroup(creator, voucher.partners);
        id = _register(voucher.work, number, creator, owner, voucher.version);
        if (!alone) emit CreationShared(id, voucher.partners);
    }

    /// @inheritdoc ICreationRegistry
    function cancelVouchers(
        bytes32 documentDigest,
        uint256 documentSize,
        uint256 version
    ) external override {
        _cancelVouchers(msg.sender, documentDigest, documentSize, version);
    }

    /// @inheritdoc ICreationRegistry
    function cancelVouchersFor(
        address creator,
        bytes32 documentDigest,
        uint256 documentSize,
        uint256 version,
        uint256 expiry,
        bytes calldata signature
    ) external override {
        bytes32 structHash = keccak256(
            abi.encode(
                VOUCHER_CANCELLATION_TYPEHASH,
                creator,
                documentDigest,
                documentSize,
                version,
                expiry
            )
        );
        _checkConsent(creator, structHash, expiry, signature);
        _cancelVouchers(creator, documentDigest, documentSize, version);
    }

    function _cancelVouchers(
        address creator,
        bytes32 documentDigest,
        uint256 documentSize,
        uint256 version
    ) private {
        uint256 id = idOf(documentDigest, documentSize, creator);
        uint256 least = _leastVersion(id) + 1;
        if (version < least || version > VERSION_MAX) {
            revert Version_OutOfRange(version, least, VERSION_MAX);
        }
        _setExtraData(id, uint96(version << VERSION_SHIFT));
        emit VouchersCancelled(id, creator, version);
    }

    /* PERMIT */

    /// @inheritdoc ICreationRegistry
    function permit(
        address spender,
        uint256 tokenId,
        uint256 deadline,
        bytes calldata signature
    ) external override {
        bytes32 structHash = keccak256(
            abi.encode(PERMIT_TYPEHASH, spender, tokenId, tenureOf(tokenId), deadline)
        );
        _checkConsent(ownerOf(tokenId), structHash, deadline, signature);
        _approve(address(0), spender, tokenId);
    }

    /* BURN */

    /// @inheritdoc ICreationRegistry
    function burn(uint256 id) external override {
        address owner = ownerOf(id);
        if (msg.sender != owner) revert Creation_NotOwned(id, msg.sender, owner);
        _burn(id);
    }

    /* TRANSFER */

    /// @inheritdoc ERC721
    function approve(address account, uint256 id) public payable override {
        _refuseValue();
        super.approve(account, id);
    }

    /// @dev Refuses coins (ERC-721 lets these functions take them) and counts the tenure.
    function _beforeTokenTransfer(address from, address to, uint256 id) internal override {
        _refuseValue();
        if (from == address(0) || to == address(0)) return;
        uint256 record = _getExtraData(id);
        // The record has 96 bits; uint96 cuts off what is carried beyond.
        unchecked {
            record += 1 << TENURE_SHIFT;
        }
        if ((record >> TENURE_SHIFT) & TENURE_MASK == 0) {
            // So many transfers cost an attacker little; what was signed before them stays dead.
            ++_rounds[id];
            record |= RAN_OVER;
        }
        _setExtraData(id, uint96(record));
    }

    function _refuseValue() private view {
        if (msg.value != 0) revert Value_NotAccepted(msg.value);
    }

    /* VIEWS */

    /// @inheritdoc ICreationRegistry
    function idOf(
        bytes32 documentDigest,
        uint256 documentSize,
        address creator
    ) public pure override returns (uint256 id) {
        if (documentSize < DOCUMENT_SIZE_MIN || documentSize > DOCUMENT_SIZE_MAX) {
            revert Document_SizeOutOfRange(documentSize, DOCUMENT_SIZE_MIN, DOCUMENT_SIZE_MAX);
        }
        return uint256(ContentIdentifier.folderDigest(documentDigest, documentSize, creator));
    }

    /// @inheritdoc ICreationRegistry
    function creationOf(uint256 id) external view override returns (Creation memory) {
        uint256 record = _recordOf(id);
        return
            Creation({
                creator: _creatorOf(record),
                createdAt: uint40(record & CREATED_MASK),
                royaltyBps: uint16((record >> ROYALTY_SHIFT) & ROYALTY_MASK),
                parentCount: uint8((record >> PARENTS_SHIFT) & PARENTS_MASK),
                tenure: uint32(_tenureIn(id, record))
            });
    }

    /// @inheritdoc ICreationRegistry
    function tenureOf(uint256 id) public view override returns (uint256) {
        return _tenureIn(id, _recordOf(id));
    }

    /// @inheritdoc ICreationRegistry
    function nonces(uint256 tokenId) external view override returns (uint256) {
        return tenureOf(tokenId);
    }

    /// @inheritdoc ICreationRegistry
    // solhint-disable-next-line func-name-mixedcase
    function DOMAIN_SEPARATOR() external view override returns (bytes32) {
        return _domainSeparator();
    }

    /// @inheritdoc ICreationRegistry
    function hashVoucher(
        Voucher calldata voucher
    ) public view override returns (bytes32 voucherId) {
        Work calldata work = voucher.work;
        bytes32 workHash = keccak256(
            abi.encode(
                WORK_TYPEHASH,
                work.documentDigest,
                work.documentSize,
                work.royaltyBps,
                work.contentCommitment,
                keccak256(abi.encodePacked(work.parents))
            )
        );
        bytes32[] memory partners = new bytes32[](voucher.partners.length);
        for (uint256 i = 0; i < partners.length; ++i) {
            uint256 place;
            Partner calldata partner = voucher.partners[i];
            assembly {
                place := partner
            }
            partners[i] = _hashWords(PARTNER_TYPEHASH, place, 2);
        }
        uint256 position;
        Sale calldata sale = voucher.sale;
        assembly {
            position := sale
        }
        return
            _hashTypedData(
                keccak256(
                    abi.encode(
                        VOUCHER_TYPEHASH,
                        voucher.creator,
                        workHash,
                        keccak256(abi.encodePacked(partners)),
                        _hashWords(SALE_TYPEHASH, position, 7),
                        voucher.expiry,
                        voucher.version
                    )
                )
            );
    }

    /// @inheritdoc ICreationRegistry
    function leastVersionOf(uint256 id) external view override returns (uint256) {
        return _leastVersion(id);
    }

    /// @inheritdoc ICreationRegistry
    function parentsOf(uint256 id) external view override returns (uint256[] memory parents) {
        uint256 count = (_recordOf(id) >> PARENTS_SHIFT) & PARENTS_MASK;
        parents = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            parents[i] = _parents[id][i];
        }
    }

    /// @inheritdoc ICreationRegistry
    function partnersOf(uint256 id) external view override returns (Partner[] memory partners) {
        uint256 number = _numberIn(_recordOf(id));
        partners = new Partner[](_creators[number] >> MAKERS_SHIFT);
        for (uint256 i = 0; i < partners.length; ++i) {
            partners[i] = _partners[number][i];
        }
    }

    /// @inheritdoc ICreationRegistry
    function saleOf(
        uint256 id,
        address seller,
        uint256 salePrice
    )
        external
        view
        override
        returns (uint256 tenure, bool shared, address creator, uint256 royalty)
    {
        uint256 record = _recordOf(id);
        tenure = _tenureIn(id, record);
        uint256 makers = _creators[_numberIn(record)];
        if (makers >> MAKERS_SHIFT != 0 || (record >> PARENTS_SHIFT) & PARENTS_MASK != 0) {
            return (tenure, true, address(0), 0);
        }
        creator = address(uint160(makers));
        if (creator != seller) royalty = _royaltyOf(record, salePrice);
    }

    /// @inheritdoc ICreationRegistry
    function sharesOf(
        uint256 id,
        address seller,
        uint256 salePrice,
        uint256 net
    ) external view override returns (address[] memory payees, uint256[] memory amounts) {
        uint256 record = _recordOf(id);
        uint256 number = _numberIn(record);
        (payees, amounts) = _royaltiesOf(id, record, number, salePrice);
        uint256 made = 0;
        if (payees[0] == seller) {
            // The makers' own royalty is no royalty now: they share what is left.
            made = 1 + (_creators[number] >> MAKERS_SHIFT);
            for (uint256 i = made; i < payees.length; ++i) {
                if (payees[i] != seller) net -= amounts[i];
            }
            for (uint256 i = 1; i < made; ++i) {
                amounts[i] = (net * _partners[number][i - 1].shareBps) / BPS;
            }
            amounts[0] = 0;
        }
        for (uint256 i = made; i < payees.length; ++i) {
            if (payees[i] == seller) amounts[i] = 0;
        }
    }

    /// @inheritdoc ICreationRegistry
    function royaltiesOf(
        uint256 id,
        uint256 salePrice
    ) external view override returns (address[] memory receivers, uint256[] memory amounts) {
        uint256 record = _recordOf(id);
        return _royaltiesOf(id, record, _numberIn(record), salePrice);
    }

    function _royaltiesOf(
        uint256 id,
        uint256 record,
        uint256 number,
        uint256 salePrice
    ) private view returns (address[] memory receivers, uint256[] memory amounts) {
        uint256 royalty = _royaltyOf(record, salePrice);
        uint256 parentCount = (record >> PARENTS_SHIFT) & PARENTS_MASK;
        uint256 makers = _creators[number];
        uint256 count = 1 + (makers >> MAKERS_SHIFT);
        if (parentCount == 0) {
            receivers = new address[](count);
            amounts = new uint256[](count);
            _shareOut(number, makers, royalty, receivers, amounts, 0);
            return (receivers, amounts);
        }
        count += parentCount * (1 + PARTNERS_MAX);
        receivers = new address[](count);
        amounts = new uint256[](count);
        uint256 share = (royalty * PARENTS_SHARE_BPS) / BPS / parentCount;
        uint256 next = _shareOut(
            number,
            makers,
            royalty - share * parentCount,
            receivers,
            amounts,
            0
        );
        for (uint256 i = 0; i < parentCount; ++i) {
            number = _numberIn(_recordOf(_parents[id][i]));
            next = _shareOut(number, _creators[number], share, receivers, amounts, next);
        }
        // Fewer partners than there could have been.
        assembly ("memory-safe") {
            mstore(receivers, next)
            mstore(amounts, next)
        }
    }

    /// @dev Writes what each maker of a work gets of its part, the creator first, from index `next` on.
    /// @return The index behind them.
    function _shareOut(
        uint256 number,
        uint256 makers,
        uint256 part,
        address[] memory receivers,
        uint256[] memory amounts,
        uint256 next
    ) private view returns (uint256) {
        uint256 first = next++;
        receivers[first] = address(uint160(makers));
        uint256 rest = part;
        uint256 count = makers >> MAKERS_SHIFT;
        for (uint256 i = 0; i < count; ++i) {
            Partner storage partner = _partners[number][i];
            receivers[next] = partner.account;
            amounts[next] = (part * partner.shareBps) / BPS;
            rest -= amounts[next++];
        }
        amounts[first] = rest;
        return next;
    }

    /// @inheritdoc ICreationRegistry
    function royaltyInfo(
        uint256 id,
        uint256 salePrice
    ) external view override returns (address receiver, uint256 royaltyAmount) {
        uint256 record = _recordOf(id);
        return (_creatorOf(record), _royaltyOf(record, salePrice));
    }

    /// @notice ERC-721: the registry's name.
    function name() public view override returns (string memory) {
        return _name;
    }

    /// @notice ERC-721: the registry's short name.
    function symbol() public view override returns (string memory) {
        return _symbol;
    }

    /// @notice ERC-721: where a creation's metadata document is, `ipfs://<CIDv1 of the id>/0x<creator>.json`.
    function tokenURI(uint256 id) public view override returns (string memory) {
        ownerOf(id);
        return
            string.concat(
                "ipfs://",
                ContentIdentifier.cid(ContentIdentifier.DAG_PB, bytes32(id)),
                "/",
                ContentIdentifier.documentName(_creatorOf(_recordOf(id)))
            );
    }

    /// @inheritdoc ICreationRegistry
    function contractURI() external view override returns (string memory) {
        return
            string.concat(
                "ipfs://",
                ContentIdentifier.cid(ContentIdentifier.RAW, CONTRACT_DOCUMENT)
            );
    }

    /// @notice ERC-165: ERC-721 with metadata, ERC-2981 (0x2a55205a), ERC-4494 (0x5604e225),
    /// ERC-7572 (0xe8a3d485).
    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return
            interfaceId == 0x2a55205a ||
            interfaceId == 0x5604e225 ||
            interfaceId == 0xe8a3d485 ||
            super.supportsInterface(interfaceId);
    }

    function _domainNameAndVersion()
        internal
        pure
        override
        returns (string memory domainName, string memory version)
    {
        return ("Dokkaebi CreationRegistry", "1");
    }

    function _recordOf(uint256 id) private view returns (uint256 record) {
        record = _getExtraData(id);
        if (record & CREATED_MASK == 0) revert Creation_Unknown(id);
    }

    function _creatorOf(uint256 record) private view returns (address) {
        return address(uint160(_creators[_numberIn(record)]));
    }

    function _tenureIn(uint256 id, uint256 record) private view returns (uint256 tenure) {
        tenure = (record >> TENURE_SHIFT) & TENURE_MASK;
        if (record & RAN_OVER != 0) tenure |= _rounds[id] << TENURE_BITS;
    }

    function _numberIn(uint256 record) private pure returns (uint256) {
        return (record >> CREATOR_SHIFT) & CREATOR_MASK;
    }

    function _royaltyOf(uint256 record, uint256 salePrice) private pure returns (uint256) {
        return (salePrice * ((record >> ROYALTY_SHIFT) & ROYALTY_MASK)) / BPS;
    }
}
