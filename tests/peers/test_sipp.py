"""Calls by sipp, step by step: what an independent user agent receives when an application rings."""

from __future__ import annotations

from pathlib import Path

from .conftest import Serve
from .sipp import G711U_ONLY, G729_ONLY, OFFER, Scenario

RING_THEN_ANSWER = """
def main(channel):
    if channel.ring(0.5) == channel.State.RING_INCOMING:
        channel.answer()
        channel.wait_for_idle(20)
"""

EARLY_MEDIA_THEN_ANSWER = """
def main(channel):
    from offhook.uas import ToneManager, TonePlayer
    TonePlayer(channel, ToneManager())
    state = channel.ring(1.5, negotiate_early_media=True, custom_ringtone="RINGBACK_UK", loop_ringtone=True)
    if state == channel.State.RING_INCOMING:
        channel.answer()
        channel.wait_for_idle(20)
"""

WAIT_FOR_THE_CALLER = """
def main(channel):
    channel.wait_for_idle(20)
"""

RING_THEN_EARLY_MEDIA_LATER = """
def main(channel):
    channel.ring(1.0)
    channel.ring(20, negotiate_early_media=True)
"""

EARLY_MEDIA_WITHOUT_END = """
def main(channel):
    channel.ring(20, negotiate_early_media=True)
"""

ANSWER_AT_ONCE = """
def main(channel):
    channel.answer()
    channel.wait_for_idle(20)
"""


def direction(sdp: str) -> str:
    """The direction attribute of a description; sendrecv when it has none (RFC 8866 section 6.7)."""
    for line in sdp.splitlines():
        if line.strip() in ("a=sendonly", "a=recvonly", "a=inactive", "a=sendrecv"):
            return line.strip()[2:]
    return "sendrecv"


def test_plain_ring_is_180_without_sdp_then_200(serve: Serve, tmp_path: Path) -> None:
    """RING-20, RING-3, ANS-4: a plain ring is one 180 without SDP, and the answer a 200 with it."""
    scenario = Scenario("plain_ring").invite().expect(100).expect(180).expect(200).ack()
    run = scenario.request("BYE", 2).expect(200).run(serve(RING_THEN_ANSWER), tmp_path)
    assert run.received() == [100, 180, 200]
    assert run.first(180).body.strip() == ""
    assert "m=audio" in run.first(200).body
    # By the caller's clock, which stamps a message when it gets round to it; RING-16 is measured elsewhere.
    assert 0.4 <= run.first(200).seconds - run.first(180).seconds <= 1.0


def test_early_media_is_183_with_one_codec_and_the_200_repeats_its_sdp(serve: Serve, tmp_path: Path) -> None:
    """RING-21, RING-35, RING-52, ANS-7: 183 with SDP, one codec plus telephone-event, the same in the 200."""
    scenario = Scenario("early_media").invite().expect(100).expect(183).expect(200).ack()
    run = scenario.request("BYE", 2).expect(200).run(serve(EARLY_MEDIA_THEN_ANSWER), tmp_path)
    assert run.received() == [100, 183, 200]
    sdp = run.first(183).body
    assert [line.split()[3:] for line in sdp.splitlines() if line.startswith("m=audio")] == [["8", "101"]]
    assert run.first(200).body == sdp


def test_reliable_early_media_with_a_lost_and_a_duplicated_prack(serve: Serve, tmp_path: Path) -> None:
    """RING-23, UR-9: 183 repeated until its PRACK comes; a second copy of the PRACK changes nothing."""
    scenario = (
        Scenario("prack_lost")
        .invite(Supported="100rel")
        .expect(100)
        .expect(183, keep="RSeq")
        .pause(0.8)  # the PRACK that was lost
        .prack(2)
        .expect(200)
        .expect(200)
        .ack()
        .prack(2)  # the copy that the network made
        .expect(200)
        .request("BYE", 3)
        .expect(200)
    )
    run = scenario.run(serve(EARLY_MEDIA_THEN_ANSWER), tmp_path)
    assert len(run.all(183)) >= 2, "the unacknowledged 183 was not repeated"
    assert "100rel" in (run.first(183).header("Require") or "")
    assert run.received("PRACK") == [200, 200]
    assert len(run.all(200)) == 1, "the answer was repeated"


