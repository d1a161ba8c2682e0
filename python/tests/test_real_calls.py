"""Applications in the program itself: what is bad for one call hurts no other."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.server import Server
from support.sip import Call, Caller, sdp

Serve = Callable[..., Server]
CallFrom = Callable[[Server], Caller]


def test_the_first_founding_example(serve: Serve, call_from: CallFrom) -> None:
    """RING-3, RING-11, RING-20, ANS-4, RUN-18: 180 at once, 200 a second later, BYE when main returns."""
    source = """
        def main(channel):
            # an incoming call is detected
            if channel.state() == channel.State.CALL_INCOMING:
                # we have a call, ring for a second
                state = channel.ring(1)
                if state == channel.State.RING_INCOMING:
                    # after ringing, answer the call
                    channel.answer()
    """
    call = call_from(serve(source)).invite()
    ringing = call.wait_for(180)
    assert not ringing.body
    answered = call.wait_for(200)
    # The two messages may have been delayed differently on their way.
    assert answered.at - ringing.at > 0.9
    assert sdp.parse(answered.body).audio.encodings[0] == "PCMA/8000"
    call.wait_for_request("BYE")
    assert [status for status in call.statuses if status != 100] == [180, 200]


def test_an_uncaught_exception_before_the_answer_is_500(serve: Serve, call_from: CallFrom) -> None:
    """RUN-16, RUN-18, EXC-4, CAU-1: the traceback is in the log, and the next call is served."""
    server = serve("""
        def main(channel):
            if channel.Details.call_to.startswith("sip:bad@"):
                raise ValueError("no such thing")
            channel.answer()
    """)
    caller = call_from(server)
    assert caller.invite("bad").wait_for_final().status == 500
    log = server.wait_for_log("ValueError: no such thing")
    assert "app.py" in log
    assert caller.invite("good").wait_for_final().status == 200


@pytest.mark.parametrize(
    "end", ["os._exit(1)", "os.kill(os.getpid(), signal.SIGKILL)", "os.kill(os.getpid(), signal.SIGSEGV)"]
)
def test_a_worker_that_dies_is_started_again(serve: Serve, call_from: CallFrom, end: str) -> None:
    """RUN-32, CAU-1: its unanswered call gets 500, its answered one a BYE, and the next call is served."""
    server = serve(f"""
        import os
        import signal
        import threading

        def main(channel):
            if channel.Details.call_to.startswith("sip:bad@"):
                {end}
                # The signal may end another thread first.
                threading.Event().wait()
            channel.answer()
            channel.wait_for_idle()
    """)
    caller = call_from(server)
    answered = caller.invite("good")
    assert answered.wait_for_final().status == 200
    assert caller.invite("bad").wait_for_final().status == 500
    answered.wait_for_request("BYE")
    deadline = caller.network.now() + 10
    while (status := caller.invite("good").wait_for_final().status) != 200:
        # 503 while the worker starts.
        assert status == 503
        assert caller.network.now() < deadline, "the worker is not started again"


def test_calls_of_another_worker_go_on(serve: Serve, call_from: CallFrom) -> None:
    """RUN-32, RUN-21: a worker that dies takes its own calls with it, and no other."""
    server = serve(
        """
        import os
        from offhook.uas import SIPHeaderField

        def main(channel):
            if channel.Details.call_to.startswith("sip:bad@"):
                os._exit(1)
            channel.SIP.HeaderFieldsToSend.append(SIPHeaderField("x-worker", str(os.getpid())))
            channel.answer()
            channel.wait_for_idle()
        """,
        workers=2,
    )
    caller = call_from(server)
    calls: dict[str, Call] = {}
    deadline = caller.network.now() + 20
    while len(calls) < 2:
        # Until the second worker has started, the first takes every call.
        call = caller.invite("good")
        calls.setdefault(call.wait_for_final().headers.require("x-worker"), call)
        assert caller.network.now() < deadline, "the second worker takes no call"
    assert caller.invite("bad").wait_for_final().status == 500
    one, other = calls.values()
    lost, kept = (one, other) if one.has_received("BYE", 2) else (other, one)
    lost.wait_for_request("BYE")
    kept.media.wait_for_packets(len(kept.media.packets) + 25)
    assert not kept.has_received("BYE", 0)


@pytest.mark.sockets_only(reason="virtual time stands while an application computes")
def test_an_application_that_never_returns_holds_up_nobody(serve: Serve, call_from: CallFrom) -> None:
    """RUN-21, RUN-19, MED-14: a busy loop in one call, and the audio of another stays on time."""
    server = serve("""
        def main(channel):
            channel.ring(0, True)
            channel.answer()
            if channel.Details.call_to.startswith("sip:busy@"):
                while True:
                    pass
            channel.FilePlayer.say("This goes on undisturbed, whatever the others do.")
    """)
    caller = call_from(server)
    assert caller.invite("busy").wait_for_final().status == 200
    call = caller.invite("good")
    assert call.wait_for_final().status == 200
    packets = call.media.wait_for_packets(100)
    sequences = [packet.sequence for packet in packets]
    assert sequences == [(sequences[0] + index) & 0xFFFF for index in range(len(sequences))]


def test_an_async_application(serve: Serve, call_from: CallFrom) -> None:
    """GEN-16, RUN-5: twenty calls at once as tasks of one worker."""
    server = serve("""
        import asyncio

        async def main(channel):
            await channel.ring(0.2)
            await channel.answer()
            await channel.wait_for_idle()
    """)
    caller = call_from(server)
    calls = [caller.invite() for _ in range(20)]
    for call in calls:
        assert call.wait_for_final().status == 200
        call.wait_for_response("BYE", call.bye())


def test_details_and_header_fields(serve: Serve, call_from: CallFrom) -> None:
    """DET-1, SIP-1, SIP-5, SIP-6, LOG-3: what the caller sent is seen, what the application sends arrives."""
    server = serve("""
        from offhook.uas import SIPHeaderField

        __uas_identify__ = "application"

        def main(channel, application_instance_id, file_man, my_log, application_parameters):
            details = channel.Details
            received = channel.SIP.request_header_field("x-account").get_values()
            my_log.report(f"{details.call_to} {details.direction} {details.remote_address} {received}")
            field = SIPHeaderField("x-reply", "one")
            field.add_value("two")
            channel.SIP.HeaderFieldsToSend.append(field)
            channel.answer()
            return 3
    """)
    caller = call_from(server)
    call = caller.invite("100", headers=[("X-Account", "4711"), ("x-account", "4712")])
    answered = call.wait_for_final()
    assert answered.headers.all("x-reply") == ["one", "two"]
    log = server.wait_for_log("inbound")
    assert f"inbound 127.0.0.1:{caller.port} ['4711', '4712']" in log
    call.wait_for_request("BYE")
    assert caller.network.wait_for(lambda: server.records, 5), "there is no record"
    assert " 3 [" in server.records[0]
