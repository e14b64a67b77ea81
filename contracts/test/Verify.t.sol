// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import "../src/Constants.sol";
import {ICredentialRegistry as I} from "../src/ICredentialRegistry.sol";
import {ICredentialVerifier as V} from "../src/ICredentialVerifier.sol";
import {CourseGate} from "./util/CourseGate.sol";
import {Fixture} from "./util/Fixture.sol";
import {Trees} from "./util/Trees.sol";
import {vm} from "./util/Vm.sol";

contract VerifyTest is Fixture {
    uint64 private constant SIZE = 300;
    V private verifier;
    CourseGate private gate;
    bytes32[] private leaves;
    bytes32 private root;

    function setUp() public override {
        super.setUp();
        verifier = V(address(registry));
        gate = new CourseGate(verifier, ID);
        for (uint64 i = 0; i < SIZE; ++i) {
            leaves.push(_leaf(block.chainid, address(registry), ID, BATCH, i));
        }
        root = Trees.root(leaves);
        vm.prank(ANCHORER);
        registry.anchor(ID, BATCH, root, SIZE);
    }

    function _salt(uint64 index) private pure returns (bytes32) {
        return keccak256(abi.encode("salt", index));
    }

    /// @dev The entry as SPEC.md, section 2, lists its bytes.
    function _leaf(uint256 chain, address home, uint64 issuerId, bytes16 batchId, uint64 index)
        private
        pure
        returns (bytes32)
    {
        bytes memory entry = abi.encodePacked(
            "hallmark-leaf-01", uint64(chain), home, issuerId, batchId, index, _salt(index), PROFILE, ROOT
        );
        require(entry.length == 172, "entry");
        return sha256(abi.encodePacked(uint8(0), entry));
    }

    function _proof(uint64 index) private view returns (V.CredentialProof memory) {
        return V.CredentialProof(BATCH, SIZE, ANCHORER, index, _salt(index), PROFILE, ROOT, Trees.path(leaves, index));
    }

    function _batch() private view returns (I.BatchRef memory) {
        return I.BatchRef(BATCH, root, SIZE, ANCHORER);
    }

    function _absent(uint64 issuerId, V.CredentialProof memory proof) private view {
        V.Verification memory found = verifier.verify(issuerId, proof);
        vm.assertFalse(found.included || found.counts || found.revoked || found.suspended);
        vm.assertEq(found.since, 0);
        vm.assertFalse(verifier.isValid(issuerId, proof));
    }

    function test_credentials_of_the_batch_are_valid() public {
        uint64[5] memory indexes = [uint64(0), 1, 255, 256, 299];
        vm.warp(START + 50);
        for (uint256 i = 0; i < indexes.length; ++i) {
            V.Verification memory found = verifier.verify(ID, _proof(indexes[i]));
            vm.assertTrue(found.included && found.counts && !found.revoked && !found.suspended);
            vm.assertEq(found.since, START);
            vm.assertTrue(verifier.isValid(ID, _proof(indexes[i])));
        }
    }

    function test_revoked_and_suspended_credentials_are_not_valid() public {
        _set(_batch(), ACTION_REVOKE, 1, 1 << 3);
        _set(_batch(), ACTION_SUSPEND, 0, 1 << 5);
        V.Verification memory found = verifier.verify(ID, _proof(259));
        vm.assertTrue(found.included && found.counts && found.revoked && !found.suspended);
        found = verifier.verify(ID, _proof(5));
        vm.assertTrue(found.included && found.counts && !found.revoked && found.suspended);
        vm.assertFalse(verifier.isValid(ID, _proof(259)));
        vm.assertFalse(verifier.isValid(ID, _proof(5)));
        vm.assertTrue(verifier.isValid(ID, _proof(3)));
        vm.assertTrue(verifier.isValid(ID, _proof(261)));
        _set(_batch(), ACTION_REINSTATE, 0, 1 << 5);
        vm.assertTrue(verifier.isValid(ID, _proof(5)));
    }

    function test_the_first_and_last_bits_of_words_are_read() public {
        uint64[4] memory indexes = [uint64(0), 255, 256, 299];
        for (uint256 i = 0; i < indexes.length; ++i) {
            _set(_batch(), ACTION_SUSPEND, indexes[i] / 256, 1 << (indexes[i] % 256));
            for (uint256 j = 0; j < indexes.length; ++j) {
                vm.assertEq(verifier.isValid(ID, _proof(indexes[j])), i != j);
            }
            _set(_batch(), ACTION_REINSTATE, indexes[i] / 256, 1 << (indexes[i] % 256));
        }
    }

    function test_a_new_epoch_is_the_one_that_is_read() public {
        _set(_batch(), ACTION_REVOKE, 0, 1);
        vm.prank(admin);
        registry.openStatusEpoch(ID);
        vm.assertTrue(verifier.isValid(ID, _proof(0)));
        _set(_batch(), ACTION_REVOKE, 0, 1);
        vm.assertFalse(verifier.isValid(ID, _proof(0)));
    }

    function test_a_distrusted_anchor_is_not_valid_until_reaffirmed() public {
        _distrust(ANCHORER, START);
        V.Verification memory found = verifier.verify(ID, _proof(7));
        vm.assertTrue(found.included && !found.counts);
        vm.assertEq(found.since, 0);
        vm.assertFalse(verifier.isValid(ID, _proof(7)));
        vm.warp(START + 9);
        vm.prank(ADMIN2);
        registry.reaffirm(ID, _batch());
        vm.assertTrue(verifier.isValid(ID, _proof(7)));
        vm.assertEq(verifier.verify(ID, _proof(7)).since, START + 9);
    }

    function test_any_other_value_is_not_included() public view {
        for (uint256 i = 0; i < 8; ++i) {
            V.CredentialProof memory proof = _proof(7);
            if (i == 0) proof.batchId = bytes16(uint128(1));
            if (i == 1) proof.leafCount = 301;
            if (i == 2) proof.account = ADMIN2;
            if (i == 3) proof.index = 8;
            if (i == 4) proof.salt = 0;
            if (i == 5) proof.cfgHash = 0;
            if (i == 6) proof.docHash = 0;
            if (i == 7) proof.path = new bytes32[](0);
            _absent(ID, proof);
        }
        _absent(2, _proof(7));
        _absent(0, _proof(7));
    }

    function test_the_index_cannot_be_moved_to_escape_revocation() public view {
        V.CredentialProof memory proof = _proof(7);
        for (uint64 index = 0; index < 1024; ++index) {
            proof.index = index;
            vm.assertEq(verifier.isValid(ID, proof), index == 7);
        }
    }

    function test_a_batch_anchored_again_by_a_stranger_is_nothing() public {
        vm.prank(STRANGER);
        registry.register(_one(STRANGER, ROLE_MASK), RECOVERY, PROFILE);
        vm.prank(STRANGER);
        registry.anchor(2, BATCH, root, SIZE);
        V.CredentialProof memory proof = _proof(7);
        proof.account = STRANGER;
        _absent(2, proof);
    }

    function test_a_leaf_of_another_chain_contract_or_batch_is_not_included() public {
        bytes32[] memory foreign = new bytes32[](3);
        foreign[0] = _leaf(block.chainid + 1, address(registry), ID, bytes16(uint128(2)), 0);
        foreign[1] = _leaf(block.chainid, address(this), ID, bytes16(uint128(2)), 1);
        foreign[2] = _leaf(block.chainid, address(registry), ID, BATCH, 2);
        bytes32 foreignRoot = Trees.root(foreign);
        vm.prank(ANCHORER);
        registry.anchor(ID, bytes16(uint128(2)), foreignRoot, 3);
        for (uint64 i = 0; i < 3; ++i) {
            V.CredentialProof memory proof = _proof(i);
            proof.batchId = bytes16(uint128(2));
            proof.leafCount = 3;
            proof.path = Trees.path(foreign, i);
            _absent(ID, proof);
        }
    }

    function test_the_only_credential_of_a_batch_has_an_empty_path() public {
        bytes16 batchId = bytes16(uint128(3));
        bytes32 leaf = _leaf(block.chainid, address(registry), ID, batchId, 0);
        vm.prank(ANCHORER);
        registry.anchor(ID, batchId, leaf, 1);
        V.CredentialProof memory proof = _proof(0);
        (proof.batchId, proof.leafCount, proof.path) = (batchId, 1, new bytes32[](0));
        vm.assertTrue(verifier.isValid(ID, proof));
    }

    function test_a_wrong_leaf_count_proves_nothing_and_burns_only_the_batchId() public {
        bytes16 batchId = bytes16(uint128(4));
        bytes32 leaf = _leaf(block.chainid, address(registry), ID, batchId, 0);
        vm.prank(ANCHORER);
        registry.anchor(ID, batchId, leaf, 2);
        V.CredentialProof memory proof = _proof(0);
        (proof.batchId, proof.leafCount, proof.path) = (batchId, 1, new bytes32[](0));
        _absent(ID, proof);
        proof.leafCount = 2;
        _absent(ID, proof);
        vm.prank(ANCHORER);
        registry.anchor(ID, bytes16(uint128(5)), leaf, 1);
    }

    function test_a_consumer_contract_relies_on_it() public {
        V.CredentialProof memory proof = _proof(9);
        vm.prank(STRANGER);
        gate.enrol(proof);
        vm.assertTrue(gate.enrolled(ROOT));
        vm.expectRevert(abi.encodeWithSelector(CourseGate.EnrolledBefore.selector, ROOT));
        gate.enrol(proof);
        _set(_batch(), ACTION_REVOKE, 0, 1 << 9);
        vm.expectRevert(abi.encodeWithSelector(CourseGate.NotQualified.selector, ROOT));
        gate.enrol(proof);
    }
}
