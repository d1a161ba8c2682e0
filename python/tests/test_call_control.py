"""`answer`, `reject`, `hang_up`, `wait_for_idle`, and what may run beside what."""

from __future__ import annotations

from typing import Any

import pytest

from offhook.uas import Error, Hangup, ICanRun, SIPHeaderField, UASCallChannel
from support.peer import ChannelPeer
from support.threads import Running

State = UASCallChannel.State
Cause = UASCallChannel.Cause


def test_answer_returns_answered(peer: ChannelPeer) -> None:
    """ANS-1, ANS-4, ST-6: the state is visible when the function returns."""
    running = Running(peer.channel.answer)
    request = peer.server.expect("channel.answer")
    assert request["params"] == {"channel": "c-1", "codecs": None, "headers": []}
    peer.server.send_state("ANSWERING")
    peer.server.send_state("ANSWERED", codec="g711a", answer_time=1700000002.0)
    peer.server.respond(request, {"state": "ANSWERED"})
    assert running.result() is State.ANSWERED
    assert peer.channel.state() is State.ANSWERED


def test_answer_sends_codecs_and_header_fields(peer: ChannelPeer) -> None:
    """ANS-8, ANS-11, SIP-1, SIP-6: one entry for each value, and the list stays as it is (SIP-7)."""
    field = SIPHeaderField("x-one", "1")
    field.add_value("2")
    peer.channel.SIP.HeaderFieldsToSend += [field, SIPHeaderField("X-Two", "ü")]
    running = Running(peer.channel.answer, "g711u")
    request = peer.server.expect("channel.answer")
    assert request["params"]["codecs"] == "g711u"
    assert request["params"]["headers"] == [["x-one", "1"], ["x-one", "2"], ["X-Two", "ü"]]
    peer.server.respond(request, {"state": "IDLE"})
    running.result()
    assert len(peer.channel.SIP.HeaderFieldsToSend) == 2


@pytest.mark.parametrize("fields", [["x-one: 1"], "x-one", None])
def test_something_else_than_header_fields_is_refused(peer: ChannelPeer, fields: Any) -> None:
    """SIP-1, GEN-11: HeaderFieldsToSend is a list of SIPHeaderField."""
    peer.channel.SIP.HeaderFieldsToSend = fields
    with pytest.raises(Error, match=r"SIP\.HeaderFieldsToSend is .*; accepted: a list of SIPHeaderField"):
        peer.channel.answer()


def test_answer_that_is_cut_short_returns_idle(peer: ChannelPeer) -> None:
    """ANS-5, ANS-12, GEN-7, CAU-8: no ACK or no PRACK; cause and raw cause come with the state."""
    running = Running(peer.channel.answer)
    request = peer.server.expect("channel.answer")
    peer.server.send_state("IDLE", "TIMEOUT", raw_cause="408")
    peer.server.respond(request, {"state": "IDLE"})
    assert running.result() is State.IDLE
    assert peer.channel.cause() is Cause.TIMEOUT
    assert peer.channel.Details.raw_cause == "408"


@pytest.mark.parametrize(("state", "kind"), [("IDLE", Hangup), ("ANSWERED", Error), ("ANSWERING", Error)])
def test_answer_in_a_wrong_state_raises(peer: ChannelPeer, state: str, kind: type[Exception]) -> None:
    """ANS-2, EXC-1, EXC-3: Hangup in IDLE, Error elsewhere."""
    channel = peer.in_state(state)
    with pytest.raises(
        kind, match=rf"^answer\(\) in state {state}; allowed in CALL_INCOMING, RING_INCOMING$"
    ):
        channel.answer()


def test_answer_without_a_common_codec_raises_error(peer: ChannelPeer) -> None:
    """ANS-9: the server has refused the call with 488."""
    running = Running(peer.channel.answer)
    request = peer.server.expect("channel.answer")
    peer.server.send_state("IDLE", "REJECTED", raw_cause="488")
    peer.server.refuse(request, -32004, "answer() in state CALL_INCOMING: no codec in common", "IDLE")
    with pytest.raises(Error, match="no codec in common"):
        running.result()
    assert peer.channel.cause() is Cause.REJECTED