def test_required_100rel_makes_the_plain_180_reliable(serve: Serve, tmp_path: Path) -> None:
    """RING-23: with Require: 100rel the 180 carries RSeq and Require, and is acknowledged by PRACK."""
    scenario = (
        Scenario("required")
        .invite(Require="100rel")
        .expect(100)
        .expect(180, keep="RSeq")
        .prack(2)
        .expect(200)
        .expect(200)
        .ack()
        .request("BYE", 3)
        .expect(200)
    )
    run = scenario.run(serve(RING_THEN_ANSWER), tmp_path)
    assert (run.first(180).header("RSeq") or "").isdigit()


def test_no_sdp_with_100rel_offers_in_the_183(serve: Serve, tmp_path: Path) -> None:
    """RING-31, RING-23: the reliable 183 carries the offer, the PRACK the answer, the 200 nothing."""
    scenario = (
        Scenario("no_sdp_100rel")
        .invite(sdp=None, Supported="100rel")
        .expect(100)
        .expect(183, keep="RSeq")
        .prack(2, sdp=G711U_ONLY)
        .expect(200)
        .expect(200)
        .ack()
        .request("BYE", 3)
        .expect(200)
    )
    run = scenario.run(serve(EARLY_MEDIA_THEN_ANSWER), tmp_path)
    offered = [line.split()[3:] for line in run.first(183).body.splitlines() if line.startswith("m=audio")]
    assert offered
    assert {"8", "0"} <= set(offered[0])


def test_no_sdp_without_100rel_rings_plainly_and_offers_in_the_200(serve: Serve, tmp_path: Path) -> None:
    """RING-30, ANS-13: no early media; 180, then the offer in the 200 and the answer in the ACK."""
    scenario = Scenario("no_sdp").invite(sdp=None).expect(100).expect(180).expect(200).ack(sdp=OFFER)
    run = scenario.request("BYE", 2).expect(200).run(serve(EARLY_MEDIA_THEN_ANSWER), tmp_path)
    assert run.received() == [100, 180, 200]
    assert "m=audio" in run.first(200).body


def test_no_common_codec_rings_plainly_and_is_refused_at_the_answer(serve: Serve, tmp_path: Path) -> None:
    """RING-31, ANS-9: no codec in common: 180 although early media was asked for, and 488 at the answer."""
    scenario = Scenario("no_codec").invite(sdp=G729_ONLY).expect(100).expect(180).expect(488).ack_refusal()
    run = scenario.run(serve(EARLY_MEDIA_THEN_ANSWER), tmp_path)
    assert run.received() == [100, 180, 488]


def test_a_repeated_invite_gets_the_newest_provisional_and_no_second_instance(
    serve: Serve, tmp_path: Path
) -> None:
    """RING-25: an INVITE that arrives again is answered with the newest provisional response."""
    server = serve(RING_THEN_ANSWER)
    scenario = (
        Scenario("repeated")
        .invite()
        .expect(100)
        .expect(180)
        .invite()
        .expect(180)
        .expect(200)
        .ack()
        .request("BYE", 2)
        .expect(200)
    )
    run = scenario.run(server, tmp_path, absorb_repeats=False)
    assert run.received() == [100, 180, 180, 200]
    server.stop()
    assert len(server.records.read_text().splitlines()) == 1


def test_cancel_before_any_ringing(serve: Serve, tmp_path: Path) -> None:
    """RING-4, HUP-8: CANCEL in CALL_INCOMING: 200 to the CANCEL, 487 to the INVITE."""
    scenario = (
        Scenario("cancel_first")
        .invite()
        .expect(100)
        .pause(0.3)
        .cancel()
        .expect(200)
        .expect(487)
        .ack_refusal()
    )
    run = scenario.run(serve(WAIT_FOR_THE_CALLER), tmp_path)
    assert run.received() == [100, 487]


def test_cancel_between_180_and_183(serve: Serve, tmp_path: Path) -> None:
    """RING-4, RING-22: CANCEL during a plain ring that an early-media ring would have followed."""
    scenario = (
        Scenario("cancel_between")
        .invite()
        .expect(100)
        .expect(180)
        .pause(0.3)
        .cancel()
        .expect(200)
        .expect(487)
        .ack_refusal()
    )
    run = scenario.run(serve(RING_THEN_EARLY_MEDIA_LATER), tmp_path)
    assert run.received() == [100, 180, 487]
    refused = (
        run.first(487).seconds - next(m for m in run.messages if m.sent and m.method == "CANCEL").seconds
    )
    # The bound of RING-4 is measured on the virtual clock; here it is told from a time-out.
    assert refused < 0.4


