"""`Details`: what is known of the call."""

from __future__ import annotations

import time
from typing import Any

import pytest

from offhook.details import Details
from support.peer import ChannelPeer
from support.threads import Running

ATTRIBUTES = {
    "call_id": "call-1",
    "call_from": "sip:alice@192.0.2.1",
    "call_to": "sip:100@192.0.2.2",
    "call_target": "sip:100@192.0.2.2",
    "call_divert": None,
    "attestation": None,
    "authenticated_user": None,
    "codec": None,
    "direction": "inbound",
    "raw_cause": "",
    "connected_id": None,
    "remote_address": "192.0.2.1:5060",
    "start_time": 1700000000.5,
    "answer_time": None,
    "duration": 0.0,
    "early_media": False,
}

STATS = {"packets_sent": 9, "packets_received": 8, "packets_lost": 1, "jitter_milliseconds": 2, "mos": 4.1}


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_attributes_have_the_values_of_the_server(peer: ChannelPeer, name: str) -> None:
    """DET-1, DET-2: each documented attribute, without waiting for anybody."""
    assert getattr(peer.channel.Details, name) == ATTRIBUTES[name]


def test_far_end_type_is_an_enumeration_member(peer: ChannelPeer) -> None:
    """DET-1, DET-4, LSD-4: UNKNOWN at first."""
    assert peer.channel.Details.far_end_type is peer.channel.CallFarEndType.UNKNOWN


@pytest.mark.parametrize("name", [*ATTRIBUTES, "far_end_type", "media_stats", "anything"])
def test_assignment_raises_attribute_error(peer: ChannelPeer, name: str) -> None:
    """DET-1: read-only."""
    with pytest.raises(AttributeError):
        setattr(peer.channel.Details, name, "x")
    with pytest.raises(AttributeError):
        peer.channel.Details = None


def test_what_has_not_changed_is_kept(peer: ChannelPeer) -> None:
    """DET-2: a message that names some attributes leaves the others."""
    details = peer.channel.Details
    peer.server.send_state("RING_INCOMING", early_media=True, codec="g711u")
    while details.codec is None:
        pass
    assert details.early_media is True
    assert details.call_from == "sip:alice@192.0.2.1"


def test_duration_runs_while_the_call_is_up(peer: ChannelPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    """DET-1: seconds since the answer, to one decimal, by a steady clock; it stops at the end."""
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    values: dict[str, Any] = {"raw_cause": "", "answer_time": None, "duration": 0.0}
    details = Details(values, lambda: None)
    now += 5
    assert details.duration == 0.0
    details._update({"answer_time": 1700000000.0, "duration": 0.26})
    now += 2.5
    assert details.duration == 2.8
    details._update({"raw_cause": "200", "duration": 3.04})
    now += 100
    assert details.duration == 3.0


def test_media_stats_are_asked_for_during_the_call(peer: ChannelPeer) -> None:
    """DET-3: fresh values, as an object with named counters."""
    running = Running(lambda: peer.channel.Details.media_stats)
    request = peer.server.expect("channel.details")
    assert request["params"] == {"channel": "c-1"}
    peer.server.respond(request, {"details": {"media_stats": STATS}})
    stats = running.result()
    assert (stats.packets_sent, stats.packets_received, stats.packets_lost) == (9, 8, 1)
    assert isinstance(stats.jitter_milliseconds, float)
    assert (stats.jitter_milliseconds, stats.mos) == (2.0, 4.1)


def test_media_stats_of_a_silent_server_are_those_known_last(peer: ChannelPeer) -> None:
    """DET-2: reading does not wait for a server that says nothing; a late answer is used the next time."""
    assert peer.channel.Details.media_stats.packets_sent == 0
    peer.server.respond(peer.server.expect("channel.details"), {"details": {"media_stats": STATS}})
    while peer.channel._details._snapshot[0]["media_stats"]["packets_sent"] == 0:
        pass


def test_media_stats_after_the_call_are_final(peer: ChannelPeer) -> None:
    """DET-2, DET-3: without asking, and also when the connection is gone."""
    channel = peer.in_state("IDLE", raw_cause="200", media_stats=STATS)
    peer.lose_connection()
    assert channel.Details.media_stats.packets_sent == 9


def test_reading_never_raises_when_the_server_is_lost(peer: ChannelPeer) -> None:
    """DET-2: any attribute in any state."""
    peer.lose_connection()
    assert peer.channel.Details.media_stats.mos is None
