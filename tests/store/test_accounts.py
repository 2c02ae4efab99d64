"""Accounts in the store: what ends together, what many do at once, what is remembered of guesses."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from store import account_acts, accounts, approvals, guesses, invitations, second_factor, sessions
from store.account_acts import LOCAL_ADMINISTRATOR, account_actor
from store.database import Connection, Database
from store.errors import NotFound, StoreError
from store.invitations import Invited

LIMITS = sessions.SessionLimits(timedelta(minutes=30), timedelta(hours=12), timedelta(minutes=1))
LIFETIME = timedelta(hours=72)
FIVE_MINUTES = timedelta(minutes=5)


def add(connection: Connection, name: str, role: str, now: datetime) -> int:
    return accounts.add_account(connection, f"{name}@oryn.example", name, "hash", [role], now)


def at_once(act: Callable[[int], object]) -> int:
    """Do something eight times at once; return how often it was not refused."""

    def one(number: int) -> bool:
        try:
            act(number)
        except StoreError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        return sum(pool.map(one, range(8)))


def test_ending_the_sessions_of_an_account_ends_its_half_ones_and_nobody_elses(
    database: Database, now: datetime
) -> None:
    with database.begin() as connection:
        mine, other = (add(connection, name, "carrier", now) for name in ("mine", "other"))
        whole = {one: sessions.begin_session(connection, one, now) for one in (mine, other)}
        half = {one: sessions.begin_half_session(connection, one, now) for one in (mine, other)}
        sessions.end_sessions(connection, mine)
        living = {one: accounts.account_of_session(connection, whole[one], now, LIMITS) for one in (mine, other)}
        waiting = {one: accounts.account_of_half_session(connection, half[one], now, FIVE_MINUTES) for one in living}
    assert [living[mine], waiting[mine]] == [None, None]
    assert living[other] is not None
    assert waiting[other] is not None


def test_dead_sessions_of_both_kinds_are_deleted(database: Database, now: datetime) -> None:
    with database.begin() as connection:
        account_id = add(connection, "mine", "carrier", now)
        sessions.begin_session(connection, account_id, now)
        sessions.begin_half_session(connection, account_id, now)
        later = now + timedelta(minutes=30)
        sessions.forget_dead_sessions(connection, later, LIMITS)
        sessions.forget_dead_half_sessions(connection, later, FIVE_MINUTES)
        for table in (sessions.server_session, sessions.half_session):
            assert connection.execute(table.select()).all() == []


def test_a_second_factor_is_forgotten_with_all_that_belongs_to_it(database: Database, now: datetime) -> None:
    with database.begin() as connection:
        account_id = add(connection, "mine", "carrier", now)
        second_factor.enrol(connection, account_id, "sealed", 7, now)
        second_factor.offer(connection, account_id, "another", now)
        second_factor.set_recovery_codes(connection, account_id, ["A", "B"], now)
        assert second_factor.count_recovery_codes(connection, account_id) == 2
        assert accounts.get_account(connection, account_id).has_second_factor
        account_acts.reset_second_factor(connection, LOCAL_ADMINISTRATOR, account_id, now)
        assert not accounts.get_account(connection, account_id).has_second_factor
        assert second_factor.find_offer(connection, account_id, now, LIFETIME) is None
        assert second_factor.count_recovery_codes(connection, account_id) == 0


def test_an_address_has_one_open_invitation_however_many_invite_it_at_once(database: Database, now: datetime) -> None:
    invited = Invited("new@oryn.example", "New", "group")

    def invite(_number: int) -> None:
        with database.begin() as connection:
            invitations.invite(connection, invited, None, now, LIFETIME)

    assert at_once(invite) >= 1
    with database.read() as connection:
        assert len(invitations.open_invitations(connection, now)) == 1


def test_one_request_of_a_kind_waits_however_many_ask_at_once(database: Database, now: datetime) -> None:
    with database.begin() as connection:
        carrier, hq = add(connection, "carrier", "carrier", now), add(connection, "hq", "headquarters", now)

    def ask(_number: int) -> None:
        with database.begin() as connection:
            account_acts.reset_second_factor(connection, account_actor(hq, "hq"), carrier, now)

    assert at_once(ask) >= 1
    with database.read() as connection:
        assert len(approvals.waiting(connection, now - LIFETIME)) == 1


def test_a_request_is_decided_once_however_many_decide_at_once(database: Database, now: datetime) -> None:
    with database.begin() as connection:
        carrier = add(connection, "carrier", "carrier", now)
        asker, *others = (add(connection, f"hq{number}", "headquarters", now) for number in range(9))
        account_acts.reset_second_factor(connection, account_actor(asker, "hq0"), carrier, now)
        number = approvals.waiting(connection, now - LIFETIME)[0].id

    def agree(which: int) -> None:
        with database.begin() as connection:
            account_acts.approve(connection, account_actor(others[which], "hq"), number, now, LIFETIME)

    assert at_once(agree) == 1


def test_a_local_administrator_decides_no_requests(database: Database, now: datetime) -> None:
    with database.begin() as connection:
        for act in (account_acts.approve, account_acts.decline):
            with pytest.raises(StoreError):
                act(connection, LOCAL_ADMINISTRATOR, 1, now, LIFETIME)


def test_an_account_that_is_not_there_is_said_so(database: Database, now: datetime) -> None:
    for act in (account_acts.disable, account_acts.enable, account_acts.reset_second_factor):
        with pytest.raises(NotFound), database.begin() as connection:
            act(connection, LOCAL_ADMINISTRATOR, 1, now)


def test_limits_that_look_further_back_than_attempts_are_kept_are_refused() -> None:
    with pytest.raises(ValueError, match="forgotten"):
        guesses.GuessLimits(5, timedelta(minutes=15), 30, timedelta(days=2), timedelta(days=30))