def test_cancel_while_a_prack_is_awaited(serve: Serve, tmp_path: Path) -> None:
    """RING-23, RING-4: the CANCEL is served while the PRACK is awaited, and the 183 repeated no more."""
    scenario = (
        Scenario("cancel_prack")
        .invite(Supported="100rel")
        .expect(100)
        .expect(183, keep="RSeq")
        .cancel()
        .expect(200)
        .expect(487)
        .ack_refusal()
        .pause(1.5)
    )
    run = scenario.run(serve(EARLY_MEDIA_WITHOUT_END), tmp_path)
    assert run.received() == [100, 183, 487]


def test_cancel_that_crosses_the_200_changes_nothing(serve: Serve, tmp_path: Path) -> None:
    """HUP-8: a CANCEL after our 200 gets 200 and the call goes on until the BYE."""
    scenario = (
        Scenario("cancel_crosses")
        .invite()
        .expect(100)
        .expect(200)
        .cancel()
        .expect(200)
        .ack()
        .pause(0.5)
        .request("BYE", 2)
        .expect(200)
    )
    run = scenario.run(serve(ANSWER_AT_ONCE), tmp_path)
    assert run.received("CANCEL") == [200]
    assert 487 not in run.received()
    assert run.received("BYE") == [200]


def test_reinvite_hold_and_resume(serve: Serve, tmp_path: Path) -> None:
    """HOLD-6: a hold by the caller is answered with the matching direction, and so is its end."""
    scenario = (
        Scenario("hold")
        .invite()
        .expect(100)
        .expect(200)
        .ack()
        .request("INVITE", 2, OFFER + "a=sendonly\n")
        .expect(100, optional=True)
        .expect(200)
        .ack(cseq=2)
        .pause(0.3)
        .request("INVITE", 3, OFFER + "a=sendrecv\n")
        .expect(100, optional=True)
        .expect(200)
        .ack(cseq=3)
        .request("BYE", 4)
        .expect(200)
    )
    run = scenario.run(serve(ANSWER_AT_ONCE), tmp_path)
    assert [direction(m.body) for m in run.all(200)] == ["sendrecv", "recvonly", "sendrecv"]


def test_update_during_early_media_is_answered(serve: Serve, tmp_path: Path) -> None:
    """RING-35: an UPDATE that holds early media is answered with the direction, on the same port."""
    scenario = (
        Scenario("update")
        .invite(Supported="100rel")
        .expect(100)
        .expect(183, keep="RSeq")
        .prack(2)
        .expect(200)
        .request("UPDATE", 3, OFFER + "a=sendonly\n")
        .expect(200)
        .expect(200)
        .ack()
        .request("BYE", 4)
        .expect(200)
    )
    run = scenario.run(serve(EARLY_MEDIA_THEN_ANSWER), tmp_path)
    held = run.first(200, "UPDATE").body
    assert direction(held) == "recvonly"
    port = [line.split()[1] for line in run.first(183).body.splitlines() if line.startswith("m=audio")]
    assert [line.split()[1] for line in held.splitlines() if line.startswith("m=audio")] == port


def test_early_bye_ends_the_call(serve: Serve, tmp_path: Path) -> None:
    """RING-4: a BYE on the early dialog gets 200, the INVITE 487."""
    scenario = (
        Scenario("early_bye").invite().expect(100).expect(183).request("BYE", 2).expect(200).expect(487)
    )
    run = scenario.ack_refusal().run(serve(EARLY_MEDIA_WITHOUT_END), tmp_path)
    assert run.received("BYE") == [200]


def test_unsupported_extension_is_refused_before_any_application_starts(serve: Serve, tmp_path: Path) -> None:
    """RING-26: Require with an unknown extension: 420 that names it, and no application record."""
    server = serve(RING_THEN_ANSWER)
    run = Scenario("unsupported").invite(Require="teleport").expect(420).ack_refusal().run(server, tmp_path)
    assert run.first(420).header("Unsupported") == "teleport"
    server.stop()
    assert not server.records.exists() or server.records.read_text() == ""
