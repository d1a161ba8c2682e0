"""What `ring` sends in the program: 180, 183, reliability, repetitions.

Two times of the rules are too long for a real clock and are held under a virtual one by the tests in Rust:
the repetition after 60 s (RING-24) and the 504 after 64*T1 without PRACK (RING-23).
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from support.server import Server
from support.sip import Call, Caller, Response, sdp
from support.sip.recording import DuplicatingCaller, RecordingCaller
from support.told import told

Serve = Callable[..., Server]
CallFrom = Callable[[Server], Caller]

FIRST_FOUNDING_EXAMPLE = """\
# an incoming call is detected
if channel.state() == channel.State.CALL_INCOMING:
    # we have a call, ring for a second
    state = channel.ring(1)
    if state == channel.State.RING_INCOMING:
        # after ringing, answer the call
        channel.answer()
"""
"""The body of `main`, as the founding document has it, letter for letter."""

RING_AND_WAIT = """
    import json

    def main(channel):
        print("told", json.dumps("started"))
        {rings}
        print("told", json.dumps(channel.state().name))
        channel.wait_for_idle()
        print("told", json.dumps(channel.cause().name))
"""

EARLY_AND_ANSWER = """
    import json

    def main(channel):
        channel.ring(0, True)
        state = channel.answer()
        print("told", json.dumps(state.name))
        channel.wait_for_idle()
"""


def ringing(call: Call) -> list[int]:
    """The statuses of the call's responses without 100 and retransmissions."""
    return [status for status in call.statuses if status != 100]


def rack(response: Response, sequence: int) -> str:
    """A RAck for the response with another RSeq number."""
    return f"{sequence} {response.headers.require('CSeq')}"


def test_the_first_founding_example_as_it_stands(serve: Serve, call_from: CallFrom) -> None:
    """RING-3, RING-11, RING-20, ANS-4: 180 without SDP, 200 no sooner than a second later, nothing else."""
    source = "def main(channel):\n" + textwrap.indent(FIRST_FOUNDING_EXAMPLE, "    ")
    call = call_from(serve(source)).invite()
    rang = call.wait_for(180)
    assert not rang.body
    assert not rang.is_reliable
    assert rang.to_tag
    answered = call.wait_for(200)
    assert answered.to_tag == rang.to_tag
    assert sdp.parse(answered.body).audio.encodings[0] == "PCMA/8000"
    # The 180 may have been delayed on its way to the test, the 200 not: hence not quite a second.
    assert 0.9 < answered.at - rang.at < 1.5
    call.wait_for_request("BYE")
    assert ringing(call) == [180, 200]


def test_a_plain_ring_is_signalled_once(serve: Serve, call_from: CallFrom) -> None:
    """RING-20, RING-2: any number of rings, one 180 without SDP."""
    server = serve(RING_AND_WAIT.format(rings="[channel.ring(0.1) for _ in range(4)]"))
    call = call_from(server).invite()
    assert told(server, 2)[1] == "RING_INCOMING"
    assert not call.wait_for(180).body
    assert [each.status for each in call.responses if each.status != 100] == [180]


def test_early_media_is_signalled_by_a_183_with_sdp(serve: Serve, call_from: CallFrom) -> None:
    """RING-21, RING-2, RING-32: one 183 that names our address and one codec."""
    server = serve(RING_AND_WAIT.format(rings="[channel.ring(0.1, True) for _ in range(4)]"))
    call = call_from(server).invite()
    told(server, 2)
    description = sdp.parse(call.wait_for(183).body)
    assert description.address[0] == "127.0.0.1"
    assert description.audio.encodings == ["PCMA/8000", "telephone-event/8000"]
    assert [each.status for each in call.responses if each.status != 100] == [183]


@pytest.mark.parametrize(
    ("rings", "expected"),
    [
        ("channel.ring(0.2), channel.ring(0.2, True), channel.ring(0.2)", [180, 183]),
        ("channel.ring(0.2, True), channel.ring(0.2), channel.ring(0.2, False)", [183]),
    ],
)
def test_a_183_follows_a_180_and_never_the_reverse(
    serve: Serve, call_from: CallFrom, rings: str, expected: list[int]
) -> None:
    """RING-22, RING-21: plain first or early media first; every 183 has its SDP."""
    server = serve(RING_AND_WAIT.format(rings=rings))
    call = call_from(server).invite()
    told(server, 2)
    assert ringing(call) == expected
    for response in call.responses:
        assert bool(response.body) == (response.status == 183)