def test_a_hangup_of_the_server_is_raised_as_hangup(peer: ChannelPeer) -> None:
    """GEN-6: the call was gone when the request arrived."""
    running = Running(peer.channel.answer)
    peer.server.refuse(peer.server.expect("channel.answer"), -32000, "answer() in state IDLE", "IDLE")
    with pytest.raises(Hangup, match=r"answer\(\) in state IDLE"):
        running.result()


REJECTED_WITH = [
    "BUSY",
    "NOANSWER",
    "UNOBTAINABLE",
    "CHANGED",
    "OUTOFORDER",
    "BARRED",
    "REJECTED",
    "NOCHANNELS",
]


@pytest.mark.parametrize("name", [*REJECTED_WITH, "CONGESTION"])
def test_reject_takes_the_causes_that_have_a_code(peer: ChannelPeer, name: str) -> None:
    """REJ-1, REJ-2, CAU-5: a cause is sent by name."""
    running = Running(peer.channel.reject, Cause[name])
    request = peer.server.expect("channel.reject")
    assert request["params"] == {"channel": "c-1", "cause": name, "raw_cause": None}
    peer.server.send_state("IDLE", name, raw_cause="486")
    peer.server.respond(request, {"state": "IDLE"})
    assert running.result() is State.IDLE
    assert peer.channel.cause() is Cause[name]


@pytest.mark.parametrize("cause", [Cause.NORMAL, Cause.TIMEOUT, Cause.FAILED, "BUSY", 486])
def test_reject_refuses_other_causes(peer: ChannelPeer, cause: Any) -> None:
    """REJ-2: the message lists the causes that are accepted."""
    with pytest.raises(Error, match=r"cause is .*; accepted: BUSY, NOANSWER"):
        peer.channel.reject(cause)


@pytest.mark.parametrize("raw_cause", ["486", 486, "699", "400"])
def test_reject_takes_a_code_as_string_or_int(peer: ChannelPeer, raw_cause: Any) -> None:
    """REJ-3, REJ-4: sent as a decimal string."""
    running = Running(peer.channel.reject, raw_cause=raw_cause)
    request = peer.server.expect("channel.reject")
    assert request["params"]["raw_cause"] == str(raw_cause)
    peer.server.respond(request, {"state": "IDLE"})
    running.result()


@pytest.mark.parametrize(
    "raw_cause", ["302", "401", "407", "399", "700", "200", "86", "four", "", -486, "\uff14\uff18\uff16"]
)
def test_reject_with_an_unsupported_code_leaves_the_call_in_place(peer: ChannelPeer, raw_cause: Any) -> None:
    """REJ-4, REJ-5: State.ERROR is returned, and state() still gives the real state."""
    assert peer.channel.reject(raw_cause=raw_cause) is State.ERROR
    assert peer.channel.state() is State.CALL_INCOMING


@pytest.mark.parametrize("raw_cause", [True, 4.86, b"486", ["486"]])
def test_reject_refuses_a_code_of_another_type(peer: ChannelPeer, raw_cause: Any) -> None:
    """REJ-3, GEN-11: neither a string nor an int."""
    with pytest.raises(Error, match="raw_cause is"):
        peer.channel.reject(raw_cause=raw_cause)


@pytest.mark.parametrize("state", ["CALL_INCOMING", "RING_INCOMING", "ANSWERED", "ON_HOLD", "TRANSFERRED"])
def test_reject_is_allowed_before_and_after_the_answer(peer: ChannelPeer, state: str) -> None:
    """REJ-7, REJ-8: the states in which it works."""
    running = Running(peer.in_state(state).reject)
    peer.server.respond(peer.server.expect("channel.reject"), {"state": "IDLE"})
    assert running.result() is State.IDLE


@pytest.mark.parametrize("state", ["ANSWERING", "HOLDING", "TRANSFERRING", "RECONNECTING", "ERROR"])
def test_reject_in_another_state_raises_error(peer: ChannelPeer, state: str) -> None:
    """REJ-7, ST-7: the states in which it does not."""
    with pytest.raises(Error, match=rf"reject\(\) in state {state}; allowed in CALL_INCOMING"):
        peer.in_state(state).reject()


