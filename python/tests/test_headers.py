"""Custom header fields."""

from __future__ import annotations

from typing import Any

import pytest

from offhook.uas import Error, SIPHeaderField
from support.peer import ChannelPeer


def test_a_field_has_a_name_and_values() -> None:
    """SIP-2: in the order in which they were added."""
    field = SIPHeaderField("x-account", "4711")
    field.add_value("4712")
    assert field.get_name() == "x-account"
    assert field.get_values() == ["4711", "4712"]


def test_the_list_of_values_is_the_callers_own() -> None:
    """SIP-2: changing it changes nothing else."""
    field = SIPHeaderField("x-account", "4711")
    field.get_values().append("4712")
    assert field.get_values() == ["4711"]


@pytest.mark.parametrize("name", ["x-a", "X-Account-1", "x--.!%*_+`'~", "x-"])
def test_names_that_are_allowed(name: str) -> None:
    """SIP-3: letter case does not matter."""
    assert SIPHeaderField(name, "").get_name() == name


@pytest.mark.parametrize("name", ["", "x", "account", "y-account", "x-a b", "x-a:b", "x-ä", "x-a\n", 5, None])
def test_names_that_are_not_allowed(name: Any) -> None:
    """SIP-3: Error in the constructor."""
    with pytest.raises(Error, match=r"header_field_name is .*; accepted: a name that begins with x-"):
        SIPHeaderField(name, "1")


@pytest.mark.parametrize("value", ["a\rb", "a\nb", "a\0b", "\ud800", 5, None])
def test_values_that_are_not_allowed(value: Any) -> None:
    """SIP-4: in the constructor and in add_value, which then adds nothing."""
    with pytest.raises(Error, match="header_value is"):
        SIPHeaderField("x-a", value)
    field = SIPHeaderField("x-a", "ü")
    with pytest.raises(Error, match="header_value is"):
        field.add_value(value)
    assert field.get_values() == ["ü"]


def test_received_fields_are_found_without_regard_to_case(peer: ChannelPeer) -> None:
    """SIP-5, SIP-6: several values come as one field, in order; a missing one is None."""
    headers = [["X-One", "1"], ["x-two", "a"], ["x-one", "2"]]
    channel = peer.make_channel(headers=headers)
    field = channel.SIP.request_header_field("x-ONE")
    assert field.get_name() == "X-One"
    assert field.get_values() == ["1", "2"]
    assert channel.SIP.request_header_field("x-three") is None


def test_received_fields_are_shown_as_they_came(peer: ChannelPeer) -> None:
    """SIP-5: what a peer sent is not judged by the rules for what we send."""
    channel = peer.make_channel(headers=[["x-odd", "tab\there"]])
    assert channel.SIP.request_header_field("X-Odd").get_values() == ["tab\there"]


def test_received_fields_stay_after_the_call(peer: ChannelPeer) -> None:
    """SIP-8: in IDLE too."""
    channel = peer.make_channel(headers=[["x-one", "1"]], state="IDLE")
    assert channel.SIP.request_header_field("x-one").get_values() == ["1"]


def test_a_name_that_is_no_string_is_refused(peer: ChannelPeer) -> None:
    """GEN-11: Error."""
    with pytest.raises(Error, match="name is 5"):
        peer.channel.SIP.request_header_field(5)


def test_the_list_to_send_belongs_to_one_channel(peer: ChannelPeer) -> None:
    """SIP-1: channels do not share it."""
    peer.channel.SIP.HeaderFieldsToSend.append(SIPHeaderField("x-one", "1"))
    assert peer.make_channel().SIP.HeaderFieldsToSend == []