@pytest.mark.parametrize(
    ("reliable", "early_media", "is_reliable"),
    [
        (None, True, False),
        (None, False, False),
        ("supported", False, False),
        ("supported", True, True),
        ("required", False, True),
        ("required", True, True),
    ],
)
def test_who_gets_reliable_responses(
    serve: Serve, call_from: CallFrom, reliable: str | None, early_media: bool, is_reliable: bool
) -> None:
    """RING-23: Supported makes the 183 reliable, Require the plain 180 too; a PRACK gets 200."""
    server = serve(RING_AND_WAIT.format(rings=f"channel.ring(0.3, {early_media})"))
    call = call_from(server).invite(reliable=reliable)
    response = call.wait_for(183 if early_media else 180)
    assert response.is_reliable == is_reliable
    assert (response.headers.first("RSeq") is not None) == is_reliable
    assert bool(response.body) == early_media
    if is_reliable:
        assert call.wait_for_response("PRACK", 2).status == 200
    assert told(server, 2)[1] == "RING_INCOMING"


def test_a_reliable_180_to_an_invite_without_sdp_has_our_offer(serve: Serve, call_from: CallFrom) -> None:
    """RING-23, RING-20: the one 180 with SDP (RFC 3262 section 5)."""
    server = serve(RING_AND_WAIT.format(rings="channel.ring(0.3)"))
    call = call_from(server).invite(body=False, reliable="required")
    response = call.wait_for(180)
    assert response.is_reliable
    assert "PCMA/8000" in sdp.parse(response.body).audio.encodings
    assert call.wait_for_response("PRACK", 2).status == 200


def test_a_reliable_response_is_repeated_until_its_prack(serve: Serve, call_from: CallFrom) -> None:
    """RING-23: a PRACK that is lost: again after T1 (0.5 s), after 2*T1 more, and never after the PRACK."""
    server = serve(RING_AND_WAIT.format(rings="channel.ring(0, True)"))
    call = call_from(server).invite(reliable="supported", auto_prack=False)
    first, second, third = call.wait_for_count(183, 3)
    assert first.raw == second.raw == third.raw
    # Lower bounds a little short, for a copy that was delayed on its way before another that was not.
    assert 0.4 < second.at - first.at < 0.9
    assert 0.9 < third.at - second.at < 1.4
    assert call.wait_for_response("PRACK", call.prack(first)).status == 200
    assert not call.has_received("BYE", 2.3), "nothing that this call gets is a BYE"
    assert len([each for each in call.responses if each.status == 183]) == 3


def test_a_prack_that_matches_nothing_gets_481(serve: Serve, call_from: CallFrom) -> None:
    """RING-23: a wrong RSeq, a wrong CSeq, a wrong method; the right PRACK still matches."""
    server = serve(RING_AND_WAIT.format(rings="channel.ring(0, True)"))
    call = call_from(server).invite(reliable="supported", auto_prack=False)
    progress = call.wait_for(183)
    number = int(progress.headers.require("RSeq"))
    for wrong in (rack(progress, number + 1), f"{number} 99 INVITE", f"{number} 1 UPDATE"):
        assert call.wait_for_response("PRACK", call.prack(progress, rack=wrong)).status == 481, wrong
    call.wait_for_count(183, 2)
    assert call.wait_for_response("PRACK", call.prack(progress)).status == 200


def test_a_prack_for_what_is_acknowledged_gets_481(serve: Serve, call_from: CallFrom) -> None:
    """RING-23: a second PRACK for the same response matches nothing, and the call goes on."""
    server = serve(EARLY_AND_ANSWER)
    call = call_from(server).invite(reliable="supported", auto_prack=False)
    progress = call.wait_for(183)
    assert call.wait_for_response("PRACK", call.prack(progress)).status == 200
    assert call.wait_for_response("PRACK", call.prack(progress)).status == 481
    assert call.wait_for(200).to_tag == progress.to_tag
    assert told(server) == ["ANSWERED"]