def test_functions_that_clear_do_nothing_in_idle(peer: ChannelPeer) -> None:
    """HUP-2, HUP-10, REJ-7: IDLE is returned without asking the server."""
    channel = peer.in_state("IDLE")
    assert channel.hang_up() is State.IDLE
    assert channel.reject() is State.IDLE
    assert channel.wait_for_idle() is State.IDLE


def test_hang_up_returns_the_state(peer: ChannelPeer) -> None:
    """HUP-1, HUP-3, HUP-4: the state at its end, and the cause NORMAL."""
    running = Running(peer.channel.hang_up)
    request = peer.server.expect("channel.hang_up")
    peer.server.send_state("IDLE", "NORMAL", raw_cause="480")
    peer.server.respond(request, {"state": "IDLE"})
    assert running.result() is State.IDLE
    assert peer.channel.cause() is Cause.NORMAL


def test_hang_up_that_takes_too_long_returns_another_state(peer: ChannelPeer) -> None:
    """HUP-4, HUP-5: after 60 s the server gives the state as it is."""
    running = Running(peer.in_state("ANSWERED").hang_up)
    peer.server.respond(peer.server.expect("channel.hang_up"), {"state": "ANSWERED"})
    assert running.result() is State.ANSWERED


def test_wait_for_idle_that_times_out_returns_the_state(peer: ChannelPeer) -> None:
    """HUP-10, GEN-8: a timeout is no exception."""
    running = Running(peer.channel.wait_for_idle, 0.5)
    request = peer.server.expect("channel.wait_for_idle")
    assert request["params"] == {"channel": "c-1", "seconds": 0.5}
    peer.server.respond(request, {"state": "CALL_INCOMING"})
    assert running.result() is State.CALL_INCOMING


@pytest.mark.parametrize("seconds", [-1, True, "5", float("nan"), float("inf")])
def test_a_bad_timeout_of_wait_for_idle_is_refused(peer: ChannelPeer, seconds: Any) -> None:
    """GEN-9, GEN-11: also when the call is gone already."""
    for channel in (peer.channel, peer.in_state("IDLE")):
        with pytest.raises(Error, match="seconds_timeout is"):
            channel.wait_for_idle(seconds)


def test_a_second_blocking_function_raises_error_that_names_the_first(peer: ChannelPeer) -> None:
    """GEN-21, RING-5: nothing is sent for it, and the first goes on."""
    running = Running(peer.channel.ring, 10)
    request = peer.server.expect("channel.ring")
    for second in (peer.channel.ring, peer.channel.answer):
        with pytest.raises(Error, match=r"while ring\(\) runs on the channel; allowed meanwhile: hang_up"):
            second()
    assert running.is_running()
    peer.server.respond(request, {"state": "RING_INCOMING"})
    running.result()


def test_after_a_function_the_next_may_run(peer: ChannelPeer) -> None:
    """GEN-21: also after one that raised."""
    with pytest.raises(Error):
        peer.channel.ring(-1)
    running = Running(peer.channel.ring)
    peer.server.respond(peer.server.expect("channel.ring"), {"state": "RING_INCOMING"})
    running.result()
    running = Running(peer.channel.answer)
    peer.server.respond(peer.server.expect("channel.answer"), {"state": "ANSWERED"})
    assert running.result() is State.ANSWERED


def test_hang_up_from_another_thread_ends_a_waiting_ring(peer: ChannelPeer) -> None:
    """GEN-15, RING-5, GEN-21: hang_up, reject, wait_for_idle and every stop may run beside it."""
    ringing = Running(peer.channel.ring, 10)
    ring_request = peer.server.expect("channel.ring")
    waiting = Running(peer.channel.wait_for_idle)
    wait_request = peer.server.expect("channel.wait_for_idle")
    stopping = Running(peer.channel.FilePlayer.stop)
    peer.server.respond(peer.server.expect("file_player.stop"), {"cause": "NONE"})
    assert stopping.result() is peer.channel.FilePlayer.Cause.NONE
    clearing = Running(peer.channel.hang_up)
    hang_up_request = peer.server.expect("channel.hang_up")
    peer.server.send_state("IDLE", raw_cause="480")
    for request in (ring_request, wait_request, hang_up_request):
        peer.server.respond(request, {"state": "IDLE"})
    assert {ringing.result(), waiting.result(), clearing.result()} == {State.IDLE}


