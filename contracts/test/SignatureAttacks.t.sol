// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import "../src/Constants.sol";
import {ICredentialRegistry as I} from "../src/ICredentialRegistry.sol";
import {ICredentialRegistryBySig as S} from "../src/ICredentialRegistryBySig.sol";
import {Signatures} from "../src/lib/Signatures.sol";
import {Signing} from "./util/Signing.sol";
import {vm} from "./util/Vm.sol";
import {AnswerWallet, LongWallet, OwnerWallet, ReentrantWallet, RevertingWallet} from "./util/Wallets.sol";

contract SignaturesHarness {
    function signed(address account, bytes32 digest, bytes calldata signature) external view returns (bool) {
        return Signatures.signed(account, digest, signature);
    }
}

contract SignatureAttacksTest is Signing {
    bytes16 private constant BATCH2 = bytes16(uint128(3));

    function _freeze(S.Authorization memory auth) private {
        vm.prank(STRANGER);
        bySig.freezeBySig(ID, auth);
    }

    function _refused(S.Authorization memory auth) private {
        vm.expectPartialRevert(S.InvalidSignature.selector);
        _freeze(auth);
    }

    function test_a_signature_is_not_replayed() public {
        S.Authorization memory auth = _auth(ADMIN_PRIVATE, _simple("Freeze"));
        _freeze(auth);
        vm.prank(admin);
        registry.unfreeze(ID);
        _refused(auth);
    }

    function test_a_signature_for_a_state_that_passed_is_refused() public {
        S.Authorization memory auth = _auth(ADMIN_PRIVATE, _simple("Freeze"));
        _anchor();
        _refused(auth);
    }

    function test_a_signature_for_another_chain_is_refused() public {
        S.Authorization memory auth = _auth(ADMIN_PRIVATE, _simple("Freeze"));
        vm.chainId(block.chainid + 1);
        _refused(auth);
    }

    function test_a_signature_for_another_contract_is_refused() public {
        S.Authorization memory auth = _auth(ADMIN_PRIVATE, _simple("Freeze"));
        Signing.setUp();
        _refused(auth);
    }

    function test_a_signature_for_another_issuer_is_refused() public {
        vm.prank(admin);
        registry.register(_keys(), RECOVERY, PROFILE);
        S.Authorization memory auth = _authAt(ADMIN_PRIVATE, _simple("Freeze"), 6);
        vm.expectPartialRevert(S.InvalidSignature.selector);
        bySig.freezeBySig(2, auth);
    }

    function test_a_signature_for_another_function_is_refused() public {
        _refused(_auth(ADMIN_PRIVATE, _simple("Unfreeze")));
        _refused(_auth(ADMIN_PRIVATE, _simple("OpenStatusEpoch")));
    }

    function test_a_deadline_is_the_last_second() public {
        S.Authorization memory auth = _auth(ADMIN_PRIVATE, _simple("Freeze"));
        vm.warp(auth.deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(S.SignatureExpired.selector, admin, auth.deadline));
        _freeze(auth);
        vm.warp(auth.deadline);
        _freeze(auth);
        auth.deadline += 1;
        vm.prank(admin);
        registry.unfreeze(ID);
        _refused(auth);
    }

    function test_a_signature_of_another_account_is_refused() public {
        S.Authorization memory auth = _auth(ANCHOR_PRIVATE, _simple("Freeze"));
        vm.expectRevert(_notAuthorized(anchorKey, ROLE_ADMIN));
        _freeze(auth);
        auth.actor = admin;
        _refused(auth);
    }

    function test_a_relayer_alone_can_do_nothing() public {
        S.Authorization memory auth = S.Authorization(admin, block.timestamp, "");
        _refused(auth);
        auth.signature = new bytes(65);
        _refused(auth);
        auth.actor = address(0);
        _refused(auth);
        auth.actor = STRANGER;
        _refused(auth);
    }

    /// @dev Each call would do something if its actor sent it.
    function test_no_form_acts_without_its_signature() public {
        I.BatchRef memory batch = _anchor();
        I.BatchRef memory other = _anchor(bytes16(uint128(1)), 1);
        I.Batch[] memory batches = new I.Batch[](1);
        batches[0] = I.Batch(bytes16(uint128(2)), ROOT, 1);
        S.Authorization memory by = S.Authorization(ADMIN2, block.timestamp, "");
        bytes[] memory calls = new bytes[](14);
        calls[0] = abi.encodeCall(S.registerBySig, (_one(ADMIN2, ROLE_ADMIN), RECOVERY, PROFILE, by));
        calls[1] = abi.encodeCall(S.addKeyBySig, (ID, NEW, ROLE_ANCHOR, by));
        calls[2] = abi.encodeCall(S.retireKeyBySig, (ID, REVOKER, by));
        calls[3] = abi.encodeCall(S.distrustKeyBySig, (ID, REVOKER, START, by));
        calls[4] = abi.encodeCall(S.requestChangeBySig, (ID, CHANGE_ADD_ADMIN, NEW, ROLE_ADMIN, 0, by));
        calls[5] = abi.encodeCall(S.freezeBySig, (ID, by));
        calls[6] = abi.encodeCall(S.setProfileBySig, (ID, ROOT, by));
        calls[7] = abi.encodeCall(S.anchorBySig, (ID, BATCH2, ROOT, 1, by));
        calls[8] = abi.encodeCall(S.anchorManyBySig, (ID, batches, by));
        calls[9] = abi.encodeCall(S.setStatusBySig, (ID, batch, ACTION_REVOKE, 0, _mask(0, 1), by));
        calls[10] = abi.encodeCall(S.openStatusEpochBySig, (ID, by));
        _request(admin, CHANGE_ADD_ADMIN, NEW, ROLE_ADMIN, 0);
        calls[11] = abi.encodeCall(S.vetoChangeBySig, (ID, admin, NEW, by));
        _distrust(ANCHORER, START);
        calls[12] = abi.encodeCall(S.reaffirmBySig, (ID, other, by));
        for (uint256 i = 0; i < 13; ++i) {
            _refusedCall(calls[i]);
        }
        vm.prank(admin);
        registry.freeze(ID);
        calls[13] = abi.encodeCall(S.unfreezeBySig, (ID, by));
        _refusedCall(calls[13]);
    }

    function _refusedCall(bytes memory data) private {
        vm.prank(STRANGER);
        (bool done, bytes memory answer) = address(bySig).call(data);
        vm.assertFalse(done);
        vm.assertEq(bytes32(bytes4(answer)), bytes32(S.InvalidSignature.selector));
    }

    function test_a_malleable_twin_is_refused() public {
        S.Authorization memory auth = _auth(ADMIN_PRIVATE, _simple("Freeze"));
        bytes32 digest = _digest(bytes.concat(_simple("Freeze"), abi.encode(admin, _sequence(), auth.deadline)));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(ADMIN_PRIVATE, digest);
        bytes32 twin = bytes32(ORDER - uint256(s));
        vm.assertEq(ecrecover(digest, v == 27 ? 28 : 27, r, twin), admin);
        auth.signature = abi.encodePacked(r, twin, v == 27 ? uint8(28) : uint8(27));
        _refused(auth);
        auth.signature = abi.encodePacked(r, s, v - 27);
        _refused(auth);
        auth.signature = abi.encodePacked(r, s, v, uint8(0));
        _refused(auth);
        auth.signature = abi.encodePacked(r, s);
        _refused(auth);
        auth.signature = abi.encodePacked(r, s, v);
        _freeze(auth);
    }

    function testFuzz_a_changed_signature_is_refused(uint256 place, uint8 flip) public {
        vm.assume(flip != 0);
        S.Authorization memory auth = _auth(ADMIN_PRIVATE, _simple("Freeze"));
        auth.signature[place % 65] ^= bytes1(flip);
        _refused(auth);
    }

    function test_anchors_signed_ahead_are_sent_in_any_order_once() public {
        S.Authorization memory first = _anchorAuth(ANCHOR_PRIVATE, bytes16(uint128(1)));
        S.Authorization memory second = _anchorAuth(ANCHOR_PRIVATE, bytes16(uint128(2)));
        bySig.anchorBySig(ID, bytes16(uint128(2)), ROOT, 600, second);
        bySig.anchorBySig(ID, bytes16(uint128(1)), ROOT, 600, first);
        _reverts(I.AlreadyAnchored.selector, bytes16(uint128(1)));
        bySig.anchorBySig(ID, bytes16(uint128(1)), ROOT, 600, first);
        vm.expectPartialRevert(S.InvalidSignature.selector);
        bySig.anchorBySig(ID, bytes16(uint128(3)), ROOT, 600, first);
    }

    function test_a_signature_is_worth_nothing_after_the_keys_retirement() public {
        S.Authorization memory auth = _anchorAuth(ANCHOR_PRIVATE, BATCH);
        vm.prank(admin);
        registry.retireKey(ID, anchorKey);
        vm.expectRevert(_notAuthorized(anchorKey, ROLE_ANCHOR));
        bySig.anchorBySig(ID, BATCH, ROOT, 600, auth);
    }

    /// @dev A stolen key sees its retirement in the mempool and anchors first: the sequence moves on, and the relayed
    /// message is void, each time anew. A direct transaction names no sequence; nothing can be put before it that stops it.
    function test_a_retired_key_front_runs_a_relayed_retirement_but_not_a_direct_one() public {
        bytes32 typeHash =
            keccak256("RetireKey(uint64 issuerId,address account,address actor,uint32 sequence,uint256 deadline)");
        bytes memory fields = abi.encode(typeHash, ID, ANCHORER);
        for (uint128 i = 1; i < 4; ++i) {
            S.Authorization memory auth = _auth(ADMIN_PRIVATE, fields);
            _anchor(bytes16(i), 1);
            vm.expectPartialRevert(S.InvalidSignature.selector);
            bySig.retireKeyBySig(ID, ANCHORER, auth);
        }
        _anchor(bytes16(uint128(4)), 1);
        vm.prank(admin);
        registry.retireKey(ID, ANCHORER);
        vm.expectRevert(_notAuthorized(ANCHORER, ROLE_ANCHOR));
        vm.prank(ANCHORER);
        registry.anchor(ID, bytes16(uint128(5)), ROOT, 1);
        bySig.freezeBySig(ID, _auth(ADMIN_PRIVATE, _simple("Freeze")));
    }

    /// @dev Signatures for a digest can be made up, and the account that signed is then whatever comes out.
    function test_s_is_at_most_half_the_order() public {
        SignaturesHarness harness = new SignaturesHarness();
        for (uint256 s = ORDER / 2; s < ORDER / 2 + 2; ++s) {
            address signer;
            bytes32 r;
            while (signer == address(0)) {
                r = keccak256(abi.encode(r));
                signer = ecrecover(ROOT, 27, r, bytes32(s));
            }
            vm.assertEq(harness.signed(signer, ROOT, abi.encodePacked(r, s, uint8(27))), s == ORDER / 2);
        }
    }

    // ---------------------------------------------------------------------------------------- contract accounts

    /// @dev Puts the wallet's code at ADMIN2, which may also anchor.
    function _wallet(address code) private returns (S.Authorization memory) {
        vm.etch(ADMIN2, code.code);
        return S.Authorization(ADMIN2, block.timestamp, "any");
    }

    function test_a_wallet_that_accepts_is_accepted() public {
        OwnerWallet owned = new OwnerWallet();
        S.Authorization memory auth = _wallet(address(owned));
        OwnerWallet(ADMIN2).own(admin);
        bytes memory message = bytes.concat(_simple("Freeze"), abi.encode(ADMIN2, _sequence(), auth.deadline));
        auth.signature = _signature(ADMIN_PRIVATE, message);
        _freeze(auth);
        vm.assertTrue(_frozen());
    }

    function test_one_wallets_signature_is_not_anothers() public {
        S.Authorization memory auth = _wallet(address(new OwnerWallet()));
        OwnerWallet(ADMIN2).own(admin);
        bytes memory message = bytes.concat(_simple("Freeze"), abi.encode(STRANGER, _sequence(), auth.deadline));
        auth.signature = _signature(ADMIN_PRIVATE, message);
        _refused(auth);
    }

    function test_a_wallet_that_refuses_reverts_or_babbles_is_refused() public {
        _refused(_wallet(address(new AnswerWallet(bytes4(0xffffffff)))));
        _refused(_wallet(address(new RevertingWallet())));
        _refused(_wallet(address(new LongWallet())));
    }

    function test_a_wallet_cannot_come_back_in() public {
        S.Authorization memory auth = _wallet(address(new ReentrantWallet()));
        ReentrantWallet(ADMIN2).aim(registry);
        bytes32 word = registry.issuerWord(ID);
        _refused(auth);
        vm.assertEq(registry.issuerWord(ID), word);
    }

    function test_a_key_with_code_signs_as_a_key_first() public {
        vm.etch(admin, address(new RevertingWallet()).code);
        _freeze(_auth(ADMIN_PRIVATE, _simple("Freeze")));
        vm.assertTrue(_frozen());
    }
}
