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
    """FP-2, FP-3, TONE-14: causes and states of the players."""
    causes = {"ERROR", "NORMAL", "BARGEIN", "ABORTED", "HANGUP", "TIMEOUT", "NONE"}
    assert {member.name for member in peer.channel.FilePlayer.Cause} == causes
    assert {member.name for member in uas.TonePlayer.Cause} == causes - {"BARGEIN"}
    for kind in (peer.channel.FilePlayer.State, uas.TonePlayer.State):
        assert {member.name for member in kind} == {"PLAYING", "IDLE", "ERROR"}


LATER = [
    "DTMFDetector",
    "DTMFPlayer",
    "FileRecorder",
    "SpeechDetector",
    "FaxSender",
    "FaxReceiver",
    "ExtraChannel",
    "call",
    "start_call",
    "wait_for_answer",
    "call_conference_room",
    "connect",
    "disconnect",
    "hold",
    "retrieve",
    "retrievable_transfer",
    "transfer_to_inbound_service",
    "transfer_to_conference_room",
    "retrieve_transferred_call",
    "wait_for_answer_machine",
]


@pytest.mark.parametrize("name", LATER)
def test_what_is_not_provided_says_so(peer: ChannelPeer, name: str) -> None:
    """EXC-3: a documented name that this version lacks is an Error that names it, and no silent stub."""
    with pytest.raises(uas.Error, match=rf"{name} is not provided by this version"):
        getattr(peer.channel, name)
    assert not hasattr(peer.channel, name)


@pytest.mark.parametrize("name", ["pause", "resume", "seek"])
def test_what_the_file_player_does_not_provide_says_so(peer: ChannelPeer, name: str) -> None:
    """EXC-3: the same for the file player."""
    with pytest.raises(uas.Error, match=rf"FilePlayer\.{name} is not provided by this version"):
        getattr(peer.channel.FilePlayer, name)


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
