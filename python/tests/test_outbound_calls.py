"""Calls that applications place, from one server to another."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support import sound
from support.outbound import INBOUND, OUTBOUND, serve_with
from support.server import Server, ServerProcess
from support.sip import Caller
from support.told import told

Serve = Callable[..., Server]

DIALS = """
[[service]]
name = "dials"
application = "app"
direction = "outbound"
parameters = "configured"
"""


def indented(head: str, body: str) -> str:
    """An application of that form with that body."""
    return head + textwrap.indent(textwrap.dedent(body).strip(), "    ") + "\n"


@pytest.fixture
def callee(serve: Serve) -> Callable[[str], Server]:
    """Another server, whose application has that body: `callee(body)`."""
    return lambda body: serve(indented(INBOUND, body))


@pytest.fixture
def dial(serve: Serve, tmp_path: Path) -> Callable[..., list[Any]]:
    """Runs an outbound instance with that body, in which `TO` is the callee: what it told."""

    def run(body: str, callee: Server | None = None, **settings: object) -> list[Any]:
        to = "" if callee is None else f"TO = 'sip:someone@{callee.address[0]}:{callee.address[1]}'\n"
        source = indented(OUTBOUND, body).replace("def main", to + "\n\ndef main")
        server = serve_with(serve, tmp_path, DIALS, source, **settings)
        server.start_instances("dials", "given")
        values: list[Any] = told(server)[0]
        server.wait_for_log("instance ended")
        return values

    return run


def test_an_instance_calls_and_is_answered(
    serve: Serve, callee: Callable[[str], Server], tmp_path: Path
) -> None:
    """CALL-1, CALL-3, RUN-7, RUN-9, RUN-31, ST-3, ADR-2: digits go one way, sound the other."""
    other = callee("""
        channel.ring(0)
        channel.answer()
        digits = channel.DTMFDetector.get_digits(count=3, seconds_predigits_timeout=5)
        tell(digits, channel.Details.call_from)
        channel.wait_for_idle(10)
    """)
    body = f"""
        before = channel.state().name
        reached = channel.call("sip:someone@{other.address[0]}:{other.address[1]}", "100")
        channel.DTMFPlayer.play("159")
        details = channel.Details
        tell(before, reached.name, application_parameters, parameters, details.direction, details.codec)
        return 7
    """
    server = serve_with(serve, tmp_path, DIALS, indented(OUTBOUND, body))
    server.start_instances("dials", "given")
    assert told(server) == [["IDLE", "ANSWERED", "configured", "given", "outbound", "g711a"]]
    ((digits, caller),) = told(other)
    assert digits == "159"
    assert caller == "100"
    server.wait_for_log("return_code=7")
    server.stop()
    (record,) = server.records
    assert ": outbound app " in record
    assert record.endswith(" 7 NA [configured] [given]")


@pytest.mark.parametrize(
    ("refusal", "cause", "raw_cause"),
    [
        ("channel.reject(channel.Cause.BUSY)", "BUSY", "486"),
        ("channel.reject(raw_cause='404')", "UNOBTAINABLE", "404"),
        ("channel.reject(raw_cause='480')", "NOANSWER", "480"),
        ("channel.reject()", "REJECTED", "603"),
    ],
)
def test_a_refusal_is_told_by_its_cause(
    dial: Callable[..., list[Any]],
    callee: Callable[[str], Server],
    refusal: str,
    cause: str,
    raw_cause: str,
) -> None:
    """CALL-3, CAU-1, CAU-4, UR-39: no exception; the codes are told apart."""
    values = dial(
        """
        state = channel.call(TO, "100")
        tell(state.name, channel.cause().name, channel.Details.raw_cause)
        """,
        callee(refusal),
    )
    assert values == ["IDLE", cause, raw_cause]


def test_a_call_that_nobody_answers_is_abandoned(
    dial: Callable[..., list[Any]], callee: Callable[[str], Server]
) -> None:
    """CALL-4, HUP-6, GEN-8: CANCEL, and cause TIMEOUT."""
    other = callee("""
        state = channel.ring(20)
        tell(state.name, channel.cause().name, channel.Details.raw_cause)
    """)
    values = dial(
        """
        state = channel.call(TO, "100", seconds_timeout=1)
        tell(state.name, channel.cause().name)
        """,
        other,
    )
    assert values == ["IDLE", "TIMEOUT"]
    assert told(other) == [["IDLE", "NORMAL", "487"]]


def test_what_is_heard_before_the_answer_is_recorded(
    dial: Callable[..., list[Any]], callee: Callable[[str], Server]
) -> None:
    """CALL-9, CALL-10, CALL-15, CALL-16, CALL-17, MED-5, UR-16: with start_call."""
    other = callee("""
        channel.ring(0, True, PlayableMedia(text_to_say="Please wait while we look for somebody."))
        channel.wait_for_idle(20)
    """)
    values = dial(
        """
        started = channel.start_call(TO, "100")
        while not channel.Details.early_media and channel.state() != channel.State.IDLE:
            channel.wait_for_answer(0.1)
        ringing = channel.wait_for_answer(0.1)
        cause = channel.FileRecorder.record("early.wav", milliseconds_max_duration=1500)
        heard = channel.FileRecorder.audio_detected_in_recording()
        left = channel.hang_up()
        tell(started.name, ringing.name, cause.name, heard, left.name, channel.cause().name)
        """,
        other,
    )
    assert values == ["CALL_OUTGOING", "RING_OUTGOING", "TIMEOUT", True, "IDLE", "NORMAL"]


def test_one_channel_carries_one_call_after_another(
    dial: Callable[..., list[Any]], callee: Callable[[str], Server]
) -> None:
    """GEN-19, HUP-5, SIP-7: each with fresh details; the header fields are sent with each."""
    other = callee("""
        channel.answer()
        tell(channel.SIP.request_header_field("x-account").get_values())
        channel.wait_for_idle(10)
    """)
    values = dial(
        """
        channel.SIP.HeaderFieldsToSend.append(SIPHeaderField("x-account", "4711"))
        seen = []
        for _ in range(2):
            seen.append(channel.call(TO, "100").name)
            seen.append(channel.FilePlayer.cause().name)
            channel.FilePlayer.say("Hello.")
            seen.append(channel.Details.call_id)
            channel.hang_up()
            seen.append(channel.Details.raw_cause)
        tell(*seen)
        """,
        other,
    )
    assert values[0:2] == values[4:6] == ["ANSWERED", "NONE"]
    assert values[2] != values[6]
    assert values[3] == values[7] == "200"
    assert told(other, 2) == [[["4711"]], [["4711"]]]


def test_addresses_that_lead_nowhere(dial: Callable[..., list[Any]]) -> None:
    """CALL-6, CALL-19, CALL-20, CALL-21: no form is an Error, no route is UNOBTAINABLE."""
    values = dial("""
        seen = []
        for to, from_ in (("webrtc:ann", "1"), ("", "1"), ("sip:", "1"), ("12345", ""), ("12345", "1")):
            try:
                state = channel.call(to, from_)
                seen.append([state.name, channel.cause().name, channel.Details.raw_cause])
            except Error as error:
                seen.append("Error")
        tell(*seen, channel.state().name)
    """)
    assert values[:3] == ["Error"] * 3
    assert values[4] == ["IDLE", "UNOBTAINABLE", "404"]
    assert values[5] == "IDLE"


def test_an_extra_channel_calls_while_the_caller_waits(
    serve: Serve,
    callee: Callable[[str], Server],
    call_from: Callable[[Server], Caller],
    tmp_path: Path,
) -> None:
    """RUN-23, RUN-24, CALL-22, HOLD-1, HOLD-4: from an inbound instance, with the caller on hold."""
    other = callee("""
        channel.answer()
        tell(channel.wait_for_idle(10).name)
    """)
    body = f"""
        channel.answer()
        seen = [len(channel.ExtraChannel)]
        for attempt in (lambda: channel.call("100"), lambda: channel.ExtraChannel[1]):
            try:
                attempt()
            except Error as error:
                seen.append(str(error))
        held = channel.hold()
        extra = channel.ExtraChannel[0]
        reached = extra.call("sip:someone@{other.address[0]}:{other.address[1]}", "100")
        seen += [held.name, reached.name, channel.retrieve().name, channel.state().name]
        tell(*seen)
    """
    configuration = '[[service]]\nname = "desk"\nnumber = "*"\napplication = "app"\nextra_channels = 1\n'
    server = serve_with(serve, tmp_path, configuration, indented(INBOUND, body))
    call = call_from(server).invite()
    call.wait_for(200)
    count, places_none, too_many, *states = told(server)[0]
    assert count == 1
    assert "places no calls" in places_none
    assert "service 'desk' has 1 extra channel" in too_many
    assert states == ["ON_HOLD", "ANSWERED", "ANSWERED", "ANSWERED"]
    call.wait_for_request("BYE")
    # RUN-18: the extra channel's call ends with the instance.
    assert told(other) == [["IDLE"]]


@pytest.mark.sockets_only(reason="offhook start is a process of its own")
def test_start_requests_are_counted_split_and_refused(
    serve: Callable[..., ServerProcess], tmp_path: Path
) -> None:
    """RUN-7, RUN-9, RUN-11, RUN-31: what is wrong is said, and how many were started."""
    configuration = DIALS + '[[service]]\nname = "desk"\nnumber = "1"\napplication = "app"\n'
    server = serve_with(serve, tmp_path, configuration, indented(OUTBOUND, "tell(parameters)"))
    assert server.start("dials", "--count", "3").stdout == "started 3 instances of dials\n"
    assert sorted(told(server, 3)) == [[""]] * 3
    assert server.start("dials", "--parameters", "a|b|c", "--delimiter", "|").returncode == 0
    assert sorted(told(server, 6)) == [[""]] * 3 + [["a"], ["b"], ["c"]]
    for service, parameters, words in (
        ("nobody", "", "no outbound service"),
        ("desk", "", "is inbound"),
        ("dials", "a^b", "printable ASCII"),
    ):
        refused = server.start(service, "--parameters", parameters)
        assert refused.returncode == 1
        assert words in refused.stderr
        assert refused.stdout == f"started 0 instances of {service}\n"


def test_an_inbound_application_is_not_started_as_outbound(serve: Serve, tmp_path: Path) -> None:
    """RUN-11, RUN-14, ADR-6: return code -6, and `main` is not called."""
    server = serve_with(serve, tmp_path, DIALS, indented(INBOUND, "tell('never')"))
    server.start_instances("dials", "")
    server.wait_for_log("return_code=-6")
    server.stop()
    (record,) = server.records
    assert record.endswith(" 0.0 -6 NA [configured] []")
    assert "never" not in server.log


@pytest.mark.sockets_only(reason="offhook start is a process of its own")
def test_a_server_that_is_off_starts_nothing(serve: Callable[..., ServerProcess], tmp_path: Path) -> None:
    """RUN-25, RUN-26: with app_responder off, and with num_apps running."""
    source = indented(OUTBOUND, "tell(1)\ntime.sleep(3)")
    off = serve_with(serve, tmp_path, DIALS, source, app_responder="off")
    assert "switched off" in off.start("dials").stderr
    full = serve_with(serve, tmp_path, DIALS, source, num_apps=2, num_apps_lower=0)
    refused = full.start("dials", "--count", "3")
    assert refused.stdout == "started 2 instances of dials\n"
    assert "as many instances run as are allowed" in refused.stderr


def test_sound_of_a_file_reaches_the_other_server(
    serve: Serve, callee: Callable[[str], Server], tmp_path: Path
) -> None:
    """CALL-11, FP-4, REC-16: played by one, recorded by the other."""
    other = callee("""
        channel.answer()
        cause = channel.FileRecorder.record("heard.wav", milliseconds_max_duration=2000)
        tell(cause.name, channel.FileRecorder.audio_detected_in_recording())
    """)
    body = f"""
        channel.call("sip:someone@{other.address[0]}:{other.address[1]}", "100")
        time.sleep(0.5)
        tell(channel.FilePlayer.play("tone.wav").name)
        channel.wait_for_idle(10)
    """
    server = serve_with(serve, tmp_path, DIALS, indented(OUTBOUND, body))
    sound.write_wav(server.media_root / "tone.wav", sound.sine(1000, 1.0))
    server.start_instances("dials", "")
    assert told(other) == [["TIMEOUT", True]]
    samples = sound.read_wav(other.media_root / "heard.wav")
    # At 8000 Hz two of the eight samples of a period of 1000 Hz are zero.
    assert sum(abs(sample) > 500 for sample in samples) == pytest.approx(0.75 * 8000, rel=0.02)
