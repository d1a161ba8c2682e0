"""Everything that offhook sent during the run, judged by tshark. The name sorts it behind the others."""

from __future__ import annotations

from collections import Counter

from .capture import Capture, fields
from .server import Offhook

#: Expert notes that are right and wanted, with the reason.
EXPECTED_NOTES: dict[str, str] = {}


def sent_by_us() -> str:
    """A display filter for packets that left a server of this run."""
    ports = [f"udp.srcport == {port}" for port in Offhook.sip_ports]
    ranges = [f"(udp.srcport >= {low} && udp.srcport <= {high})" for low, high in Offhook.rtp_ranges]
    return "(" + " || ".join(ports + ranges) + ")"


def test_no_packet_that_we_sent_is_malformed_or_carries_a_warning(capture: Capture) -> None:
    """UR-7: tshark dissects every SIP, SDP, RTP and RTCP packet of the run without complaint."""
    capture.stop()
    rows = fields(capture.file, Offhook.sip_ports, sent_by_us(), "frame.number", "_ws.col.Protocol")
    protocols = Counter(row[1].split("/")[0] for row in rows)
    assert protocols["SIP"] > 50, f"too little SIP to judge: {protocols}"
    assert protocols["RTP"] > 100, f"too little RTP to judge: {protocols}"
    assert protocols["RTCP"] > 0, f"no RTCP to judge: {protocols}"

    malformed = fields(
        capture.file, Offhook.sip_ports, f"{sent_by_us()} && _ws.malformed", "frame.number", "_ws.col.Info"
    )
    assert malformed == []

    severity_warning = 0x00600000
    noted = fields(
        capture.file,
        Offhook.sip_ports,
        f"{sent_by_us()} && _ws.expert.severity >= {severity_warning}",
        "frame.number",
        "_ws.col.Protocol",
        "_ws.expert.message",
    )
    unexpected = [row for row in noted if not any(note in row[-1] for note in EXPECTED_NOTES)]
    assert unexpected == [], f"{len(unexpected)} packets with warnings, the first: {unexpected[:5]}"
