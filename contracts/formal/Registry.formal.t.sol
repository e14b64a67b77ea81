// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import "../src/Constants.sol";
import {CredentialRegistry} from "../src/CredentialRegistry.sol";
import {ICredentialRegistry as I} from "../src/ICredentialRegistry.sol";
import {vm} from "../test/util/Vm.sol";
import {svm} from "./Svm.sol";

/// @dev What halmos proves about every direct call: for every sender, every function that changes state, all arguments
/// (arrays with one element, or two in `anchorMany`) and every later time. It starts from a state with two issuers, one
/// record each, and every request that can be executed. The forms by signature reach the same private functions with an
/// actor that signed; that they check who signed is the unit tests' business.
contract RegistryProofs {
    I private registry;

    address private constant ADMIN = address(0xA1);
    address private constant ANCHORER = address(0xB1);
    address private constant REVOKER = address(0xC1);
    address private constant RECOVERY = address(0xD1);
    address private constant OTHER = address(0xE1);
    address private constant NEW = address(0xF1);
    bytes16 private constant BATCH = bytes16(uint128(0xBA7C));
    bytes32 private constant ROOT = keccak256("root");
    uint256 private constant FUNCTIONS = 14;

    function setUp() public {
        vm.warp(1_800_000_000);
        registry = new CredentialRegistry();
        I.KeyGrant[] memory keys = new I.KeyGrant[](3);
        keys[0] = I.KeyGrant(ADMIN, ROLE_ADMIN);
        keys[1] = I.KeyGrant(ANCHORER, ROLE_ANCHOR);
        keys[2] = I.KeyGrant(REVOKER, ROLE_STATUS);
        vm.prank(ADMIN);
        registry.register(keys, RECOVERY, 0);
        vm.prank(OTHER);
        registry.register(_one(OTHER, ROLE_MASK), RECOVERY, 0);
        vm.prank(ANCHORER);
        registry.anchor(1, BATCH, ROOT, 600);
        vm.prank(OTHER);
        registry.anchor(2, BATCH, ROOT, 600);
        vm.prank(ADMIN);
        registry.requestChange(1, CHANGE_ADD_ADMIN, NEW, ROLE_MASK, 0);
    }

    function _one(address account, uint8 roles) private pure returns (I.KeyGrant[] memory keys) {
        keys = new I.KeyGrant[](1);
        keys[0] = I.KeyGrant(account, roles);
    }

    // ---------------------------------------------------------------------------------------------- any call

    function _uint8(string memory name) private pure returns (uint8) {
        return uint8(svm.createUint(8, name));
    }

    function _uint64(string memory name) private pure returns (uint64) {
        return uint64(svm.createUint(64, name));
    }

    function _id() private pure returns (bytes16) {
        return bytes16(svm.createBytes32("batchId"));
    }

    function _reference() private pure returns (I.BatchRef memory) {
        return I.BatchRef(_id(), svm.createBytes32("root"), _uint64("leafCount"), svm.createAddress("by"));
    }

    function _batch() private pure returns (I.Batch memory) {
        return I.Batch(_id(), svm.createBytes32("root"), _uint64("leafCount"));
    }

    /// @dev Call data of the function of this number about this issuer.
    function _data(uint256 which, uint64 issuer) private pure returns (bytes memory) {
        if (which < 7) return _dataOfKeys(which, issuer);
        if (which == 7) return abi.encodeCall(I.anchor, (issuer, _id(), svm.createBytes32("r"), _uint64("n")));
        if (which == 8) {
            I.Batch[] memory batches = new I.Batch[](2);
            (batches[0], batches[1]) = (_batch(), _batch());
            return abi.encodeCall(I.anchorMany, (issuer, batches));
        }
        if (which == 9) return abi.encodeCall(I.reaffirm, (issuer, _reference()));
        if (which == 10) {
            I.WordMask[] memory changes = new I.WordMask[](1);
            changes[0] = I.WordMask(_uint64("word"), uint256(svm.createBytes32("mask")));
            return abi.encodeCall(I.setStatus, (issuer, _reference(), _uint8("action"), _uint8("reason"), changes));
        }
        if (which == 11) return abi.encodeCall(I.openStatusEpoch, (issuer));
        if (which == 12) return abi.encodeCall(I.setProfile, (issuer, svm.createBytes32("profile")));
        return abi.encodeCall(I.register, (_one(svm.createAddress("key"), _uint8("roles")), svm.createAddress("r"), 0));
    }

    function _dataOfKeys(uint256 which, uint64 issuer) private pure returns (bytes memory) {
        address account = svm.createAddress("account");
        if (which == 0) return abi.encodeCall(I.addKey, (issuer, account, _uint8("roles")));
        if (which == 1) return abi.encodeCall(I.retireKey, (issuer, account));
        if (which == 2) return abi.encodeCall(I.distrustKey, (issuer, account, _uint64("from")));
        if (which == 3) {
            return abi.encodeCall(I.requestChange, (issuer, _uint8("kind"), account, _uint8("roles"), _uint64("from")));
        }
        if (which == 4) return abi.encodeCall(I.vetoChange, (issuer, svm.createAddress("requester"), account));
        if (which == 5) return abi.encodeCall(I.freeze, (issuer));
        return abi.encodeCall(I.unfreeze, (issuer));
    }

    /// @dev Any function, called by anybody at any later time.
    function _call(uint256 which, uint64 issuer, address sender) private returns (bool done) {
        vm.assume(which < FUNCTIONS);
        uint64 later = _uint64("later");
        vm.assume(later >= 1_800_000_000 && later < 1 << 40);
        vm.warp(later);
        bytes memory data = _data(which, issuer);
        vm.prank(sender);
        (done,) = address(registry).call(data);
    }

    /// @dev What an issuer holds that a call could change, compared field by field: a hash of it all would leave the
    /// solver to guess about collisions.
    struct Held {
        bytes32 word;
        bytes27 commitment;
        uint64 time;
        uint256 revoked;
        uint256 suspended;
        address recovery;
        bool frozen;
    }

    function _held(uint64 issuer) private view returns (Held memory held) {
        held.word = registry.issuerWord(issuer);
        (held.commitment, held.time) = registry.recordOf(issuer, BATCH);
        (held.revoked, held.suspended) = registry.statusWord(issuer, BATCH, 0, 0);
        (held.recovery, held.frozen) = registry.recoveryOf(issuer);
    }

    function _unchanged(uint64 issuer, Held memory before) private view returns (bool) {
        Held memory held = _held(issuer);
        return held.word == before.word && held.commitment == before.commitment && held.time == before.time
            && held.revoked == before.revoked && held.suspended == before.suspended && held.recovery == before.recovery
            && held.frozen == before.frozen;
    }

    function _sequence(bytes32 word) private pure returns (uint256) {
        return (uint256(word) >> 16) & 0xffffffff;
    }

    // ------------------------------------------------------------------------------------------------- proofs

    function check_a_record_is_written_once(uint256 which, uint64 issuer, address sender) public {
        (bytes27 before, uint64 timeBefore) = registry.recordOf(1, BATCH);
        _call(which, issuer, sender);
        (bytes27 commitment, uint64 time) = registry.recordOf(1, BATCH);
        assert(commitment == before && time == timeBefore);
    }

    function check_issuers_are_isolated(uint256 which, uint64 issuer, address sender) public {
        vm.assume(issuer != 2);
        Held memory before = _held(2);
        _call(which, issuer, sender);
        assert(_unchanged(2, before));
    }

    function check_who_has_no_role_changes_nothing(uint256 which, uint64 issuer, address sender) public {
        vm.assume(sender != ADMIN && sender != ANCHORER && sender != REVOKER && sender != RECOVERY);
        Held memory before = _held(1);
        _call(which, issuer, sender);
        assert(_unchanged(1, before));
    }

    /// @dev An anchor key changes no key, status, profile or epoch; a status key nothing but status.
    function check_keys_act_within_their_roles(uint256 which, address sender) public {
        vm.assume(sender == ANCHORER || sender == REVOKER);
        bool done = _call(which, 1, sender);
        bool anchors = which >= 7 && which <= 9;
        bool sets = which == 10;
        if (done && which != FUNCTIONS - 1) assert(sender == ANCHORER ? anchors : sets);
    }

    function check_a_retired_key_does_nothing(uint256 which, address sender) public {
        vm.assume(sender == ANCHORER || sender == REVOKER);
        vm.prank(ADMIN);
        registry.retireKey(1, sender);
        Held memory before = _held(1);
        _call(which, 1, sender);
        assert(_unchanged(1, before));
    }

    /// @dev A word never changes but by at least one event, and the recovery account's freeze counts as one.
    function check_the_sequence_only_grows(uint256 which, uint64 issuer, address sender) public {
        Held memory before = _held(1);
        _call(which, issuer, sender);
        bytes32 word = registry.issuerWord(1);
        assert(_sequence(word) > _sequence(before.word) || _unchanged(1, before));
    }

    function check_no_change_is_executed_before_its_time(address requester, address account, uint64 later) public {
        vm.assume(later >= 1_800_000_000 && later < 1_800_000_000 + CHANGE_WAIT);
        vm.warp(later);
        Held memory before = _held(1);
        (bool done,) = address(registry).call(abi.encodeCall(I.executeChange, (1, requester, account)));
        assert(!done && _unchanged(1, before));
    }

    function check_a_change_is_executed_as_requested_only(address requester, address account, uint64 later) public {
        vm.assume(later < 1 << 40);
        vm.warp(later);
        (bool done,) = address(registry).call(abi.encodeCall(I.executeChange, (1, requester, account)));
        assert(!done || (requester == ADMIN && account == NEW && later >= 1_800_000_000 + CHANGE_WAIT));
    }
}
