// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Inclusion proofs
/// @notice RFC 9162, section 2.1, over SHA-256: leaves and nodes are hashed under different prefixes, and for an index
/// and a size a path has exactly one length, so that neither an inner node nor another entry passes for the leaf.
library InclusionProof {
    /// @notice Hash of a leaf, section 2.1.1.
    /// @param entry The entry's bytes.
    /// @return SHA-256(0x00 ‖ entry).
    function leafHash(bytes memory entry) internal pure returns (bytes32) {
        return sha256(bytes.concat(hex"00", entry));
    }

    /// @notice Hash of an inner node, section 2.1.1.
    /// @param left Its left child.
    /// @param right Its right child.
    /// @return SHA-256(0x01 ‖ left ‖ right).
    function nodeHash(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return sha256(bytes.concat(hex"01", left, right));
    }

    /// @notice Folds a path, section 2.1.3.2.
    /// @param hash The leaf's hash.
    /// @param index Its place, from 0.
    /// @param size Number of leaves in the tree.
    /// @param path The siblings, leaf end first.
    /// @return fits Whether index and size fit, and the path has the length that they ask for.
    /// @return root The root that the path leads to; meaningless unless it fits.
    function fold(bytes32 hash, uint64 index, uint64 size, bytes32[] calldata path)
        internal
        pure
        returns (bool fits, bytes32 root)
    {
        if (index >= size) return (false, 0);
        uint64 last = size - 1;
        root = hash;
        for (uint256 i = 0; i < path.length; ++i) {
            if (last == 0) return (false, 0);
            if (index & 1 == 1 || index == last) {
                root = nodeHash(path[i], root);
                // A node without a right sibling moves up unchanged until it is a right child.
                while (index & 1 == 0 && index != 0) {
                    index >>= 1;
                    last >>= 1;
                }
            } else {
                root = nodeHash(root, path[i]);
            }
            index >>= 1;
            last >>= 1;
        }
        return (last == 0, root);
    }
}
