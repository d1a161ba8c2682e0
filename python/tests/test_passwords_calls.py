"""Callers that must say who they are, over real sockets: settings file, challenge, answer, application."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.server import ServerProcess
from support.sip import Call, Caller, Response
from support.sip.digest import authorization, challenges

pytestmark = pytest.mark.sockets_only(reason="the password stands in the environment of a process")

Serve = Callable[..., ServerProcess]
CallFrom = Callable[[ServerProcess], Caller]

SETTINGS = """
[sip]
realm = "example.com"

[[user]]
name = "ann"
password_env = "ANN_PASSWORD"

[[user]]
name = "bob"
password = "swordfish"
"""

TELL_WHO_CALLS = """
    def main(channel, application_instance_id, file_man, my_log, application_parameters):
        my_log.info(f"the caller is {channel.Details.authenticated_user}")
        channel.answer()
        channel.wait_for_idle(10)
        return 0

    __uas_identify__ = "application"
"""


@pytest.fixture
def guarded(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ServerProcess:
    """A server with two users, whose application logs who calls."""
    monkeypatch.setenv("ANN_PASSWORD", "open sesame")
    settings = tmp_path / "offhook.toml"
    settings.write_text(SETTINGS)
    return serve(TELL_WHO_CALLS, config=settings)


def answer(call: Call, refusal: Response, algorithm: str, user: str, password: str) -> Response:
    """Sends the INVITE once more, with credentials, and awaits the final response."""
    offered = challenges(refusal.headers.all("WWW-Authenticate"))
    value = authorization(offered[algorithm], user, password, "INVITE", call.target)
    number = call.send("INVITE", tag=None, body=call.body, extra=[("Authorization", value)])
    return call.wait_for_response("INVITE", number)


@pytest.mark.parametrize("algorithm", ["SHA-256", "MD5"])
def test_a_caller_with_a_password_is_let_in(
    guarded: ServerProcess, call_from: CallFrom, algorithm: str
) -> None:
    """DET-1: 401 at first, then the application runs and is told the user."""
    call = call_from(guarded).invite()
    refusal = call.wait_for_final()
    assert refusal.status == 401
    assert answer(call, refusal, algorithm, "ann", "open sesame").status == 200
    guarded.wait_for_log("the caller is ann")
    call.bye()
    assert "open sesame" not in guarded.log


def test_a_caller_with_a_wrong_password_reaches_no_application(
    guarded: ServerProcess, call_from: CallFrom
) -> None:
    """RUN-15: 401 again, no instance, and no password in the log."""
    caller = call_from(guarded)
    for user, password in (("ann", "swordfish"), ("eve", "swordfish")):
        call = caller.invite()
        assert answer(call, call.wait_for_final(), "MD5", user, password).status == 401
    log = guarded.wait_for_log("its credentials are wrong")
    assert "the caller is" not in log
    assert "swordfish" not in log
    guarded.stop()
    assert "swordfish" not in guarded.log