def test_a_prack_that_is_duplicated_gets_its_200_again(serve: Serve) -> None:
    """RING-23, RING-25: the same PRACK a second time is a retransmission, no second PRACK."""
    server = serve(RING_AND_WAIT.format(rings="channel.ring(0, True)"))
    with RecordingCaller(server.network, server.address) as caller:
        call = caller.invite(reliable="supported")
        first = call.wait_for_response("PRACK", 2)
        caller.send(caller.last("PRACK"))
        # The answer to a later request shows that the repetition has been dealt with.
        call.wait_for_response("INFO", call.send("INFO"))
        responses = [each for each in call.responses if each.method == "PRACK"]
        assert [each.status for each in responses] == [200, 200]
        assert first.raw == responses[1].raw


def test_a_network_that_delivers_everything_twice(serve: Serve) -> None:
    """RING-23, RING-25: one instance, one 183, one 200, and the call is answered."""
    server = serve(EARLY_AND_ANSWER)
    with DuplicatingCaller(server.network, server.address) as caller:
        call = caller.invite(reliable="supported")
        call.wait_for(200)
        assert told(server) == ["ANSWERED"]
        assert ringing(call) == [183, 200]
        assert {each.status for each in call.responses if each.method == "PRACK"} == {200}
        assert call.wait_for_response("BYE", call.bye()).status == 200
        assert server.log.count("instance started") == 1


def test_the_200_waits_for_the_prack(serve: Serve, call_from: CallFrom) -> None:
    """RING-23, ANS-12: no 200 before the PRACK of a 183 with SDP, and at once after it."""
    server = serve(EARLY_AND_ANSWER)
    call = call_from(server).invite(reliable="supported", auto_prack=False)
    progress = call.wait_for_count(183, 2)[0]
    assert ringing(call) == [183]
    assert call.wait_for_response("PRACK", call.prack(progress)).status == 200
    call.wait_for(200)
    order = [each.method for each in call.responses if each.status == 200]
    assert order[:2] == ["PRACK", "INVITE"]
    assert told(server) == ["ANSWERED"]


@pytest.mark.parametrize("clearing", ["CANCEL", "BYE"])
def test_clearing_while_a_prack_is_awaited(serve: Serve, call_from: CallFrom, clearing: str) -> None:
    """RING-23, RING-4: it is handled, the INVITE gets 487, and the 183 is no longer repeated."""
    server = serve(RING_AND_WAIT.format(rings="channel.ring(30, True)"))
    call = call_from(server).invite(reliable="supported", auto_prack=False)
    call.wait_for(183)
    if clearing == "CANCEL":
        call.cancel()
        assert call.wait_for_response("CANCEL", 1).status == 200
    else:
        assert call.wait_for_response("BYE", call.bye()).status == 200
    assert call.wait_for_final().status == 487
    assert told(server, 2)[1] == "IDLE"
    repeated = len([each for each in call.responses if each.status == 183])
    # Longer than T1, after which another 183 would come.
    assert not call.has_received("BYE", 1.1)
    assert len([each for each in call.responses if each.status == 183]) == repeated


def test_an_invite_that_is_repeated_gets_the_newest_response(
    serve: Serve, call_from: CallFrom, tmp_path: Path
) -> None:
    """RING-25: after the 180, after the 183 and after the refusal; there is one instance."""
    go = tmp_path / "go"
    server = serve(f"""
        import pathlib

        def main(channel):
            channel.ring()
            while not pathlib.Path({str(go)!r}).exists():
                channel.wait_for_idle(0.05)
            channel.ring(0, True)
            channel.wait_for_idle()
    """)
    call = call_from(server).invite(auto_ack=False)
    first = call.wait_for(180)
    call.send_invite()
    assert call.wait_for_count(180, 2)[1].raw == first.raw
    go.touch()
    progress = call.wait_for(183)
    call.send_invite()
    assert call.wait_for_count(183, 2)[1].raw == progress.raw
    call.cancel()
    refused = call.wait_for_final()
    assert refused.status == 487
    call.send_invite()
    assert call.wait_for_count(487, 2)[1].raw == refused.raw
    call.ack(refused)
    assert server.log.count("instance started") == 1


def test_an_extension_that_is_not_supported_is_refused(serve: Serve, call_from: CallFrom) -> None:
    """RING-26: 420 names it, and no application starts."""
    server = serve(RING_AND_WAIT.format(rings="channel.ring()"))
    call = call_from(server).invite(headers=[("Require", "gruu, 100rel, x-unheard-of")])
    refused = call.wait_for_final()
    assert refused.status == 420
    assert refused.headers.tokens("Unsupported") == ["gruu", "x-unheard-of"]
    assert "instance started" not in server.log
