// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICredentialRegistry} from "../../src/ICredentialRegistry.sol";
import {IERC1271} from "../../src/lib/Signatures.sol";

/// @dev Accepts what its owner signed.
contract OwnerWallet is IERC1271 {
    address private owner;

    function own(address newOwner) external {
        owner = newOwner;
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        address signer = ecrecover(hash, uint8(signature[64]), bytes32(signature[0:32]), bytes32(signature[32:64]));
        return signer == owner ? IERC1271.isValidSignature.selector : bytes4(0);
    }
}

/// @dev Always gives the same answer.
contract AnswerWallet is IERC1271 {
    bytes4 private immutable ANSWER;

    constructor(bytes4 answer) {
        ANSWER = answer;
    }

    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        return ANSWER;
    }
}

contract RevertingWallet is IERC1271 {
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        revert("no");
    }
}

/// @dev Answers with more than a word, the magic value first.
contract LongWallet {
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4, uint256) {
        return (IERC1271.isValidSignature.selector, 1);
    }
}

/// @dev Tries to anchor while its signature is being checked, and accepts.
contract ReentrantWallet is IERC1271 {
    ICredentialRegistry private registry;

    function aim(ICredentialRegistry target) external {
        registry = target;
    }

    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        bytes memory call = abi.encodeCall(ICredentialRegistry.anchor, (1, bytes16(uint128(77)), bytes32("root"), 1));
        (bool success,) = address(registry).staticcall(call);
        require(success, "refused");
        return IERC1271.isValidSignature.selector;
    }
}