def test_channels_do_not_wait_for_each_other(peer: ChannelPeer) -> None:
    """GEN-13, GEN-14: two channels ring at the same time, and the later one ends first."""
    other = peer.make_channel()
    first = Running(peer.channel.ring, 10)
    first_request = peer.server.expect("channel.ring")
    second = Running(other.ring, 10)
    second_request = peer.server.expect("channel.ring")
    peer.server.respond(second_request, {"state": "RING_INCOMING"})
    assert second.result() is State.RING_INCOMING
    assert first.is_running()
    peer.server.respond(first_request, {"state": "IDLE"})
    assert first.result() is State.IDLE


def test_commands_are_sent_in_the_order_in_which_they_were_called(peer: ChannelPeer) -> None:
    """GEN-22: and each one reports whether it took effect."""
    channel = peer.in_state("RING_INCOMING", early_media=True)

    def use() -> list[object]:
        with pytest.raises(Error, match="refused"):
            channel.FilePlayer.start("a.wav")
        return [channel.FilePlayer.stop(), channel.ring(0), channel.answer()]

    running = Running(use)
    peer.server.refuse(peer.server.expect("file_player.play"), -32003, "refused", "RING_INCOMING")
    peer.server.respond(peer.server.expect("file_player.stop"), {"cause": "ABORTED"})
    peer.server.respond(peer.server.expect("channel.ring"), {"state": "RING_INCOMING"})
    peer.server.respond(peer.server.expect("channel.answer"), {"state": "ANSWERED"})
    aborted = channel.FilePlayer.Cause.ABORTED
    assert running.result() == [aborted, State.RING_INCOMING, State.ANSWERED]


def test_a_lost_server_ends_every_wait_as_a_cleared_call_does(peer: ChannelPeer) -> None:
    """GEN-7, RUN-32: nobody waits for a server that is gone."""
    running = [Running(peer.channel.ring, 10), Running(peer.channel.wait_for_idle)]
    peer.server.expect("channel.ring")
    peer.server.expect("channel.wait_for_idle")
    peer.lose_connection()
    assert [each.result() for each in running] == [State.IDLE, State.IDLE]
    assert peer.channel.hang_up() is State.IDLE


def test_state_and_cause_never_wait(peer: ChannelPeer) -> None:
    """ST-8, CAU-2, CAU-3, XFER-14: with a server that is silent, and in every state."""
    assert peer.channel.state() is State.CALL_INCOMING
    assert peer.channel.cause() is Cause.NORMAL
    assert peer.channel.transfer_cause() is UASCallChannel.TransferCause.NONE


def test_clearing_is_seen_at_once_outside_of_every_function(peer: ChannelPeer) -> None:
    """ST-5, CAU-8: state, cause and raw cause change together."""
    peer.server.send_state("IDLE", "BUSY", raw_cause="486")
    while peer.channel.state() is not State.IDLE:
        pass
    assert peer.channel.cause() is Cause.BUSY
    assert peer.channel.Details.raw_cause == "486"


def test_i_can_run_follows_the_call_and_the_worker(peer: ChannelPeer) -> None:
    """RUN-29: false once the call is IDLE, and once the worker is told to stop."""
    i_can_run = ICanRun(peer.channel)
    assert i_can_run
    assert not ICanRun(peer.in_state("IDLE"))
    peer.stops.set()
    assert not i_can_run


def test_i_can_run_wants_a_channel() -> None:
    """GEN-11: anything else is refused."""
    with pytest.raises(Error, match="channel is 5; accepted: a call channel"):
        ICanRun(5)  # type: ignore[arg-type]
