// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import "../src/Constants.sol";
import {ICredentialRegistry as I} from "../src/ICredentialRegistry.sol";
import {ICredentialRegistryBySig as S} from "../src/ICredentialRegistryBySig.sol";
import {Signing} from "./util/Signing.sol";
import {vm} from "./util/Vm.sol";

/// @dev Each form, sent by somebody who has no role. `tests/contracts/test_by_signature.py` does the same with the
/// typed data of a wallet library.
contract BySigTest is Signing {
    function test_register() public {
        I.KeyGrant[] memory keys = _one(admin, ROLE_ADMIN);
        bytes32 keyHash = keccak256(abi.encode(keccak256("KeyGrant(address account,uint8 roles)"), admin, ROLE_ADMIN));
        bytes32 typeHash = keccak256(
            "Register(KeyGrant[] keys,address recovery,bytes32 profileHash,address actor,uint256 nonce,uint256 deadline)KeyGrant(address account,uint8 roles)"
        );
        uint256 deadline = block.timestamp;
        bytes memory message =
            abi.encode(typeHash, keccak256(abi.encodePacked(keyHash)), RECOVERY, PROFILE, admin, uint256(0), deadline);
        S.Authorization memory auth = S.Authorization(admin, deadline, _signature(ADMIN_PRIVATE, message));
        vm.prank(STRANGER);
        vm.assertEq(bySig.registerBySig(keys, RECOVERY, PROFILE, auth), 2);
        vm.assertEq(registry.keyOf(2, admin).roles, ROLE_ADMIN);
        vm.assertEq(bySig.registrationNonce(admin), 1);
        vm.expectPartialRevert(S.InvalidSignature.selector);
        bySig.registerBySig(keys, RECOVERY, PROFILE, auth);
    }

    function test_addKey_retireKey_distrustKey() public {
        bytes32 typeHash = keccak256(
            "AddKey(uint64 issuerId,address account,uint8 roles,address actor,uint32 sequence,uint256 deadline)"
        );
        bySig.addKeyBySig(ID, NEW, ROLE_ANCHOR, _auth(ADMIN_PRIVATE, abi.encode(typeHash, ID, NEW, ROLE_ANCHOR)));
        vm.assertEq(registry.keyOf(ID, NEW).roles, ROLE_ANCHOR);
        typeHash =
            keccak256("RetireKey(uint64 issuerId,address account,address actor,uint32 sequence,uint256 deadline)");
        bySig.retireKeyBySig(ID, NEW, _auth(ADMIN_PRIVATE, abi.encode(typeHash, ID, NEW)));
        vm.assertEq(registry.keyOf(ID, NEW).retiredAt, START);
        typeHash = keccak256(
            "DistrustKey(uint64 issuerId,address account,uint64 distrustFrom,address actor,uint32 sequence,uint256 deadline)"
        );
        bySig.distrustKeyBySig(ID, NEW, START, _auth(ADMIN_PRIVATE, abi.encode(typeHash, ID, NEW, START)));
        vm.assertEq(registry.keyOf(ID, NEW).distrustFrom, START);
    }

    function test_requestChange_vetoChange() public {
        bytes32 typeHash = keccak256(
            "RequestChange(uint64 issuerId,uint8 kind,address account,uint8 roles,uint64 distrustFrom,address actor,uint32 sequence,uint256 deadline)"
        );
        bytes memory fields = abi.encode(typeHash, ID, CHANGE_ADD_ADMIN, NEW, ROLE_ADMIN, 0);
        bySig.requestChangeBySig(ID, CHANGE_ADD_ADMIN, NEW, ROLE_ADMIN, 0, _auth(ADMIN_PRIVATE, fields));
        vm.assertEq(registry.pendingChange(ID, admin, NEW).readyAt, START + CHANGE_WAIT);
        typeHash = keccak256(
            "VetoChange(uint64 issuerId,address requester,address account,address actor,uint32 sequence,uint256 deadline)"
        );
        bySig.vetoChangeBySig(ID, admin, NEW, _auth(ADMIN_PRIVATE, abi.encode(typeHash, ID, admin, NEW)));
        vm.assertEq(registry.pendingChange(ID, admin, NEW).readyAt, 0);
    }

    function test_freeze_unfreeze_openStatusEpoch_setProfile() public {
        bySig.freezeBySig(ID, _auth(ADMIN_PRIVATE, _simple("Freeze")));
        vm.assertTrue(_frozen());
        bySig.unfreezeBySig(ID, _auth(ADMIN_PRIVATE, _simple("Unfreeze")));
        vm.assertFalse(_frozen());
        bySig.openStatusEpochBySig(ID, _auth(ADMIN_PRIVATE, _simple("OpenStatusEpoch")));
        vm.assertEq(_epoch(), 1);
        bytes32 typeHash =
            keccak256("SetProfile(uint64 issuerId,bytes32 profileHash,address actor,uint32 sequence,uint256 deadline)");
        bySig.setProfileBySig(ID, ROOT, _auth(ADMIN_PRIVATE, abi.encode(typeHash, ID, ROOT)));
        vm.assertEq(registry.currentProfile(ID), ROOT);
    }

    function test_anchor_reaffirm() public {
        bySig.anchorBySig(ID, BATCH, ROOT, 600, _anchorAuth(ANCHOR_PRIVATE, BATCH));
        I.BatchRef memory batch = I.BatchRef(BATCH, ROOT, 600, anchorKey);
        (bool counts,) = registry.anchorCounts(ID, batch);
        vm.assertTrue(counts);
        batch = _anchor(bytes16(uint128(1)), 600);
        _distrust(ANCHORER, START);
        bytes32 typeHash = keccak256(
            abi.encodePacked(
                "Reaffirm(uint64 issuerId,BatchRef batch,address actor,uint32 sequence,uint256 deadline)", BATCH_REF
            )
        );
        bySig.reaffirmBySig(ID, batch, _auth(ANCHOR_PRIVATE, abi.encode(typeHash, ID, _hash(batch))));
        (address account,) = registry.reaffirmationOf(ID, batch.batchId);
        vm.assertEq(account, anchorKey);
    }

    function test_anchorMany() public {
        _anchor();
        I.Batch[] memory batches = new I.Batch[](2);
        batches[0] = I.Batch(BATCH, ROOT, 600);
        batches[1] = I.Batch(bytes16(uint128(1)), ROOT, 1);
        bytes32 typeHash = keccak256(
            "AnchorMany(uint64 issuerId,Batch[] batches,address actor,uint32 sequence,uint256 deadline)Batch(bytes16 batchId,bytes32 root,uint64 leafCount)"
        );
        bytes32 batchType = keccak256("Batch(bytes16 batchId,bytes32 root,uint64 leafCount)");
        bytes32 list = keccak256(
            abi.encodePacked(
                keccak256(abi.encode(batchType, BATCH, ROOT, 600)),
                keccak256(abi.encode(batchType, batches[1].batchId, ROOT, 1))
            )
        );
        S.Authorization memory auth = _auth(ANCHOR_PRIVATE, abi.encode(typeHash, ID, list));
        (uint256 count, bool[] memory anchored) = bySig.anchorManyBySig(ID, batches, auth);
        vm.assertEq(count, 1);
        vm.assertTrue(!anchored[0] && anchored[1]);
    }

    function test_setStatus() public {
        I.BatchRef memory batch = _anchor();
        I.WordMask[] memory changes = _mask(2, 9);
        bytes32 typeHash = keccak256(
            abi.encodePacked(
                "SetStatus(uint64 issuerId,BatchRef batch,uint8 action,uint8 reason,WordMask[] changes,address actor,uint32 sequence,uint256 deadline)",
                BATCH_REF,
                "WordMask(uint64 wordIndex,uint256 mask)"
            )
        );
        bytes32 word = keccak256(abi.encode(keccak256("WordMask(uint64 wordIndex,uint256 mask)"), 2, 9));
        bytes memory fields =
            abi.encode(typeHash, ID, _hash(batch), ACTION_REVOKE, 4, keccak256(abi.encodePacked(word)));
        bySig.setStatusBySig(ID, batch, ACTION_REVOKE, 4, changes, _auth(STATUS_PRIVATE, fields));
        (uint256 revoked,) = registry.statusWord(ID, BATCH, 0, 2);
        vm.assertEq(revoked, 9);
    }

    function _hash(I.BatchRef memory batch) private pure returns (bytes32) {
        return keccak256(abi.encode(keccak256(bytes(BATCH_REF)), batch));
    }

    function test_domain_is_the_one_that_is_signed() public view {
        (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        ) = bySig.eip712Domain();
        vm.assertEq(bytes32(fields), bytes32(hex"0f"));
        vm.assertEq(name, "Hallmark Credential Registry");
        vm.assertEq(version, "1");
        vm.assertEq(chainId, block.chainid);
        vm.assertEq(verifyingContract, address(registry));
        vm.assertEq(salt, 0);
        vm.assertEq(extensions.length, 0);
    }
}
