// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {InclusionProof} from "../../src/lib/InclusionProof.sol";

/// @dev Makes the proof library callable, here and from Python.
contract ProofHarness {
    function check(bytes32 leaf, uint64 index, uint64 size, bytes32[] calldata path, bytes32 root)
        public
        pure
        returns (bool)
    {
        (bool fits, bytes32 found) = InclusionProof.fold(leaf, index, size, path);
        return fits && found == root;
    }

    /// @dev Whether every leaf's path leads to the root.
    function checkAll(bytes32[] calldata leaves, bytes32[][] calldata paths, bytes32 root)
        external
        pure
        returns (bool)
    {
        for (uint64 i = 0; i < leaves.length; ++i) {
            if (!check(leaves[i], i, uint64(leaves.length), paths[i], root)) return false;
        }
        return true;
    }

    function leafHash(bytes calldata entry) external pure returns (bytes32) {
        return InclusionProof.leafHash(entry);
    }
}
