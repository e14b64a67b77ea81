// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import "../src/Constants.sol";
import {ICredentialRegistry as I} from "../src/ICredentialRegistry.sol";
import {Fixture} from "./util/Fixture.sol";
import {Fold} from "./util/Fold.sol";
import {Vm, vm} from "./util/Vm.sol";

/// @dev Folds the logs as SPEC.md 5.2 says, in code that shares nothing with the contract, and reads raw storage slots
/// at the places that SPEC.md 5.1 names.
contract WordTest is Fixture {
    function setUp() public override {
        vm.recordLogs();
        super.setUp();
    }

    // -------------------------------------------------------------------------------------------------- folding

    /// @dev Folds every log since the last call into the word of its issuer and compares each event's word.
    mapping(uint64 => bytes32) private folded;

    function _fold() private returns (uint256 count) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter != address(registry)) continue;
            ++count;
            uint64 issuerId = uint64(uint256(logs[i].topics[1]));
            bytes32 previous = folded[issuerId];
            (bytes32 head, uint32 sequence, bytes32 word) = Fold.step(previous, address(registry), logs[i]);
            vm.assertEq(bytes32(bytes26(word)), head);
            vm.assertEq((uint256(word) >> 16) & 0xffffffff, sequence);
            folded[issuerId] = word;
        }
    }

    function test_every_event_extends_the_word_and_storage_holds_the_last() public {
        uint256 count = _everything();
        vm.assertEq(_fold(), count);
        vm.assertEq(folded[ID], registry.issuerWord(ID));
        vm.assertEq(folded[2], registry.issuerWord(2));
        vm.assertEq(_sequence() + 2, count);
        vm.assertEq(_epoch(), 1);
        vm.assertTrue(_frozen());
    }

    function test_the_word_depends_on_chain_and_contract() public {
        bytes32 word = registry.issuerWord(ID);
        super.setUp();
        vm.assertNotEq(registry.issuerWord(ID), word);
        word = registry.issuerWord(ID);
        vm.chainId(5);
        vm.prank(admin);
        registry.freeze(ID);
        _fold5(word);
    }

    function _fold5(bytes32 previous) private view {
        bytes32 payload = keccak256(abi.encode(keccak256("Frozen(uint64,address,bytes32)"), ID, admin));
        bytes32 digest = keccak256(abi.encode(5, address(registry), ID, previous, payload));
        vm.assertEq(bytes32(bytes26(registry.issuerWord(ID))), bytes32(bytes26(digest)));
    }

    /// @dev Emits each event of the contract at least once; returns how many.
    function _everything() private returns (uint256) {
        vm.prank(STRANGER);
        registry.register(_one(STRANGER, ROLE_ADMIN), RECOVERY, 0); // 6 in setUp, 2 here
        vm.prank(admin);
        registry.addKey(ID, NEW, ROLE_ANCHOR);
        I.BatchRef memory batch = _anchor();
        I.Batch[] memory batches = new I.Batch[](2);
        batches[0] = I.Batch(bytes16(uint128(1)), ROOT, 1);
        batches[1] = I.Batch(bytes16(uint128(2)), ROOT, 2);
        vm.prank(ANCHORER);
        registry.anchorMany(ID, batches);
        _distrust(ANCHORER, START);
        vm.prank(NEW);
        registry.reaffirm(ID, batch);
        _set(batch, ACTION_SUSPEND, 1, type(uint256).max);
        I.WordMask[] memory changes = new I.WordMask[](2);
        changes[0] = I.WordMask(2, 1);
        changes[1] = I.WordMask(0, 3);
        vm.prank(REVOKER);
        registry.setStatus(ID, batch, ACTION_REVOKE, 9, changes);
        vm.prank(admin);
        registry.retireKey(ID, REVOKER);
        vm.prank(admin);
        registry.setProfile(ID, ROOT);
        vm.prank(admin);
        registry.openStatusEpoch(ID); // 19 so far
        return 19 + _changes();
    }

    function _changes() private returns (uint256) {
        _request(admin, CHANGE_RECOVERY, address(0xAA), 0, 0);
        _request(ADMIN2, CHANGE_RECOVERY, address(0xAA), 0, 0);
        _request(admin, CHANGE_ADD_ADMIN, address(0xAB), ROLE_ADMIN, 0);
        _request(admin, CHANGE_DISTRUST_ADMIN, ADMIN2, 0, START);
        _request(admin, CHANGE_RETIRE_ADMIN, admin, 0, 0);
        vm.prank(RECOVERY);
        registry.vetoChange(ID, admin, address(0xAA));
        _afterWait();
        registry.executeSeconded(ID, admin, ADMIN2, address(0xAA));
        registry.executeChange(ID, admin, address(0xAB));
        registry.executeChange(ID, admin, ADMIN2);
        registry.executeChange(ID, admin, admin);
        vm.prank(address(0xAA));
        registry.freeze(ID);
        vm.prank(address(0xAA));
        registry.unfreeze(ID);
        vm.prank(address(0xAB));
        registry.freeze(ID);
        return 18;
    }

    // -------------------------------------------------------------------------------------------------- storage

    function _slot(bytes32 key, bytes32 slot) private pure returns (bytes32) {
        return keccak256(abi.encode(key, slot));
    }

    function _slot(uint256 key, bytes32 slot) private pure returns (bytes32) {
        return _slot(bytes32(key), slot);
    }

    function _load(bytes32 slot) private view returns (uint256) {
        return uint256(vm.load(address(registry), slot));
    }

    function _mapping(uint256 slot) private pure returns (bytes32) {
        return _slot(ID, bytes32(slot));
    }

    function _key(address account) private pure returns (uint256) {
        return uint256(uint160(account));
    }

    function test_storage_of_issuers_and_keys() public {
        vm.warp(START + 9);
        _distrust(ANCHORER, START + 1);
        vm.assertEq(_load(0), 1);
        vm.assertEq(_load(_mapping(1)), uint256(registry.issuerWord(ID)));
        uint256 key =
            uint256(ROLE_ANCHOR) | (uint256(START) << 8) | (uint256(START + 9) << 72) | (uint256(START + 1) << 136);
        vm.assertEq(_load(_slot(_key(ANCHORER), _mapping(2))), key);
        vm.prank(RECOVERY);
        registry.freeze(ID);
        vm.assertEq(_load(_mapping(8)), _key(RECOVERY) | (1 << 160));
    }

    function test_storage_of_records_and_reaffirmations() public {
        I.BatchRef memory batch = _anchor();
        uint256 commitment = uint256(keccak256(abi.encode(ROOT, uint64(600), ANCHORER)));
        uint256 record = _load(_slot(bytes32(BATCH), _mapping(3)));
        vm.assertEq(record, (commitment >> 40 << 40) | START);
        _distrust(ANCHORER, START);
        vm.prank(ADMIN2);
        registry.reaffirm(ID, batch);
        vm.assertEq(_load(_slot(bytes32(BATCH), _mapping(4))), _key(ADMIN2) | (uint256(START) << 160));
        vm.assertEq(_load(_slot(bytes32(BATCH), _mapping(3))), record);
    }

    function test_storage_of_status_words() public {
        I.BatchRef memory batch = _anchor();
        vm.prank(admin);
        registry.openStatusEpoch(ID);
        _set(batch, ACTION_REVOKE, 2, 6);
        _set(batch, ACTION_SUSPEND, 2, 9);
        bytes32 slot = _slot(2, _slot(1, _slot(bytes32(BATCH), _mapping(5))));
        vm.assertEq(_load(slot), 6);
        vm.assertEq(_load(bytes32(uint256(slot) + 1)), 9);
    }

    function test_storage_of_profiles() public {
        vm.warp(START + 3);
        vm.prank(admin);
        registry.setProfile(ID, ROOT);
        vm.assertEq(_load(_slot(PROFILE, _mapping(6))), START | (uint256(START + 3) << 64));
        vm.assertEq(_load(_slot(ROOT, _mapping(6))), START + 3);
        vm.assertEq(_load(_mapping(7)), uint256(ROOT));
    }

    function test_storage_of_requested_changes() public {
        _request(admin, CHANGE_DISTRUST_ADMIN, ADMIN2, 0, START);
        vm.prank(RECOVERY);
        registry.vetoChange(ID, admin, ADMIN2);
        _request(RECOVERY, CHANGE_ADD_ADMIN, NEW, ROLE_MASK, 0);
        uint256 readyAt = uint256(START + 7 days) << 80;
        bytes32 slot = _slot(_key(ADMIN2), _slot(_key(admin), _mapping(9)));
        vm.assertEq(_load(slot), CHANGE_DISTRUST_ADMIN | (uint256(START) << 16) | readyAt | (1 << 152));
        slot = _slot(_key(NEW), _slot(_key(RECOVERY), _mapping(9)));
        vm.assertEq(_load(slot), CHANGE_ADD_ADMIN | (uint256(ROLE_MASK) << 8) | readyAt | (1 << 144));
    }

    // ---------------------------------------------------------------------------------------------- exhaustion

    function _setTail(uint256 clear, uint256 set) private {
        uint256 word = (uint256(registry.issuerWord(ID)) & ~clear) | set;
        vm.store(address(registry), _mapping(1), bytes32(word));
    }

    function test_the_last_epoch_is_the_last() public {
        _setTail(0xfffe, uint256(0x7ffe) << 1);
        vm.prank(admin);
        registry.openStatusEpoch(ID);
        vm.assertEq(_epoch(), 0x7fff);
        vm.assertEq(_sequence(), 7);
        _reverts(I.EpochsExhausted.selector);
        vm.prank(admin);
        registry.openStatusEpoch(ID);
    }

    function test_the_last_event_is_the_last() public {
        _setTail(uint256(0xffffffff) << 16, uint256(0xfffffffe) << 16);
        I.Batch[] memory batches = new I.Batch[](2);
        batches[0] = I.Batch(bytes16(uint128(1)), ROOT, 1);
        batches[1] = I.Batch(bytes16(uint128(2)), ROOT, 2);
        _reverts(I.SequenceExhausted.selector);
        vm.prank(ANCHORER);
        registry.anchorMany(ID, batches);
        _anchor();
        vm.assertEq(_sequence(), type(uint32).max);
        _reverts(I.SequenceExhausted.selector);
        vm.prank(admin);
        registry.freeze(ID);
    }
}
