"""The async twin."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from offhook import aio, digits, media, recorder, uas
from support.peer import ChannelPeer
from support.threads import Running

T = TypeVar("T")


def play(peer: ChannelPeer, main: Callable[[aio.UASCallChannel], Awaitable[T]], **changes: Any) -> Running[T]:
    """Run a coroutine function with an async channel on an event loop of its own."""
    channel = peer.make_async_channel(**changes)

    async def run() -> T:
        return await main(channel)

    return Running(lambda: asyncio.run(run()))


def test_the_twins_have_the_same_functions() -> None:
    """GEN-16: same names, same arguments; what can wait is a coroutine."""
    plain = {"state", "cause", "transfer_cause", "audio_detected_in_recording"}
    for blocking, twin in (
        (uas.UASCallChannel, aio.UASCallChannel),
        (media.UASCallFilePlayer, aio.UASCallFilePlayer),
        (uas.TonePlayer, aio.TonePlayer),
        (recorder.UASCallFileRecorder, aio.UASCallFileRecorder),
        (digits.UASCallDTMFDetector, aio.UASCallDTMFDetector),
        (digits.UASCallDTMFPlayer, aio.UASCallDTMFPlayer),
    ):
        names = {name for name in dir(blocking) if not name.startswith("_")}
        assert names == {name for name in dir(twin) if not name.startswith("_")}
        for name in names:
            function = inspect.getattr_static(blocking, name)
            if inspect.isfunction(function):
                assert inspect.iscoroutinefunction(getattr(twin, name)) is (name not in plain), name
                theirs = inspect.signature(getattr(twin, name)).parameters
                assert inspect.signature(function).parameters == theirs, name


def test_a_whole_call(peer: ChannelPeer) -> None:
    """GEN-16: ring, answer, play, hang up."""

    async def main(channel: aio.UASCallChannel) -> list[object]:
        seen: list[object] = [channel.state()]
        seen.append(await channel.ring(1))
        seen.append(await channel.answer("g711a"))
        seen.append(await channel.FilePlayer.say("Hello"))
        seen.append(await channel.hang_up())
        return seen

    running = play(peer, main)
    for method, state in (("ring", "RING_INCOMING"), ("answer", "ANSWERED")):
        request = peer.server.expect(f"channel.{method}")
        peer.server.send_state(state, channel=request["params"]["channel"])
        peer.server.respond(request, {"state": state})
    peer.server.respond(peer.server.expect("file_player.play"), {"cause": "NORMAL"})
    peer.server.respond(peer.server.expect("channel.hang_up"), {"state": "IDLE"})
    states = uas.UASCallChannel.State
    normal = aio.UASCallFilePlayer.Cause.NORMAL
    assert running.result() == [
        states.CALL_INCOMING,
        states.RING_INCOMING,
        states.ANSWERED,
        normal,
        states.IDLE,
    ]


def test_arguments_and_states_are_checked_alike(peer: ChannelPeer) -> None:
    """GEN-16, RING-6, RING-1: Error and Hangup with the same words."""

    async def main(channel: aio.UASCallChannel) -> None:
        with pytest.raises(uas.Error, match="seconds_ringtime is -1"):
            await channel.ring(-1)

    play(peer, main).result()

    async def gone(channel: aio.UASCallChannel) -> None:
        with pytest.raises(uas.Hangup, match=r"answer\(\) in state IDLE"):
            await channel.answer()
        assert await channel.hang_up() is channel.State.IDLE
        assert await channel.reject() is channel.State.IDLE
        assert await channel.wait_for_idle(0) is channel.State.IDLE
        assert await channel.FilePlayer.stop() is channel.FilePlayer.Cause.NONE

    play(peer, gone, state="IDLE").result()


def test_a_tone_player_for_the_async_twin_is_async(peer: ChannelPeer) -> None:
    """GEN-16, TONE-12: made by the name that applications import."""

    async def main(channel: aio.UASCallChannel) -> object:
        player: object = uas.TonePlayer(channel, uas.ToneManager())
        assert channel.TonePlayer is player
        assert isinstance(player, aio.TonePlayer)
        return await channel.TonePlayer.play("RINGBACK", 1)

    running = play(peer, main, state="ANSWERED")
    peer.server.respond(peer.server.expect("tone_player.play"), {"cause": "TIMEOUT"})
    assert running.result() is aio.TonePlayer.Cause.TIMEOUT


def test_tasks_of_one_loop_wait_side_by_side(peer: ChannelPeer) -> None:
    """GEN-14, GEN-15: a task that waits does not hold up the others, and hang_up ends its wait."""

    async def main(channel: aio.UASCallChannel) -> list[object]:
        ringing = asyncio.ensure_future(channel.ring(10))
        await asyncio.sleep(0)
        with pytest.raises(uas.Error, match=r"while ring\(\) runs"):
            await channel.answer()
        return [await channel.hang_up(), await ringing]

    running = play(peer, main)
    ring = peer.server.expect("channel.ring")
    hang_up = peer.server.expect("channel.hang_up")
    for request in (ring, hang_up):
        peer.server.respond(request, {"state": "IDLE"})
    assert running.result() == [uas.UASCallChannel.State.IDLE] * 2


def test_cancelling_a_task_that_awaits_a_job_stops_the_job(peer: ChannelPeer) -> None:
    """GEN-17: the server is told which, and the cause is ABORTED when the cancellation has gone through."""

    async def main(channel: aio.UASCallChannel) -> object:
        task = asyncio.ensure_future(channel.FilePlayer.play("a.wav"))
        while channel.FilePlayer.state() is not channel.FilePlayer.State.PLAYING:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return channel.FilePlayer.cause()

    running = play(peer, main, state="ANSWERED")
    request = peer.server.expect("file_player.play")
    name = request["params"]["channel"]
    peer.server.send_player("PLAYING", "NONE", channel=name)
    assert peer.server.expect("$/cancel")["params"] == {"id": request["id"]}
    peer.server.send_player("IDLE", "ABORTED", channel=name)
    peer.server.respond(request, {"cause": "ABORTED"})
    assert running.result() is aio.UASCallFilePlayer.Cause.ABORTED


def test_cancelling_a_task_that_awaits_call_control_leaves_the_call(peer: ChannelPeer) -> None:
    """GEN-17: the call is as it is, and the next function may run."""

    async def main(channel: aio.UASCallChannel) -> object:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(channel.ring(30), 0.05)
        return await channel.answer()

    running = play(peer, main)
    ring = peer.server.expect("channel.ring")
    assert peer.server.expect("$/cancel")["params"] == {"id": ring["id"]}
    peer.server.refuse(ring, -32006, "ring() was cancelled")
    peer.server.respond(peer.server.expect("channel.answer"), {"state": "ANSWERED"})
    assert running.result() is uas.UASCallChannel.State.ANSWERED


def test_a_lost_server_ends_every_await(peer: ChannelPeer) -> None:
    """GEN-7, RUN-32: as a cleared call does."""

    async def main(channel: aio.UASCallChannel) -> object:
        return await asyncio.gather(channel.wait_for_idle(), channel.FilePlayer.wait_until_finished())

    running = play(peer, main, state="ANSWERED")
    peer.server.expect("channel.wait_for_idle")
    peer.server.expect("file_player.wait")
    peer.lose_connection()
    assert running.result() == [uas.UASCallChannel.State.IDLE, aio.UASCallFilePlayer.Cause.HANGUP]
