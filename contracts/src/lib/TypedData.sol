// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICredentialRegistry} from "../ICredentialRegistry.sol";

/// @title Typed data
/// @notice EIP-712 domain, types and hashes of SPEC.md, section 5.5.
library TypedData {
    /// @notice Name of the domain.
    string internal constant NAME = "Hallmark Credential Registry";
    /// @notice Version of the domain.
    string internal constant VERSION = "1";

    bytes32 private constant DOMAIN =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant KEY_GRANT = keccak256("KeyGrant(address account,uint8 roles)");
    bytes32 private constant BATCH = keccak256("Batch(bytes16 batchId,bytes32 root,uint64 leafCount)");
    bytes32 private constant BATCH_REF =
        keccak256("BatchRef(bytes16 batchId,bytes32 root,uint64 leafCount,address account)");
    bytes32 private constant WORD_MASK = keccak256("WordMask(uint64 wordIndex,uint256 mask)");

    bytes32 internal constant REGISTER = keccak256(
        "Register(KeyGrant[] keys,address recovery,bytes32 profileHash,address actor,uint256 nonce,uint256 deadline)KeyGrant(address account,uint8 roles)"
    );
    bytes32 internal constant ADD_KEY =
        keccak256("AddKey(uint64 issuerId,address account,uint8 roles,address actor,uint32 sequence,uint256 deadline)");
    bytes32 internal constant RETIRE_KEY =
        keccak256("RetireKey(uint64 issuerId,address account,address actor,uint32 sequence,uint256 deadline)");
    bytes32 internal constant DISTRUST_KEY = keccak256(
        "DistrustKey(uint64 issuerId,address account,uint64 distrustFrom,address actor,uint32 sequence,uint256 deadline)"
    );
    bytes32 internal constant REQUEST_CHANGE = keccak256(
        "RequestChange(uint64 issuerId,uint8 kind,address account,uint8 roles,uint64 distrustFrom,address actor,uint32 sequence,uint256 deadline)"
    );
    bytes32 internal constant VETO_CHANGE = keccak256(
        "VetoChange(uint64 issuerId,address requester,address account,address actor,uint32 sequence,uint256 deadline)"
    );
    bytes32 internal constant FREEZE =
        keccak256("Freeze(uint64 issuerId,address actor,uint32 sequence,uint256 deadline)");
    bytes32 internal constant UNFREEZE =
        keccak256("Unfreeze(uint64 issuerId,address actor,uint32 sequence,uint256 deadline)");
    bytes32 internal constant SET_PROFILE =
        keccak256("SetProfile(uint64 issuerId,bytes32 profileHash,address actor,uint32 sequence,uint256 deadline)");
    bytes32 internal constant ANCHOR = keccak256(
        "Anchor(uint64 issuerId,bytes16 batchId,bytes32 root,uint64 leafCount,address actor,uint256 deadline)"
    );
    bytes32 internal constant ANCHOR_MANY = keccak256(
        "AnchorMany(uint64 issuerId,Batch[] batches,address actor,uint32 sequence,uint256 deadline)Batch(bytes16 batchId,bytes32 root,uint64 leafCount)"
    );
    bytes32 internal constant REAFFIRM = keccak256(
        "Reaffirm(uint64 issuerId,BatchRef batch,address actor,uint32 sequence,uint256 deadline)BatchRef(bytes16 batchId,bytes32 root,uint64 leafCount,address account)"
    );
    bytes32 internal constant SET_STATUS = keccak256(
        "SetStatus(uint64 issuerId,BatchRef batch,uint8 action,uint8 reason,WordMask[] changes,address actor,uint32 sequence,uint256 deadline)BatchRef(bytes16 batchId,bytes32 root,uint64 leafCount,address account)WordMask(uint64 wordIndex,uint256 mask)"
    );
    bytes32 internal constant OPEN_STATUS_EPOCH =
        keccak256("OpenStatusEpoch(uint64 issuerId,address actor,uint32 sequence,uint256 deadline)");

    /// @notice What is signed. The domain is computed each time, so that a fork of the chain has its own at once.
    /// @param structHash Hash of the message.
    /// @return keccak256(0x19 0x01 ‖ domain separator ‖ structHash).
    function digest(bytes32 structHash) internal view returns (bytes32) {
        bytes32 separator = keccak256(
            abi.encode(DOMAIN, keccak256(bytes(NAME)), keccak256(bytes(VERSION)), block.chainid, address(this))
        );
        return keccak256(abi.encodePacked(hex"1901", separator, structHash));
    }

    /// @notice Hash of an array of keys.
    /// @param keys The keys.
    /// @return keccak256 of the elements' hashes.
    function hash(ICredentialRegistry.KeyGrant[] calldata keys) internal pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](keys.length);
        for (uint256 i = 0; i < keys.length; ++i) {
            hashes[i] = keccak256(abi.encode(KEY_GRANT, keys[i]));
        }
        return keccak256(abi.encodePacked(hashes));
    }

    /// @notice Hash of an array of batches.
    /// @param batches The batches.
    /// @return keccak256 of the elements' hashes.
    function hash(ICredentialRegistry.Batch[] calldata batches) internal pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](batches.length);
        for (uint256 i = 0; i < batches.length; ++i) {
            hashes[i] = keccak256(abi.encode(BATCH, batches[i]));
        }
        return keccak256(abi.encodePacked(hashes));
    }

    /// @notice Hash of a record.
    /// @param batch The record.
    /// @return Its struct hash.
    function hash(ICredentialRegistry.BatchRef calldata batch) internal pure returns (bytes32) {
        return keccak256(abi.encode(BATCH_REF, batch));
    }

    /// @notice Hash of an array of words and masks.
    /// @param changes The words and masks.
    /// @return keccak256 of the elements' hashes.
    function hash(ICredentialRegistry.WordMask[] calldata changes) internal pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](changes.length);
        for (uint256 i = 0; i < changes.length; ++i) {
            hashes[i] = keccak256(abi.encode(WORD_MASK, changes[i]));
        }
        return keccak256(abi.encodePacked(hashes));
    }
}
