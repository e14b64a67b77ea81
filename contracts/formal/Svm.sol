// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @dev The few cheatcodes of halmos that the proofs use.
interface Svm {
    function createUint(uint256 bits, string memory name) external pure returns (uint256);
    function createAddress(string memory name) external pure returns (address);
    function createBytes32(string memory name) external pure returns (bytes32);
}

Svm constant svm = Svm(address(uint160(uint256(keccak256("svm cheat code")))));
