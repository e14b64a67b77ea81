// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import "../src/Constants.sol";
import {ICredentialRegistry as I} from "../src/ICredentialRegistry.sol";
import {ICredentialRegistryBySig as S} from "../src/ICredentialRegistryBySig.sol";
import {ICredentialVerifier as V} from "../src/ICredentialVerifier.sol";
import {Signing} from "./util/Signing.sol";
import {vm} from "./util/Vm.sol";

/// @dev Call data whose words carry bits beyond their type, on every path: refused, with nothing written; and values at
/// the edge of their type next to others in one slot, read back. Under each pipeline, as all tests here.
contract DirtyBitsTest is Signing {
    /// @dev Calls with each word of the arguments in turn made dirty in its highest bit and above its type.
    function _refusedIfDirty(address actor, bytes memory clean, uint256[] memory narrow) private {
        bytes32 before = registry.issuerWord(ID);
        for (uint256 i = 0; i < narrow.length; ++i) {
            bytes memory dirty = bytes.concat(clean);
            // Narrow numbers and addresses have spare bits at the top, bytes16 at the bottom.
            uint256 place = narrow[i] < 100 ? 4 + 32 * narrow[i] : 4 + 32 * (narrow[i] - 100) + 31;
            dirty[place] ^= 0x01;
            vm.prank(actor);
            (bool done,) = address(registry).call(dirty);
            vm.assertFalse(done);
            vm.assertEq(registry.issuerWord(ID), before);
        }
        vm.prank(actor);
        (bool passes,) = address(registry).call(clean);
        vm.assertTrue(passes);
        vm.assertNotEq(registry.issuerWord(ID), before);
    }

    function _places(uint256 one) private pure returns (uint256[] memory list) {
        list = new uint256[](1);
        list[0] = one;
    }

    function _places(uint256 one, uint256 two, uint256 three) private pure returns (uint256[] memory list) {
        list = new uint256[](3);
        (list[0], list[1], list[2]) = (one, two, three);
    }

    function test_dirty_upper_bits_of_keys_are_refused() public {
        _refusedIfDirty(admin, abi.encodeCall(I.addKey, (ID, NEW, ROLE_ANCHOR)), _places(0, 1, 2));
        _refusedIfDirty(admin, abi.encodeCall(I.distrustKey, (ID, NEW, START)), _places(0, 1, 2));
        _refusedIfDirty(admin, abi.encodeCall(I.retireKey, (ID, REVOKER)), _places(0));
        bytes memory request = abi.encodeCall(I.requestChange, (ID, CHANGE_ADD_ADMIN, address(7), ROLE_ADMIN, 0));
        _refusedIfDirty(admin, request, _places(1, 3, 4));
        _refusedIfDirty(admin, abi.encodeCall(I.vetoChange, (ID, admin, address(7))), _places(0, 1, 2));
        _refusedIfDirty(admin, abi.encodeCall(I.setProfile, (ID, ROOT)), _places(0));
        _refusedIfDirty(admin, abi.encodeCall(I.openStatusEpoch, (ID)), _places(0));
    }

    function test_dirty_upper_bits_of_anchors_and_status_are_refused() public {
        bytes memory data = abi.encodeCall(I.anchor, (ID, BATCH, ROOT, 600));
        _refusedIfDirty(ANCHORER, data, _places(0, 3, 101));
        I.Batch[] memory batches = new I.Batch[](1);
        batches[0] = I.Batch(bytes16(uint128(1)), ROOT, 9);
        // 0 issuer, 1 offset, 2 length, 3 batchId, 4 root, 5 leafCount
        _refusedIfDirty(ANCHORER, abi.encodeCall(I.anchorMany, (ID, batches)), _places(0, 5, 103));
        // 0 issuer, 1 batchId, 2 root, 3 leafCount, 4 account, 5 action, 6 reason, 7 offset, 8 length, 9 word, 10 mask
        I.BatchRef memory batch = I.BatchRef(BATCH, ROOT, 600, ANCHORER);
        data = abi.encodeCall(I.setStatus, (ID, batch, ACTION_REVOKE, 0, _mask(0, 1)));
        _refusedIfDirty(REVOKER, data, _places(3, 4, 5));
        _refusedIfDirty(REVOKER, data, _places(6, 9, 101));
    }

    function test_dirty_upper_bits_of_who_signed_are_refused() public {
        S.Authorization memory auth = _auth(ADMIN_PRIVATE, _simple("Freeze"));
        // 0 issuer, 1 offset, 2 actor, 3 deadline
        _refusedIfDirty(STRANGER, abi.encodeCall(S.freezeBySig, (ID, auth)), _places(0, 2, 2));
    }

    /// @dev A credential that is valid, in a batch of one; no dirty word of its proof is taken for a clean one.
    function test_dirty_upper_bits_of_a_proof_are_refused() public {
        V.CredentialProof memory proof;
        (proof.leafCount, proof.account, proof.batchId) = (1, ANCHORER, BATCH);
        bytes memory place = abi.encodePacked(
            hex"00", "hallmark-leaf-01", uint64(block.chainid), address(registry), ID, BATCH, uint64(0), new bytes(96)
        );
        bytes32 root = sha256(place);
        vm.prank(ANCHORER);
        registry.anchor(ID, BATCH, root, 1);
        bytes memory clean = abi.encodeCall(V.isValid, (ID, proof));
        (bool done, bytes memory answer) = address(registry).call(clean);
        vm.assertTrue(done && abi.decode(answer, (bool)));
        // 0 issuer, 1 offset, 2 batchId, 3 leafCount, 4 account, 5 index
        for (uint256 word = 3; word < 6; ++word) {
            bytes memory dirty = bytes.concat(clean);
            dirty[4 + 32 * word] = 0x01;
            (done,) = address(registry).call(dirty);
            vm.assertFalse(done);
        }
    }

    function test_values_at_the_edge_of_their_type_leave_their_neighbours_alone() public {
        uint64 late = type(uint40).max;
        vm.warp(late);
        vm.prank(admin);
        registry.addKey(ID, address(type(uint160).max), ROLE_ANCHOR);
        vm.prank(address(type(uint160).max));
        registry.anchor(ID, bytes16(type(uint128).max), bytes32(type(uint256).max), MAX_LEAF_COUNT);
        (bytes27 commitment, uint64 time) = registry.recordOf(ID, bytes16(type(uint128).max));
        vm.assertEq(time, late);
        bytes32 hash = keccak256(abi.encode(type(uint256).max, MAX_LEAF_COUNT, type(uint160).max));
        vm.assertEq(bytes32(commitment), hash >> 40 << 40);
        _distrust(address(type(uint160).max), late);
        I.Key memory key = registry.keyOf(ID, address(type(uint160).max));
        vm.assertEq(key.roles, ROLE_ANCHOR);
        vm.assertEq(key.addedAt, late);
        vm.assertEq(key.retiredAt, late);
        vm.assertEq(key.distrustFrom, late);
        I.BatchRef memory batch = I.BatchRef(
            bytes16(type(uint128).max), bytes32(type(uint256).max), MAX_LEAF_COUNT, address(type(uint160).max)
        );
        vm.prank(ADMIN2);
        registry.reaffirm(ID, batch);
        (address account, uint64 again) = registry.reaffirmationOf(ID, batch.batchId);
        vm.assertEq(account, ADMIN2);
        vm.assertEq(again, late);
    }
}
