// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICredentialRegistry} from "../ICredentialRegistry.sol";

/// @dev The state of an issuer in one word (SPEC.md, section 5.2):
/// head (26 bytes) ‖ sequence u32 ‖ epoch u15 ‖ frozen u1. Zero before registration.
type IssuerWord is bytes32;

using IssuerWords for IssuerWord global;

/// @title Issuer words
/// @notice Reads an issuer word and extends it by an event.
library IssuerWords {
    uint256 private constant FROZEN_BIT = 1;
    uint256 private constant EPOCH_SHIFT = 1;
    uint256 private constant SEQUENCE_SHIFT = 16;
    /// @dev The 48 low bits, which are not head.
    uint256 private constant TAIL_MASK = (1 << 48) - 1;
    /// @dev The 16 lowest bits: epoch and frozen.
    uint256 private constant FLAGS_MASK = (1 << 16) - 1;

    /// @notice Largest epoch that fits.
    uint16 internal constant MAX_EPOCH = (1 << 15) - 1;

    /// @notice Whether an issuer with this word exists. A registered issuer's sequence is at least 1.
    /// @param word The word.
    /// @return Whether it is not zero.
    function exists(IssuerWord word) internal pure returns (bool) {
        return IssuerWord.unwrap(word) != 0;
    }

    /// @notice Whether the issuer is frozen.
    /// @param word The word.
    /// @return The lowest bit.
    function frozen(IssuerWord word) internal pure returns (bool) {
        return uint256(IssuerWord.unwrap(word)) & FROZEN_BIT != 0;
    }

    /// @notice The current status epoch.
    /// @param word The word.
    /// @return 15 bits.
    function epoch(IssuerWord word) internal pure returns (uint16) {
        return uint16(uint256(IssuerWord.unwrap(word)) & FLAGS_MASK) >> uint16(EPOCH_SHIFT);
    }

    /// @notice Number of events so far.
    /// @param word The word.
    /// @return 32 bits.
    function sequence(IssuerWord word) internal pure returns (uint32) {
        return uint32((uint256(IssuerWord.unwrap(word)) & TAIL_MASK) >> SEQUENCE_SHIFT);
    }

    /// @notice Extends a word by an event that leaves epoch and frozen as they are.
    /// @dev Reverts when the sequence is exhausted; this is the only place where it grows.
    /// @param word The word before the event.
    /// @param issuerId The issuer.
    /// @param payload keccak256(topic0 ‖ parameters without the word), SPEC.md 5.2.
    /// @return The word after the event.
    function extend(IssuerWord word, uint64 issuerId, bytes32 payload) internal view returns (IssuerWord) {
        return _extend(word, issuerId, payload, uint256(IssuerWord.unwrap(word)) & FLAGS_MASK);
    }

    /// @notice Extends a word by an event that freezes or unfreezes.
    /// @param word The word before the event.
    /// @param issuerId The issuer.
    /// @param payload As in `extend`.
    /// @param isFrozen Whether the issuer is frozen after the event.
    /// @return The word after the event.
    function extendFrozen(IssuerWord word, uint64 issuerId, bytes32 payload, bool isFrozen)
        internal
        view
        returns (IssuerWord)
    {
        return _extend(word, issuerId, payload, (uint256(word.epoch()) << EPOCH_SHIFT) | (isFrozen ? FROZEN_BIT : 0));
    }

    /// @notice Extends a word by an event that opens a status epoch.
    /// @param word The word before the event.
    /// @param issuerId The issuer.
    /// @param payload As in `extend`.
    /// @param newEpoch The epoch after the event; at most MAX_EPOCH.
    /// @return The word after the event.
    function extendEpoch(IssuerWord word, uint64 issuerId, bytes32 payload, uint16 newEpoch)
        internal
        view
        returns (IssuerWord)
    {
        return _extend(word, issuerId, payload, (uint256(newEpoch) << EPOCH_SHIFT) | (word.frozen() ? FROZEN_BIT : 0));
    }

    function _extend(IssuerWord word, uint64 issuerId, bytes32 payload, uint256 flags)
        private
        view
        returns (IssuerWord)
    {
        bytes32 digest = keccak256(abi.encode(block.chainid, address(this), issuerId, word, payload));
        uint256 head = uint256(digest) & ~TAIL_MASK;
        if (word.sequence() == type(uint32).max) revert ICredentialRegistry.SequenceExhausted(issuerId);
        uint256 next = uint256(word.sequence()) + 1;
        return IssuerWord.wrap(bytes32(head | (next << SEQUENCE_SHIFT) | flags));
    }
}
