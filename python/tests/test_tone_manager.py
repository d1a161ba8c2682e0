"""`ToneManager`: names, definitions, and the catalogue that the server sends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from offhook import tones
from offhook.uas import Error, ToneManager, TonePlayer
from support.peer import ChannelPeer, WorkerPeer
from support.threads import Running


@pytest.fixture(autouse=True)
def own_catalogue() -> Iterator[None]:
    """The catalogue is one for the process; give it back as it was."""
    names, default = tones.catalogue.names, tones.catalogue.default
    yield
    tones.catalogue.names, tones.catalogue.default = names, default


def entry(
    frequency: Any = 440, amplitude: Any = 10, duration: Any = 100, add: Any = "summation"
) -> tuple[Any, ...]:
    """One entry of `tone_info`."""
    silence = {"frequency": 0, "amplitude": 0}
    return {"frequency": frequency, "amplitude": amplitude}, silence, {"duration": duration, "add": add}


def test_predefined_tones_are_strings() -> None:
    """TONE-2, GEN-5: members of an enum that can be used as names."""
    predefined = ToneManager.PredefinedTones
    assert [member.name for member in predefined] == ["RINGBACK", "RINGBACK_UK", "RINGBACK_EU"]
    assert all(isinstance(member, str) and member == member.name == str(member) for member in predefined)


def test_tones_lists_the_catalogue_of_the_server(worker: WorkerPeer) -> None:
    """TONE-8, TONE-9: the predefined names, the countries', and the manager's own."""
    manager = ToneManager()
    assert manager.tones() == ["RINGBACK", "RINGBACK_UK", "RINGBACK_EU", "ringback.fr", "busy.de"]
    assert manager.create_tone([entry()], "mine") is True
    assert manager.tones()[-1] == "mine"
    assert "mine" not in ToneManager().tones()


def test_a_created_tone_is_sent_with_its_sequence(peer: ChannelPeer) -> None:
    """TONE-1, TONE-4, TONE-5: frequencies, amplitudes, duration and how they are put together."""
    manager = ToneManager(my_log=None)
    manager.create_tone([entry(440, 10, 250), entry(9999, 99, 9999, "modulation"), entry(0, 0, 0)], "mine")
    channel = peer.in_state("ANSWERED")
    running = Running(TonePlayer(channel, manager).start, "mine")
    request = peer.server.expect("tone_player.play")
    assert request["params"]["tone"] == {
        "tone": "mine",
        "sequence": [
            [440, 10, 0, 0, 250, "summation"],
            [9999, 99, 0, 0, 9999, "modulation"],
            [0, 0, 0, 0, 0, "summation"],
        ],
    }
    peer.server.respond(request, {"started": True})
    running.result()


def test_a_name_used_before_is_replaced() -> None:
    """TONE-7: the later definition counts, and the name is listed once."""
    manager = ToneManager()
    manager.create_tone([entry(440)], "mine")
    manager.create_tone([entry(880)], "mine")
    assert manager.tones().count("mine") == 1
    assert manager._tone("", "", "mine")["sequence"][0][0] == 880


@pytest.mark.parametrize(
    "name", ["RINGBACK", "RINGBACK_UK", "ringback.fr", ToneManager.PredefinedTones.RINGBACK_EU]
)
def test_a_predefined_or_country_name_cannot_be_taken(worker: WorkerPeer, name: str) -> None:
    """TONE-7: Error."""
    with pytest.raises(Error, match="accepted: a name that is not predefined"):
        ToneManager().create_tone([entry()], name)


@pytest.mark.parametrize("name", ["", "  ", 5, None, "\ud800"])
def test_a_bad_name_is_refused(name: Any) -> None:
    """TONE-7, GEN-11: a name is a string that is not blank."""
    with pytest.raises(Error, match="tone_name is"):
        ToneManager().create_tone([entry()], name)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (entry(frequency=10000), r"tone_a\['frequency'\] is 10000; accepted: an integer from 0 to 9999"),
        (entry(frequency=-1), r"tone_a\['frequency'\] is -1"),
        (entry(frequency=440.0), r"tone_a\['frequency'\] is 440.0"),
        (entry(frequency=True), r"tone_a\['frequency'\] is True"),
        (entry(amplitude=100), r"tone_a\['amplitude'\] is 100; accepted: an integer from 0 to 99"),
        (entry(duration=10000), r"how\['duration'\] is 10000; accepted: an integer from 0 to 9999"),
        (entry(add="both"), r"how\['add'\] is 'both'; accepted: 'summation' or 'modulation'"),
        (({"frequency": 1}, *entry()[1:]), "tone_a has no key 'amplitude'"),
        ((entry()[0], {"amplitude": 1}, entry()[2]), "tone_b has no key 'frequency'"),
        ((*entry()[:2], {"duration": 1}), "how has no key 'add'"),
        (({"frequency": 1, "amplitude": 1, "level": 1}, *entry()[1:]), "tone_a has the key 'level'"),
        ((440, *entry()[1:]), "tone_a is 440; accepted: a dictionary"),
        (entry()[:2], "accepted: a tuple"),
        ("abc", "'abc'; accepted: a tuple"),
    ],
)
def test_a_bad_entry_is_named_and_nothing_is_added(bad: Any, words: str) -> None:
    """TONE-5, TONE-7: the index of the entry, the key and the value."""
    manager = ToneManager()
    with pytest.raises(Error, match=words) as caught:
        manager.create_tone([entry(), bad], "mine")
    assert "tone_info[1]" in str(caught.value)
    assert "mine" not in manager.tones()


@pytest.mark.parametrize("info", [[], (), None, 5, entry()[0]])
def test_a_tone_without_entries_is_refused(info: Any) -> None:
    """TONE-7: at least one."""
    with pytest.raises(Error, match="tone_info is"):
        ToneManager().create_tone(info, "mine")


def test_the_default_ringback_holds_for_the_process(worker: WorkerPeer) -> None:
    """TONE-3: called on the class; the first default is RINGBACK."""
    assert ToneManager.default() == "RINGBACK"
    ToneManager.set_default(ToneManager.PredefinedTones.RINGBACK_UK)
    assert ToneManager.default() == "RINGBACK_UK"
    ToneManager.set_default("ringback.fr")
    assert ToneManager.default() == "ringback.fr"
    with pytest.raises(Error, match="tone is 'nothing'; accepted: one of the known tones RINGBACK"):
        ToneManager.set_default("nothing")
    assert ToneManager.default() == "ringback.fr"


def test_creating_a_tone_is_logged(worker: WorkerPeer) -> None:
    """TONE-1: my_log may be given, and is used."""
    log = worker.worker._log("i-1")
    ToneManager(log).create_tone([entry()], "mine")
    line = worker.server.expect("log")["params"]
    assert line == {"instance": "i-1", "level": "debug", "text": "tone mine created with 1 entries"}
