// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import "../src/Constants.sol";
import {ICredentialRegistry as I} from "../src/ICredentialRegistry.sol";
import {Fixture} from "./util/Fixture.sol";
import {vm} from "./util/Vm.sol";

contract AnchorTest is Fixture {
    function _batch(uint128 id, uint64 leafCount) private pure returns (I.Batch memory) {
        return I.Batch(bytes16(id), keccak256(abi.encode(id)), leafCount);
    }

    function _reverts(bytes16 batchId, bytes32 root, uint64 leafCount) private {
        vm.expectRevert(abi.encodeWithSelector(I.BadBatch.selector, batchId, root, leafCount));
        vm.prank(ANCHORER);
        registry.anchor(ID, batchId, root, leafCount);
    }

    function testFuzz_a_record_is_the_commitment_and_the_time(
        bytes16 batchId,
        bytes32 root,
        uint64 leafCount,
        uint32 late
    ) public {
        vm.assume(batchId != 0 && root != 0);
        leafCount = leafCount % MAX_LEAF_COUNT + 1;
        vm.warp(uint256(START) + late);
        vm.prank(ANCHORER);
        registry.anchor(ID, batchId, root, leafCount);
        (bytes27 commitment, uint64 time) = registry.recordOf(ID, batchId);
        vm.assertEq(bytes32(commitment), bytes32(bytes27(keccak256(abi.encode(root, leafCount, ANCHORER)))));
        vm.assertEq(time, uint256(START) + late);
        (bool counts, uint64 since) = registry.anchorCounts(ID, I.BatchRef(batchId, root, leafCount, ANCHORER));
        vm.assertTrue(counts);
        vm.assertEq(since, uint256(START) + late);
    }

    function test_only_the_anchor_role_anchors() public {
        address[4] memory others = [admin, REVOKER, RECOVERY, STRANGER];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.expectRevert(_notAuthorized(others[i], ROLE_ANCHOR));
            vm.prank(others[i]);
            registry.anchor(ID, BATCH, ROOT, 1);
            vm.expectRevert(_notAuthorized(others[i], ROLE_ANCHOR));
            vm.prank(others[i]);
            registry.anchorMany(ID, new I.Batch[](0));
        }
    }

    function test_a_batch_is_anchored_once() public {
        _anchor();
        _reverts(I.AlreadyAnchored.selector, BATCH);
        _anchor();
        _reverts(I.AlreadyAnchored.selector, BATCH);
        vm.prank(ADMIN2);
        registry.anchor(ID, BATCH, keccak256("other"), 7);
        (bytes27 commitment,) = registry.recordOf(ID, BATCH);
        vm.assertEq(bytes32(commitment), bytes32(bytes27(keccak256(abi.encode(ROOT, uint64(600), ANCHORER)))));
    }

    function test_batchId_root_and_leafCount_are_checked() public {
        _reverts(0, ROOT, 1);
        _reverts(BATCH, 0, 1);
        _reverts(BATCH, ROOT, 0);
        vm.assertEq(MAX_LEAF_COUNT, 1_099_511_627_776);
        _reverts(BATCH, ROOT, MAX_LEAF_COUNT + 1);
        _reverts(BATCH, ROOT, type(uint64).max);
        _anchor(BATCH, MAX_LEAF_COUNT);
    }

    function test_the_same_batch_of_a_stranger_is_another_record() public {
        I.BatchRef memory batch = _anchor();
        vm.prank(STRANGER);
        registry.register(_one(STRANGER, ROLE_MASK), RECOVERY, PROFILE);
        vm.prank(STRANGER);
        registry.anchor(2, BATCH, ROOT, 600);
        (bytes27 mine,) = registry.recordOf(ID, BATCH);
        (bytes27 theirs,) = registry.recordOf(2, BATCH);
        vm.assertNotEq(bytes32(mine), bytes32(theirs));
        (bool counts,) = registry.anchorCounts(2, batch);
        vm.assertFalse(counts);
    }

    function test_anchorMany_skips_what_exists_and_says_so() public {
        I.Batch[] memory batches = new I.Batch[](4);
        batches[0] = _batch(1, 10);
        batches[1] = I.Batch(BATCH, keccak256("other"), 5);
        batches[2] = _batch(2, 20);
        batches[3] = I.Batch(bytes16(uint128(1)), ROOT, 30);
        _anchor();
        uint32 before = _sequence();
        vm.prank(ANCHORER);
        (uint256 count, bool[] memory anchored) = registry.anchorMany(ID, batches);
        vm.assertEq(count, 2);
        vm.assertTrue(anchored[0] && !anchored[1] && anchored[2] && !anchored[3]);
        vm.assertEq(anchored.length, 4);
        vm.assertEq(_sequence(), before + 2);
        (bool counts,) = registry.anchorCounts(ID, I.BatchRef(batches[0].batchId, batches[0].root, 10, ANCHORER));
        vm.assertTrue(counts);
    }

    function test_anchorMany_with_nothing_new_changes_nothing() public {
        _anchor();
        bytes32 word = registry.issuerWord(ID);
        I.Batch[] memory batches = new I.Batch[](1);
        batches[0] = I.Batch(BATCH, ROOT, 600);
        vm.prank(ANCHORER);
        (uint256 count,) = registry.anchorMany(ID, batches);
        vm.assertEq(count, 0);
        vm.assertEq(registry.issuerWord(ID), word);
    }

    function test_anchorMany_refuses_a_bad_batch_altogether() public {
        I.Batch[] memory batches = new I.Batch[](2);
        batches[0] = _batch(1, 10);
        batches[1] = _batch(2, 0);
        vm.expectRevert(abi.encodeWithSelector(I.BadBatch.selector, batches[1].batchId, batches[1].root, 0));
        vm.prank(ANCHORER);
        registry.anchorMany(ID, batches);
        (, uint64 time) = registry.recordOf(ID, batches[0].batchId);
        vm.assertEq(time, 0);
    }

    // -------------------------------------------------------------------------------------- what counts

    function _counts(I.BatchRef memory batch) private view returns (bool counts) {
        uint64 since;
        (counts, since) = registry.anchorCounts(ID, batch);
        vm.assertEq(counts, since != 0);
    }

    function test_an_anchor_does_not_count_under_another_reference() public {
        I.BatchRef memory batch = _anchor();
        batch.leafCount = 601;
        vm.assertFalse(_counts(batch));
        batch.leafCount = 600;
        batch.account = ADMIN2;
        vm.assertFalse(_counts(batch));
        batch.account = ANCHORER;
        batch.root = PROFILE;
        vm.assertFalse(_counts(batch));
        batch.root = ROOT;
        batch.batchId = bytes16(uint128(5));
        vm.assertFalse(_counts(batch));
    }

    function test_distrust_cuts_off_at_the_very_second() public {
        I.BatchRef memory early = _anchor(bytes16(uint128(1)), 1);
        vm.warp(START + 10);
        I.BatchRef memory late = _anchor(bytes16(uint128(2)), 1);
        vm.warp(START + 20);
        _distrust(ANCHORER, START + 10);
        vm.assertTrue(_counts(early));
        vm.assertFalse(_counts(late));
    }

    function test_retirement_alone_leaves_anchors_standing() public {
        I.BatchRef memory batch = _anchor();
        vm.prank(admin);
        registry.retireKey(ID, ANCHORER);
        vm.assertTrue(_counts(batch));
    }

    function test_a_reaffirmed_anchor_counts_from_then() public {
        I.BatchRef memory batch = _anchor();
        _distrust(ANCHORER, START);
        vm.warp(START + 30);
        vm.prank(ADMIN2);
        registry.reaffirm(ID, batch);
        (bool counts, uint64 since) = registry.anchorCounts(ID, batch);
        vm.assertTrue(counts);
        vm.assertEq(since, START + 30);
        (address account, uint64 time) = registry.reaffirmationOf(ID, BATCH);
        vm.assertEq(account, ADMIN2);
        vm.assertEq(time, START + 30);
    }

    function test_what_counts_is_not_reaffirmed() public {
        I.BatchRef memory batch = _anchor();
        _reverts(I.RecordCounts.selector, BATCH);
        vm.prank(ADMIN2);
        registry.reaffirm(ID, batch);
        _distrust(ANCHORER, START);
        vm.prank(ADMIN2);
        registry.reaffirm(ID, batch);
        _reverts(I.RecordCounts.selector, BATCH);
        vm.prank(ADMIN2);
        registry.reaffirm(ID, batch);
    }

    function test_a_distrusted_reaffirmation_is_replaced() public {
        I.BatchRef memory batch = _anchor();
        _distrust(ANCHORER, START);
        vm.warp(START + 10);
        vm.prank(admin);
        registry.addKey(ID, NEW, ROLE_ANCHOR);
        vm.prank(NEW);
        registry.reaffirm(ID, batch);
        _distrust(NEW, START + 10);
        vm.assertFalse(_counts(batch));
        vm.warp(START + 20);
        vm.prank(ADMIN2);
        registry.reaffirm(ID, batch);
        (, uint64 since) = registry.anchorCounts(ID, batch);
        vm.assertEq(since, START + 20);
    }

    function test_reaffirm_needs_the_record_and_the_role() public {
        I.BatchRef memory batch = _anchor();
        _distrust(ANCHORER, START);
        address[4] memory others = [admin, REVOKER, ANCHORER, STRANGER];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.expectRevert(_notAuthorized(others[i], ROLE_ANCHOR));
            vm.prank(others[i]);
            registry.reaffirm(ID, batch);
        }
        batch.leafCount = 599;
        _reverts(I.BatchMismatch.selector, BATCH);
        vm.prank(ADMIN2);
        registry.reaffirm(ID, batch);
        batch.batchId = bytes16(uint128(5));
        _reverts(I.NoSuchRecord.selector, batch.batchId);
        vm.prank(ADMIN2);
        registry.reaffirm(ID, batch);
    }
}
