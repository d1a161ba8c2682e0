"""What applications can import, and under which names."""

from __future__ import annotations

import enum
import re
from pathlib import Path
from typing import Any

import pytest

import offhook
from offhook import aio, uas
from support.peer import ChannelPeer
from support.threads import Running


def test_uas_exports_the_documented_names() -> None:
    """GEN-1: exactly the documented names."""
    assert set(uas.__all__) == {
        "AESCBCCipher",
        "Error",
        "Hangup",
        "ICanRun",
        "PlayableMedia",
        "SIPHeaderField",
        "ToneManager",
        "TonePlayer",
        "UASCallChannel",
    }
    assert all(hasattr(uas, name) for name in uas.__all__)


def test_exceptions_have_a_common_base_and_are_unrelated() -> None:
    """EXC-2: both derive from OffhookError, neither from the other."""
    assert issubclass(uas.Error, offhook.OffhookError)
    assert issubclass(uas.Hangup, offhook.OffhookError)
    assert not issubclass(uas.Error, uas.Hangup)
    assert not issubclass(uas.Hangup, uas.Error)


@pytest.mark.parametrize("kind", [uas.UASCallChannel, aio.UASCallChannel])
def test_channel_classes_nest_their_enumerations(kind: Any) -> None:
    """GEN-4, GEN-20: the nested classes are reachable through the class."""
    for name in (
        "State",
        "Cause",
        "TransferCause",
        "LiveSpeakerDetectionSettings",
        "CallFarEndType",
        "ConferenceLifetimeControl",
        "ConferencePartyMediaSettings",
    ):
        assert isinstance(getattr(kind, name), type)


def test_enumerations_are_reachable_through_instances(peer: ChannelPeer) -> None:
    """GEN-4: through the channel and through its player."""
    assert peer.channel.State.ANSWERED is uas.UASCallChannel.State.ANSWERED
    assert peer.channel.FilePlayer.Cause.BARGEIN.name == "BARGEIN"


NAMES = {
    "State": "WAITING CALL_INCOMING RING_INCOMING ANSWERING ANSWERED CALL_OUTGOING RING_OUTGOING HOLDING "
    "ON_HOLD TRANSFERRING TRANSFERRED RECONNECTING ERROR IDLE",
    "Cause": "TIMEOUT ERROR NORMAL BUSY NOANSWER UNOBTAINABLE CHANGED OUTOFORDER BARRED REJECTED NOCHANNELS "
    "CONGESTION FAILED OTHER",
    "TransferCause": "NONE NORMAL TIMEOUT HANGUP TARGETREJECT TARGETHANGUP FAIL",
    "LiveSpeakerDetectionSettings": "DEFAULT TIMEOUT_FROM_NETWORK_CONNECT TIMEOUT_FROM_ANSWER_DETECT",
    "CallFarEndType": "LIVE ANSWER_MACHINE FAX_MACHINE UNKNOWN",
}


@pytest.mark.parametrize("name", NAMES)
def test_enumerations_of_the_channel_have_the_documented_members(name: str) -> None:
    """ST-1, CAU-1, XFER-12, LSD-1, LSD-4, GEN-5: names, and members of a Python enum."""
    kind = getattr(uas.UASCallChannel, name)
    assert issubclass(kind, enum.Enum)
    assert {member.name for member in kind} == set(NAMES[name].split())


def test_player_enumerations_have_the_documented_members(peer: ChannelPeer) -> None:
    """FP-2, FP-3, TONE-14, DTMF-1, DTMF-13, REC-2, REC-3: causes and states of the players."""
    causes = {"ERROR", "NORMAL", "BARGEIN", "ABORTED", "HANGUP", "TIMEOUT", "NONE"}
    assert {member.name for member in peer.channel.FilePlayer.Cause} == causes
    assert {member.name for member in uas.TonePlayer.Cause} == causes - {"BARGEIN"}
    assert {member.name for member in peer.channel.DTMFPlayer.Cause} == causes - {"BARGEIN", "ABORTED"}
    assert {member.name for member in peer.channel.FileRecorder.Cause} == causes - {"NORMAL"} | {
        "SILENCE",
        "SIZE",
    }
    assert {member.name for member in peer.channel.DTMFDetector.Cause} == {
        "HANGUP",
        "COUNT",
        "END",
        "TIMEOUT",
        "ERROR",
        "NONE",
    }
    for kind in (peer.channel.FilePlayer.State, uas.TonePlayer.State, peer.channel.DTMFPlayer.State):
        assert {member.name for member in kind} == {"PLAYING", "IDLE", "ERROR"}
    assert {member.name for member in peer.channel.FileRecorder.State} == {"RECORDING", "IDLE", "ERROR"}
    assert not hasattr(peer.channel.DTMFDetector, "State")


LATER = ["FaxReceiver", "FaxSender", "SpeechDetector"]


@pytest.mark.parametrize("name", LATER)
def test_what_is_not_provided_says_so(peer: ChannelPeer, name: str) -> None:
    """EXC-3: a documented name that this version lacks is an Error that names it, and no silent stub."""
    with pytest.raises(uas.Error, match=rf"{name} is not provided by this version"):
        getattr(peer.channel, name)
    assert not hasattr(peer.channel, name)


def test_a_server_that_lacks_a_method_is_an_error_that_names_it(peer: ChannelPeer) -> None:
    """EXC-3: a server of another version, and no silent stub."""
    channel = peer.in_state("ANSWERED")
    running = Running(channel.FilePlayer.pause)
    peer.server.refuse(peer.server.expect("file_player.pause"), -32601, "no method")
    with pytest.raises(uas.Error, match=r"file_player\.pause is not provided by this version"):
        running.result()


def test_the_channel_has_the_documented_properties(peer: ChannelPeer) -> None:
    """DET-5, FP-1, REC-1: all but those of later areas."""
    for name in ("Details", "DTMFPlayer", "DTMFDetector", "FilePlayer", "FileRecorder", "SIP"):
        assert hasattr(peer.channel, name)
    assert type(peer.channel.FilePlayer).__name__ == "UASCallFilePlayer"
    assert type(peer.channel.FileRecorder).__name__ == "UASCallFileRecorder"


def test_unknown_names_are_plain_attribute_errors(peer: ChannelPeer) -> None:
    """A name that the API does not have is no offhook error."""
    with pytest.raises(AttributeError) as caught:
        peer.channel.ringg  # noqa: B018
    assert not isinstance(caught.value, uas.Error)


def test_version_is_that_of_the_program() -> None:
    """The package and the program carry the same version."""
    manifest = (Path(__file__).parents[2] / "Cargo.toml").read_text()
    found = re.search(r'^version = "(.+)"$', manifest, re.MULTILINE)
    assert found is not None
    assert offhook.__version__ == found[1]
