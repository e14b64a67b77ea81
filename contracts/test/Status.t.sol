// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import "../src/Constants.sol";
import {ICredentialRegistry as I} from "../src/ICredentialRegistry.sol";
import {Fixture} from "./util/Fixture.sol";
import {vm} from "./util/Vm.sol";

contract StatusTest is Fixture {
    uint256 private constant FULL = type(uint256).max;

    function _bits(uint64 wordIndex) private view returns (uint256 revoked, uint256 suspended) {
        return registry.statusWord(ID, BATCH, _epoch(), wordIndex);
    }

    function _expect(uint64 wordIndex, uint256 revoked, uint256 suspended) private view {
        (uint256 isRevoked, uint256 isSuspended) = _bits(wordIndex);
        vm.assertEq(isRevoked, revoked);
        vm.assertEq(isSuspended, suspended);
    }

    function _outOfRange(I.BatchRef memory batch, uint64 wordIndex, uint256 mask) private {
        vm.expectRevert(abi.encodeWithSelector(I.BitOutOfRange.selector, ID, batch.batchId, wordIndex, mask));
        _set(batch, ACTION_REVOKE, wordIndex, mask);
    }

    function test_revoked_bits_never_clear() public {
        I.BatchRef memory batch = _anchor();
        _set(batch, ACTION_REVOKE, 1, 5);
        _set(batch, ACTION_REVOKE, 1, 2);
        _expect(1, 7, 0);
        _set(batch, ACTION_REINSTATE, 1, FULL);
        _expect(1, 7, 0);
        _expect(0, 0, 0);
    }

    function test_suspended_bits_clear() public {
        I.BatchRef memory batch = _anchor();
        _set(batch, ACTION_SUSPEND, 0, 12);
        _set(batch, ACTION_SUSPEND, 0, 1);
        _expect(0, 0, 13);
        _set(batch, ACTION_REINSTATE, 0, 6);
        _expect(0, 0, 9);
    }

    function testFuzz_bits_follow_the_actions(uint256 a, uint256 b, uint256 c) public {
        vm.assume(a != 0 && b != 0 && c != 0);
        I.BatchRef memory batch = _anchor();
        _set(batch, ACTION_SUSPEND, 1, a);
        _set(batch, ACTION_REVOKE, 1, b);
        _set(batch, ACTION_REINSTATE, 1, c);
        _expect(1, b, a & ~c);
    }

    function test_many_words_in_one_call() public {
        I.BatchRef memory batch = _anchor();
        I.WordMask[] memory changes = new I.WordMask[](4);
        changes[0] = I.WordMask(2, 1);
        changes[1] = I.WordMask(0, FULL);
        changes[2] = I.WordMask(1, 8);
        changes[3] = I.WordMask(2, 2);
        vm.prank(REVOKER);
        registry.setStatus(ID, batch, ACTION_REVOKE, 1, changes);
        _expect(0, FULL, 0);
        _expect(1, 8, 0);
        _expect(2, 3, 0);
    }

    function test_bits_beyond_the_last_credential_are_refused() public {
        I.BatchRef memory batch = _anchor();
        _set(batch, ACTION_REVOKE, 2, (1 << 88) - 1);
        _outOfRange(batch, 2, 1 << 88);
        _outOfRange(batch, 2, FULL);
        _outOfRange(batch, 3, 1);
        _outOfRange(batch, type(uint64).max, 1);
    }

    function test_a_full_last_word_has_no_spare_bits() public {
        I.BatchRef memory batch = _anchor(BATCH, 512);
        _set(batch, ACTION_REVOKE, 1, FULL);
        _outOfRange(batch, 2, 1);
    }

    function testFuzz_exactly_the_credentials_of_the_batch(uint64 leafCount, uint64 index) public {
        leafCount = leafCount % MAX_LEAF_COUNT + 1;
        index = index % (2 * leafCount);
        I.BatchRef memory batch = _anchor(BATCH, leafCount);
        uint256 bit = 1 << (index % 256);
        if (index >= leafCount) _outOfRange(batch, index / 256, bit);
        else _set(batch, ACTION_SUSPEND, index / 256, bit);
    }

    function test_empty_calls_and_masks_are_refused() public {
        I.BatchRef memory batch = _anchor();
        _reverts(I.NoChanges.selector, BATCH);
        vm.prank(REVOKER);
        registry.setStatus(ID, batch, ACTION_REVOKE, 0, new I.WordMask[](0));
        vm.expectRevert(abi.encodeWithSelector(I.EmptyMask.selector, ID, BATCH, 1));
        _set(batch, ACTION_REVOKE, 1, 0);
    }

    function test_actions_and_reasons_are_checked() public {
        I.BatchRef memory batch = _anchor();
        uint8[2] memory actions = [0, 4];
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectRevert(abi.encodeWithSelector(I.BadAction.selector, actions[i]));
            _set(batch, actions[i], 0, 1);
        }
        for (uint256 reason = 0; reason < 256; ++reason) {
            if (reason > 10 || reason == 7) vm.expectRevert(abi.encodeWithSelector(I.BadReason.selector, reason));
            vm.prank(REVOKER);
            registry.setStatus(ID, batch, ACTION_REVOKE, uint8(reason), _mask(0, 1));
        }
    }

    function test_only_the_status_role_sets_status() public {
        I.BatchRef memory batch = _anchor();
        address[4] memory others = [admin, ANCHORER, RECOVERY, STRANGER];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.expectRevert(_notAuthorized(others[i], ROLE_STATUS));
            vm.prank(others[i]);
            registry.setStatus(ID, batch, ACTION_REVOKE, 0, _mask(0, 1));
        }
    }

    function test_status_under_another_batch_is_refused() public {
        I.BatchRef memory batch = _anchor();
        batch.leafCount = 10_000;
        _reverts(I.BatchMismatch.selector, BATCH);
        _set(batch, ACTION_REVOKE, 0, 1);
        batch.leafCount = 600;
        batch.batchId = bytes16(uint128(1));
        _reverts(I.NoSuchRecord.selector, batch.batchId);
        _set(batch, ACTION_REVOKE, 0, 1);
        _anchor(batch.batchId, 5);
        _reverts(I.BatchMismatch.selector, batch.batchId);
        _set(batch, ACTION_REVOKE, 0, 1);
    }

    function test_a_new_epoch_starts_empty_and_the_old_one_stays() public {
        I.BatchRef memory batch = _anchor();
        _set(batch, ACTION_REVOKE, 0, 3);
        vm.prank(admin);
        registry.openStatusEpoch(ID);
        vm.assertEq(_epoch(), 1);
        _expect(0, 0, 0);
        _set(batch, ACTION_REVOKE, 0, 1);
        _expect(0, 1, 0);
        (uint256 revoked,) = registry.statusWord(ID, BATCH, 0, 0);
        vm.assertEq(revoked, 3);
    }

    function test_a_stolen_status_key_is_undone_by_a_new_epoch() public {
        I.BatchRef memory batch = _anchor();
        _set(batch, ACTION_REVOKE, 0, FULL);
        vm.prank(admin);
        registry.retireKey(ID, REVOKER);
        vm.prank(admin);
        registry.openStatusEpoch(ID);
        vm.prank(ADMIN2);
        registry.setStatus(ID, batch, ACTION_REVOKE, 4, _mask(0, 2));
        _expect(0, 2, 0);
    }

    function test_only_an_admin_opens_an_epoch() public {
        address[4] memory others = [ANCHORER, REVOKER, RECOVERY, STRANGER];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.expectRevert(_notAuthorized(others[i], ROLE_ADMIN));
            vm.prank(others[i]);
            registry.openStatusEpoch(ID);
        }
    }
}
