// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

// Numbers that the specification (SPEC.md, section 5) fixes, in one place for contracts and tests.

/// @dev Role bit: may change keys, profile and status epoch, and request admin-critical changes.
uint8 constant ROLE_ADMIN = 1;
/// @dev Role bit: may anchor batches and reaffirm records.
uint8 constant ROLE_ANCHOR = 2;
/// @dev Role bit: may revoke, suspend and reinstate.
uint8 constant ROLE_STATUS = 4;
/// @dev Every role bit that exists.
uint8 constant ROLE_MASK = 7;

/// @dev Kind of a requested change: add a key that has the admin role.
uint8 constant CHANGE_ADD_ADMIN = 1;
/// @dev Kind of a requested change: retire a key that has the admin role.
uint8 constant CHANGE_RETIRE_ADMIN = 2;
/// @dev Kind of a requested change: distrust a key that has the admin role.
uint8 constant CHANGE_DISTRUST_ADMIN = 3;
/// @dev Kind of a requested change: replace the recovery account.
uint8 constant CHANGE_RECOVERY = 4;

/// @dev Status action: set bits of the revoked words; they never clear within an epoch.
uint8 constant ACTION_REVOKE = 1;
/// @dev Status action: set bits of the suspended words.
uint8 constant ACTION_SUSPEND = 2;
/// @dev Status action: clear bits of the suspended words.
uint8 constant ACTION_REINSTATE = 3;

/// @dev Largest reason code of RFC 5280, section 5.3.1.
uint8 constant REASON_MAX = 10;
/// @dev The one code below the largest that RFC 5280 leaves unused.
uint8 constant REASON_UNUSED = 7;

/// @dev Largest number of credentials in a batch.
uint64 constant MAX_LEAF_COUNT = 1 << 40;

/// @dev Seconds between the request and the execution of an admin-critical change.
uint64 constant CHANGE_WAIT = 7 days;
