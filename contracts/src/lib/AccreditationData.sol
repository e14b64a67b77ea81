// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Typed data of accreditation
/// @notice EIP-712 domain and types of SPEC.md, section 5.10. The domain is another than the registry's, so that no
/// signature for the one is one for the other.
library AccreditationData {
    /// @notice Name of the domain.
    string internal constant NAME = "Hallmark Accreditation";
    /// @notice Version of the domain.
    string internal constant VERSION = "1";

    bytes32 private constant DOMAIN =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");

    bytes32 internal constant ACCREDIT = keccak256(
        "Accredit(uint64 issuerId,uint64 subject,bytes32 scope,uint64 since,uint64 until,address actor,uint32 sequence,uint256 deadline)"
    );
    bytes32 internal constant WITHDRAW = keccak256(
        "Withdraw(uint64 issuerId,uint64 subject,bytes32 scope,address actor,uint32 sequence,uint256 deadline)"
    );

    /// @notice What is signed. The domain is computed each time, so that a fork of the chain has its own at once.
    /// @param structHash Hash of the message.
    /// @return keccak256(0x19 0x01 ‖ domain separator ‖ structHash).
    function digest(bytes32 structHash) internal view returns (bytes32) {
        bytes32 separator = keccak256(
            abi.encode(DOMAIN, keccak256(bytes(NAME)), keccak256(bytes(VERSION)), block.chainid, address(this))
        );
        return keccak256(abi.encodePacked(hex"1901", separator, structHash));
    }
}
