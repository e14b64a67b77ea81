// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import "../src/Constants.sol";
import {IAccreditation as A} from "../src/IAccreditation.sol";
import {ICredentialRegistryBySig as S} from "../src/ICredentialRegistryBySig.sol";
import {Fixture} from "./util/Fixture.sol";
import {Fold} from "./util/Fold.sol";
import {Vm, vm} from "./util/Vm.sol";

/// @dev Issuers 1 (the fixture's), 2 (of STRANGER) and 3 (of NEW); types and words written anew from SPEC.md.
contract AccreditationTest is Fixture {
    A private accreditation;
    bytes32 private constant SCOPE = keccak256("scope");
    uint64 private constant UNTIL = START + 1000;

    function setUp() public override {
        super.setUp();
        accreditation = A(vm.deployCode("Accreditation.sol:Accreditation", abi.encode(address(registry))));
        vm.prank(STRANGER);
        registry.register(_one(STRANGER, ROLE_ADMIN), RECOVERY, 0);
        vm.prank(NEW);
        registry.register(_one(NEW, ROLE_ADMIN), RECOVERY, 0);
    }

    function _accredit(address actor, uint64 issuerId, uint64 subject) private {
        vm.prank(actor);
        accreditation.accredit(issuerId, subject, SCOPE, START, UNTIL);
    }

    function _withdraw(address actor, uint64 issuerId, uint64 subject) private {
        vm.prank(actor);
        accreditation.withdraw(issuerId, subject, SCOPE);
    }

    function _same(A.Statement memory said, uint64 since, uint64 until, uint64 statedAt, uint64 withdrawnAt)
        private
        pure
    {
        vm.assertEq(said.since, since);
        vm.assertEq(said.until, until);
        vm.assertEq(said.statedAt, statedAt);
        vm.assertEq(said.withdrawnAt, withdrawnAt);
    }

    // ---------------------------------------------------------------------------------------------- statements

    function test_an_issuer_accredits_another_for_a_period() public {
        vm.warp(START + 10);
        _accredit(admin, 1, 2);
        _same(accreditation.statement(1, 2, SCOPE), START, UNTIL, START + 10, 0);
        vm.assertFalse(accreditation.holds(1, 2, SCOPE, START - 1));
        vm.assertTrue(accreditation.holds(1, 2, SCOPE, START));
        vm.assertTrue(accreditation.holds(1, 2, SCOPE, UNTIL - 1));
        vm.assertFalse(accreditation.holds(1, 2, SCOPE, UNTIL));
    }

    function test_it_is_said_of_that_issuer_and_scope_only() public {
        _accredit(admin, 1, 2);
        vm.assertFalse(accreditation.holds(1, 3, SCOPE, START));
        vm.assertFalse(accreditation.holds(2, 1, SCOPE, START));
        vm.assertFalse(accreditation.holds(1, 2, ROOT, START));
        vm.assertEq(accreditation.accreditorWord(2), 0);
    }

    function test_an_accreditation_without_end_does_not_end() public {
        vm.prank(admin);
        accreditation.accredit(1, 2, SCOPE, START, 0);
        vm.assertTrue(accreditation.holds(1, 2, SCOPE, type(uint64).max));
    }

    function test_withdrawn_it_holds_before_that_block_only() public {
        _accredit(admin, 1, 2);
        vm.warp(START + 7);
        _withdraw(ADMIN2, 1, 2);
        _same(accreditation.statement(1, 2, SCOPE), START, UNTIL, START, START + 7);
        vm.assertTrue(accreditation.holds(1, 2, SCOPE, START + 6));
        vm.assertFalse(accreditation.holds(1, 2, SCOPE, START + 7));
        vm.assertFalse(accreditation.holds(1, 2, SCOPE, UNTIL - 1));
    }

    function test_what_is_not_stated_or_withdrawn_is_not_withdrawn() public {
        bytes memory refusal = abi.encodeWithSelector(A.NotAccredited.selector, 1, 2, SCOPE);
        vm.expectRevert(refusal);
        _withdraw(admin, 1, 2);
        _accredit(admin, 1, 2);
        _withdraw(admin, 1, 2);
        vm.expectRevert(refusal);
        _withdraw(admin, 1, 2);
    }

    function test_the_newest_statement_replaces_the_one_before() public {
        _accredit(admin, 1, 2);
        _withdraw(admin, 1, 2);
        vm.warp(START + 5);
        vm.prank(admin);
        accreditation.accredit(1, 2, SCOPE, START + 100, 0);
        _same(accreditation.statement(1, 2, SCOPE), START + 100, 0, START + 5, 0);
        vm.assertFalse(accreditation.holds(1, 2, SCOPE, START));
        vm.assertTrue(accreditation.holds(1, 2, SCOPE, START + 100));
        vm.assertEq(accreditation.linkCount(1), 1);
    }

    function test_a_period_starts_after_zero_and_before_its_end() public {
        uint64[2][3] memory bad = [[uint64(0), 0], [uint64(5), 5], [uint64(6), 5]];
        for (uint256 i = 0; i < bad.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(A.BadPeriod.selector, bad[i][0], bad[i][1]));
            vm.prank(admin);
            accreditation.accredit(1, 2, SCOPE, bad[i][0], bad[i][1]);
        }
        vm.prank(admin);
        accreditation.accredit(1, 2, SCOPE, 5, 6);
    }

    function test_a_scope_is_named() public {
        vm.expectRevert(abi.encodeWithSelector(A.ZeroScope.selector, 1, 2));
        vm.prank(admin);
        accreditation.accredit(1, 2, 0, START, 0);
    }

    function test_nobody_is_accredited_who_does_not_exist() public {
        vm.expectRevert(abi.encodeWithSelector(A.UnknownSubject.selector, 4));
        _accredit(admin, 1, 4);
        vm.expectRevert(abi.encodeWithSelector(A.UnknownSubject.selector, 0));
        _accredit(admin, 1, 0);
    }

    // --------------------------------------------------------------------------------------- who may speak for it

    function test_only_admins_of_the_accreditor_speak_for_it() public {
        _accredit(admin, 1, 2);
        address[4] memory others = [ANCHORER, REVOKER, RECOVERY, STRANGER];
        for (uint256 i = 0; i < others.length; ++i) {
            bytes memory refusal = abi.encodeWithSelector(A.NotAdmin.selector, 1, others[i]);
            vm.expectRevert(refusal);
            _accredit(others[i], 1, 3);
            vm.expectRevert(refusal);
            _withdraw(others[i], 1, 2);
        }
        vm.expectRevert(abi.encodeWithSelector(A.NotAdmin.selector, 9, admin));
        _accredit(admin, 9, 2);
    }

    function test_a_retired_admin_does_not_speak_any_more() public {
        _accredit(ADMIN2, 1, 2);
        _request(admin, CHANGE_RETIRE_ADMIN, ADMIN2, 0, 0);
        _afterWait();
        registry.executeChange(ID, admin, ADMIN2);
        bytes memory refusal = abi.encodeWithSelector(A.NotAdmin.selector, 1, ADMIN2);
        vm.expectRevert(refusal);
        _accredit(ADMIN2, 1, 3);
        vm.expectRevert(refusal);
        _withdraw(ADMIN2, 1, 2);
        vm.assertTrue(accreditation.holds(1, 2, SCOPE, START));
    }

    function test_a_frozen_issuer_withdraws_but_does_not_accredit() public {
        _accredit(admin, 1, 2);
        vm.prank(RECOVERY);
        registry.freeze(ID);
        vm.expectRevert(abi.encodeWithSelector(A.AccreditorFrozen.selector, 1));
        _accredit(admin, 1, 3);
        _withdraw(admin, 1, 2);
        vm.assertFalse(accreditation.holds(1, 2, SCOPE, START));
    }

    function test_a_frozen_issuer_is_still_accredited() public {
        vm.prank(STRANGER);
        registry.freeze(2);
        _accredit(admin, 1, 2);
        vm.assertTrue(accreditation.holds(1, 2, SCOPE, START));
    }

    // -------------------------------------------------------------------------------------------------- chains

    function _chain(uint64 one, uint64 two, uint64 three)
        private
        pure
        returns (uint64[] memory issuers, bytes32[] memory scopes)
    {
        issuers = new uint64[](3);
        (issuers[0], issuers[1], issuers[2]) = (one, two, three);
        scopes = new bytes32[](2);
        (scopes[0], scopes[1]) = (SCOPE, SCOPE);
    }

    function test_a_chain_holds_while_every_link_does() public {
        _accredit(admin, 1, 2);
        vm.prank(STRANGER);
        accreditation.accredit(2, 3, SCOPE, START + 5, 0);
        (uint64[] memory issuers, bytes32[] memory scopes) = _chain(1, 2, 3);
        vm.assertFalse(accreditation.chainHolds(issuers, scopes, START));
        vm.assertTrue(accreditation.chainHolds(issuers, scopes, START + 5));
        vm.assertFalse(accreditation.chainHolds(issuers, scopes, UNTIL));
        scopes[1] = ROOT;
        vm.assertFalse(accreditation.chainHolds(issuers, scopes, START + 5));
        scopes[1] = SCOPE;
        vm.warp(START + 9);
        _withdraw(admin, 1, 2);
        vm.assertFalse(accreditation.chainHolds(issuers, scopes, START + 9));
    }

    function test_a_root_alone_holds_and_numbers_that_do_not_fit_do_not() public {
        _accredit(admin, 1, 2);
        vm.assertTrue(accreditation.chainHolds(new uint64[](1), new bytes32[](0), START));
        vm.assertFalse(accreditation.chainHolds(new uint64[](0), new bytes32[](0), START));
        (uint64[] memory issuers,) = _chain(1, 2, 3);
        vm.assertFalse(accreditation.chainHolds(issuers, new bytes32[](3), START));
        vm.assertFalse(accreditation.chainHolds(issuers, new bytes32[](0), START));
    }

    /// @dev 2 and 3 praise each other and themselves; no chain from 1 reaches them until 1 says so.
    function test_loops_and_self_accreditation_are_worth_nothing() public {
        _accredit(STRANGER, 2, 2);
        _accredit(STRANGER, 2, 3);
        _accredit(NEW, 3, 2);
        (uint64[] memory issuers, bytes32[] memory scopes) = _chain(1, 2, 3);
        vm.assertFalse(accreditation.chainHolds(issuers, scopes, START));
        (issuers,) = _chain(1, 1, 3);
        vm.assertFalse(accreditation.chainHolds(issuers, scopes, START));
        _accredit(admin, 1, 2);
        (issuers,) = _chain(1, 2, 2);
        vm.assertTrue(accreditation.chainHolds(issuers, scopes, START));
        _withdraw(admin, 1, 2);
        vm.assertFalse(accreditation.chainHolds(issuers, scopes, START));
    }

    function test_anybody_walks_down_from_a_root() public {
        _accredit(admin, 1, 2);
        _accredit(admin, 1, 3);
        _accredit(admin, 1, 2);
        _accredit(STRANGER, 2, 1);
        vm.assertEq(accreditation.linkCount(1), 2);
        vm.assertEq(accreditation.link(1, 0).subject, 2);
        vm.assertEq(accreditation.link(1, 1).subject, 3);
        vm.assertEq(accreditation.link(1, 1).scope, SCOPE);
        vm.assertEq(accreditation.link(1, 2).subject, 0);
        vm.assertEq(accreditation.link(1, 2).scope, 0);
    }

    function testFuzz_holds_between_since_and_the_earlier_end(uint64 since, uint64 until, uint64 wait, uint64 at)
        public
    {
        vm.assume(since != 0 && (until == 0 || since < until));
        vm.prank(admin);
        accreditation.accredit(1, 2, SCOPE, since, until);
        vm.assertEq(accreditation.holds(1, 2, SCOPE, at), at >= since && (until == 0 || at < until));
        uint64 end = START + wait % 1e9;
        vm.warp(end);
        _withdraw(admin, 1, 2);
        if (until != 0 && until < end) end = until;
        vm.assertEq(accreditation.holds(1, 2, SCOPE, at), at >= since && at < end);
    }

    // ------------------------------------------------------------------------------------------- words, storage

    function test_every_event_extends_the_accreditors_word() public {
        vm.recordLogs();
        _accredit(admin, 1, 2);
        _accredit(STRANGER, 2, 1);
        _accredit(admin, 1, 3);
        _withdraw(admin, 1, 2);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(logs.length, 4);
        bytes32[3] memory folded;
        for (uint256 i = 0; i < logs.length; ++i) {
            uint256 issuerId = uint256(logs[i].topics[1]);
            (bytes32 head, uint32 sequence, bytes32 word) = Fold.step(folded[issuerId], address(accreditation), logs[i]);
            vm.assertEq(word, head | (bytes32(uint256(sequence)) << 16));
            folded[issuerId] = word;
        }
        vm.assertEq(folded[1], accreditation.accreditorWord(1));
        vm.assertEq(folded[2], accreditation.accreditorWord(2));
        vm.assertEq(accreditation.accreditorCount(), 2);
    }

    function test_an_accreditor_is_counted_once_at_its_first_statement() public {
        _accredit(admin, 1, 2);
        vm.assertEq(accreditation.accreditorCount(), 1);
        _accredit(admin, 1, 3);
        _withdraw(admin, 1, 2);
        vm.assertEq(accreditation.accreditorCount(), 1);
    }

    function test_events_say_what_was_stated() public {
        vm.recordLogs();
        _accredit(admin, 1, 2);
        _withdraw(ADMIN2, 1, 2);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(logs[0].topics[0], keccak256("Accredited(uint64,uint64,bytes32,uint64,uint64,address,bytes32)"));
        vm.assertEq(logs[1].topics[0], keccak256("Withdrawn(uint64,uint64,bytes32,address,bytes32)"));
        for (uint256 i = 0; i < 2; ++i) {
            vm.assertEq(logs[i].topics[2], bytes32(uint256(2)));
            vm.assertEq(logs[i].topics[3], SCOPE);
        }
        (uint64 since, uint64 until, address actor,) = abi.decode(logs[0].data, (uint64, uint64, address, bytes32));
        vm.assertEq(since, START);
        vm.assertEq(until, UNTIL);
        vm.assertEq(actor, admin);
        bytes32 word;
        (actor, word) = abi.decode(logs[1].data, (address, bytes32));
        vm.assertEq(actor, ADMIN2);
        vm.assertEq(word, accreditation.accreditorWord(1));
    }

    function _load(bytes32 slot) private view returns (uint256) {
        return uint256(vm.load(address(accreditation), slot));
    }

    function test_storage_is_where_the_specification_says() public {
        vm.warp(START + 3);
        _accredit(admin, 1, 2);
        vm.warp(START + 4);
        _withdraw(admin, 1, 2);
        vm.assertEq(_load(0), uint256(uint160(address(registry))) | (uint256(1) << 160));
        vm.assertEq(_load(keccak256(abi.encode(1, 1))), uint256(accreditation.accreditorWord(1)));
        bytes32 slot = keccak256(abi.encode(SCOPE, keccak256(abi.encode(2, keccak256(abi.encode(1, 2))))));
        uint256 said = uint256(START) | (uint256(UNTIL) << 64);
        vm.assertEq(_load(slot), said | (uint256(START + 3) << 128) | (uint256(START + 4) << 192));
        bytes32 list = keccak256(abi.encode(1, 3));
        vm.assertEq(_load(list), 1);
        vm.assertEq(_load(keccak256(abi.encode(list))), 2);
        vm.assertEq(_load(bytes32(uint256(keccak256(abi.encode(list))) + 1)), uint256(SCOPE));
    }

    function test_the_last_event_is_the_last() public {
        _accredit(admin, 1, 2);
        bytes32 last = accreditation.accreditorWord(1) | bytes32(uint256(type(uint32).max) << 16);
        vm.store(address(accreditation), keccak256(abi.encode(1, 1)), last);
        vm.expectRevert(abi.encodeWithSignature("SequenceExhausted(uint64)", 1));
        _withdraw(admin, 1, 2);
    }

    function test_it_is_about_one_registry_that_exists() public {
        vm.assertEq(accreditation.registry(), address(registry));
        vm.expectRevert();
        vm.deployCode("Accreditation.sol:Accreditation", abi.encode(address(0x123)));
    }

    // -------------------------------------------------------------------------------------------- by signature

    bytes32 private constant ACCREDIT = keccak256(
        "Accredit(uint64 issuerId,uint64 subject,bytes32 scope,uint64 since,uint64 until,address actor,uint32 sequence,uint256 deadline)"
    );
    bytes32 private constant WITHDRAW = keccak256(
        "Withdraw(uint64 issuerId,uint64 subject,bytes32 scope,address actor,uint32 sequence,uint256 deadline)"
    );

    function _sign(bytes memory fields, uint256 sequence) private view returns (S.Authorization memory) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Hallmark Accreditation"),
                keccak256("1"),
                block.chainid,
                address(accreditation)
            )
        );
        bytes32 message = keccak256(bytes.concat(fields, abi.encode(admin, sequence, uint256(UNTIL))));
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(ADMIN_PRIVATE, keccak256(abi.encodePacked(hex"1901", domain, message)));
        return S.Authorization(admin, UNTIL, abi.encodePacked(r, s, v));
    }

    function test_accredited_and_withdrawn_by_signature() public {
        S.Authorization memory auth = _sign(abi.encode(ACCREDIT, 1, 2, SCOPE, START, UNTIL), 0);
        vm.prank(STRANGER);
        accreditation.accreditBySig(1, 2, SCOPE, START, UNTIL, auth);
        vm.assertTrue(accreditation.holds(1, 2, SCOPE, START));
        vm.expectPartialRevert(S.InvalidSignature.selector);
        accreditation.accreditBySig(1, 2, SCOPE, START, UNTIL, auth);
        auth = _sign(abi.encode(WITHDRAW, 1, 2, SCOPE), 1);
        vm.expectPartialRevert(S.InvalidSignature.selector);
        accreditation.withdrawBySig(1, 3, SCOPE, auth);
        vm.warp(UNTIL);
        accreditation.withdrawBySig(1, 2, SCOPE, auth);
        vm.assertEq(accreditation.statement(1, 2, SCOPE).withdrawnAt, UNTIL);
    }

    function test_a_signature_ends_with_its_deadline_chain_and_contract() public {
        S.Authorization memory auth = _sign(abi.encode(ACCREDIT, 1, 2, SCOPE, START, UNTIL), 0);
        vm.warp(UNTIL + 1);
        vm.expectRevert(abi.encodeWithSelector(S.SignatureExpired.selector, admin, UNTIL));
        accreditation.accreditBySig(1, 2, SCOPE, START, UNTIL, auth);
        vm.warp(START);
        uint256 chain = block.chainid;
        vm.chainId(chain + 1);
        vm.expectPartialRevert(S.InvalidSignature.selector);
        accreditation.accreditBySig(1, 2, SCOPE, START, UNTIL, auth);
        vm.chainId(chain);
        A other = A(vm.deployCode("Accreditation.sol:Accreditation", abi.encode(address(registry))));
        vm.expectPartialRevert(S.InvalidSignature.selector);
        other.accreditBySig(1, 2, SCOPE, START, UNTIL, auth);
        accreditation.accreditBySig(1, 2, SCOPE, START, UNTIL, auth);
    }

    function test_a_signature_is_worth_nothing_after_the_admins_retirement() public {
        S.Authorization memory auth = _sign(abi.encode(ACCREDIT, 1, 2, SCOPE, START, 0), 0);
        auth.deadline = UNTIL;
        _request(ADMIN2, CHANGE_RETIRE_ADMIN, admin, 0, 0);
        _afterWait();
        registry.executeChange(ID, ADMIN2, admin);
        vm.warp(UNTIL);
        vm.expectRevert(abi.encodeWithSelector(A.NotAdmin.selector, 1, admin));
        accreditation.accreditBySig(1, 2, SCOPE, START, 0, auth);
    }

    function test_domain_is_the_one_that_is_signed() public view {
        (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        ) = accreditation.eip712Domain();
        vm.assertEq(bytes32(fields), bytes32(hex"0f"));
        vm.assertEq(name, "Hallmark Accreditation");
        vm.assertEq(version, "1");
        vm.assertEq(chainId, block.chainid);
        vm.assertEq(verifyingContract, address(accreditation));
        vm.assertEq(salt, 0);
        vm.assertEq(extensions.length, 0);
    }
}
