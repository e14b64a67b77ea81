// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Signature check of a contract account
/// @dev EIP-1271.
interface IERC1271 {
    /// @notice Whether the account accepts a signature.
    /// @param hash What was signed.
    /// @param signature The signature, in the account's own form.
    /// @return magic 0x1626ba7e if it does.
    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4 magic);
}

/// @title Signatures
/// @notice Signatures of accounts with a key (ECDSA), then of contract accounts (EIP-1271).
library Signatures {
    /// @dev Half the order of secp256k1. A signature with a larger s is the twin of one with a smaller s.
    uint256 private constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    /// @notice Whether an account signed a digest.
    /// @param account The account.
    /// @param digest The digest.
    /// @param signature The signature.
    /// @return Whether it did.
    function signed(address account, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        return _byKey(account, digest, signature) || _byContract(account, digest, signature);
    }

    function _byKey(address account, bytes32 digest, bytes calldata signature) private pure returns (bool) {
        if (signature.length != 65) return false;
        bytes32 r = bytes32(signature[0:32]);
        bytes32 s = bytes32(signature[32:64]);
        if (uint256(s) > HALF_ORDER) return false;
        address signer = ecrecover(digest, uint8(signature[64]), r, s);
        return signer != address(0) && signer == account;
    }

    /// @dev A static call: the account's code can neither change state nor come back in to do so.
    function _byContract(address account, bytes32 digest, bytes calldata signature) private view returns (bool) {
        if (account.code.length == 0) return false;
        (bool success, bytes memory result) =
            account.staticcall(abi.encodeCall(IERC1271.isValidSignature, (digest, signature)));
        return
            success && result.length == 32
                && abi.decode(result, (bytes32)) == bytes32(IERC1271.isValidSignature.selector);
    }
}
