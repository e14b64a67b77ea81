// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ProofHarness} from "./util/ProofHarness.sol";
import {Trees} from "./util/Trees.sol";
import {vm} from "./util/Vm.sol";

/// @dev `tests/contracts/test_proofs.py` adds the RFC 6962 vectors and trees of every size from 1 to 300.
contract InclusionProofTest {
    ProofHarness private harness = new ProofHarness();

    function _leaves(uint256 size, uint256 seed) private pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](size);
        for (uint256 i = 0; i < size; ++i) {
            leaves[i] = keccak256(abi.encode(seed, i));
        }
    }

    function test_every_leaf_of_every_small_tree() public view {
        for (uint64 size = 1; size <= 33; ++size) {
            bytes32[] memory leaves = _leaves(size, 1);
            bytes32 root = Trees.root(leaves);
            for (uint64 i = 0; i < size; ++i) {
                bytes32[] memory path = Trees.path(leaves, i);
                for (uint64 j = 0; j <= size; ++j) {
                    vm.assertEq(harness.check(leaves[i], j, size, path, root), i == j);
                }
            }
        }
    }

    function test_leaf_and_node_hashes_are_those_of_the_rfc() public view {
        vm.assertEq(harness.leafHash(""), 0x6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d);
    }

    function testFuzz_an_inner_node_is_no_leaf(uint64 size, uint64 index) public view {
        size = size % 63 + 2;
        index = index % size;
        bytes32[] memory leaves = _leaves(size, 2);
        bytes32 root = Trees.root(leaves);
        bytes32[] memory path = Trees.path(leaves, index);
        vm.assertFalse(harness.check(root, 0, size, new bytes32[](0), root));
        bytes32[] memory shorter = new bytes32[](path.length - 1);
        for (uint256 i = 0; i < shorter.length; ++i) {
            shorter[i] = path[i + 1];
        }
        bytes32 left = Trees.node(leaves[index], path[0]);
        bytes32 right = Trees.node(path[0], leaves[index]);
        for (uint64 i = 0; i < size; ++i) {
            vm.assertFalse(harness.check(left, i, size, shorter, root));
            vm.assertFalse(harness.check(right, i, size, shorter, root));
        }
    }

    function testFuzz_a_longer_shorter_or_changed_path_fails(uint64 size, uint64 index, uint256 place, uint8 flip)
        public
        view
    {
        vm.assume(flip != 0);
        size = size % 63 + 2;
        index = index % size;
        bytes32[] memory leaves = _leaves(size, 3);
        bytes32 root = Trees.root(leaves);
        bytes32[] memory path = Trees.path(leaves, index);
        vm.assertTrue(harness.check(leaves[index], index, size, path, root));
        bytes32[] memory other = new bytes32[](path.length + 1);
        for (uint256 i = 0; i < path.length; ++i) {
            other[i] = path[i];
        }
        vm.assertFalse(harness.check(leaves[index], index, size, other, root));
        bytes32[] memory shorter = new bytes32[](path.length - 1);
        for (uint256 i = 0; i < shorter.length; ++i) {
            shorter[i] = path[i];
        }
        vm.assertFalse(harness.check(leaves[index], index, size, shorter, root));
        path[place % path.length] ^= bytes32(uint256(flip) << (place % 249));
        vm.assertFalse(harness.check(leaves[index], index, size, path, root));
    }

    /// @dev Whoever anchors a larger tree's root with a smaller leaf count gains no second place for a leaf.
    function test_a_longer_path_fails_under_the_root_that_it_leads_to() public view {
        for (uint64 size = 1; size <= 17; ++size) {
            bytes32[] memory leaves = _leaves(size, 4);
            bytes32 root = Trees.root(leaves);
            for (uint64 index = 0; index < size; ++index) {
                bytes32[] memory path = Trees.path(leaves, index);
                bytes32[] memory longer = new bytes32[](path.length + 1);
                for (uint256 i = 0; i < path.length; ++i) {
                    longer[i] = path[i];
                }
                vm.assertFalse(harness.check(leaves[index], index, size, longer, Trees.node(root, 0)));
                vm.assertFalse(harness.check(leaves[index], index, size, longer, Trees.node(0, root)));
            }
        }
    }

    function testFuzz_nothing_is_in_an_empty_tree(bytes32 leaf, uint64 index) public view {
        vm.assertFalse(harness.check(leaf, index, 0, new bytes32[](0), leaf));
    }

    function test_the_largest_indexes_do_not_overflow() public view {
        bytes32[] memory path = new bytes32[](64);
        vm.assertFalse(harness.check(0, type(uint64).max, type(uint64).max, path, 0));
        vm.assertFalse(harness.check(0, type(uint64).max - 1, type(uint64).max, path, 0));
    }
}
