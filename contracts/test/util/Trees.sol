// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @dev Trees and paths by the recursive definitions of RFC 9162, sections 2.1.1 and 2.1.3.1.
library Trees {
    function root(bytes32[] memory leaves) internal pure returns (bytes32) {
        return _root(leaves, 0, leaves.length);
    }

    function path(bytes32[] memory leaves, uint256 index) internal pure returns (bytes32[] memory) {
        return _path(leaves, index, 0, leaves.length);
    }

    function node(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(uint8(1), left, right));
    }

    function _split(uint256 size) private pure returns (uint256 half) {
        half = 1;
        while (half * 2 < size) half *= 2;
    }

    function _root(bytes32[] memory leaves, uint256 from, uint256 size) private pure returns (bytes32) {
        if (size == 1) return leaves[from];
        uint256 half = _split(size);
        return node(_root(leaves, from, half), _root(leaves, from + half, size - half));
    }

    function _path(bytes32[] memory leaves, uint256 index, uint256 from, uint256 size)
        private
        pure
        returns (bytes32[] memory longer)
    {
        if (size == 1) return new bytes32[](0);
        uint256 half = _split(size);
        bool left = index < half;
        bytes32[] memory shorter =
            left ? _path(leaves, index, from, half) : _path(leaves, index - half, from + half, size - half);
        longer = new bytes32[](shorter.length + 1);
        for (uint256 i = 0; i < shorter.length; ++i) {
            longer[i] = shorter[i];
        }
        longer[shorter.length] = left ? _root(leaves, from + half, size - half) : _root(leaves, from, half);
    }
}
