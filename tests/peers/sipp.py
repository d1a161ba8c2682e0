"""Writes sipp scenarios step by step and runs them; what crossed the wire comes back as messages."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from .server import LOOPBACK, Offhook, free_port

OFFER = """v=0
o=sipp 53655765 2353687637 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 8 0 101
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
"""
G729_ONLY = OFFER.replace("8 0 101", "18 101")
G711U_ONLY = OFFER.replace("8 0 101", "0 101")


@dataclass
class Message:
    """One SIP message of a run, as sipp saw it."""

    seconds: float
    sent: bool
    text: str

    @property
    def status(self) -> int | None:
        """The status code of a response, `None` for a request."""
        found = re.match(r"SIP/2\.0 (\d{3})", self.text)
        return int(found.group(1)) if found else None

    @property
    def method(self) -> str:
        """The method of the request, or of the CSeq of a response."""
        found = re.search(r"^CSeq:\s*\d+\s+(\w+)", self.text, re.M | re.I)
        return found.group(1) if found else ""

    @property
    def body(self) -> str:
        """What follows the empty line."""
        return self.text.partition("\n\n")[2]

    def header(self, name: str) -> str | None:
        """The value of the first header of this name."""
        found = re.search(rf"^{re.escape(name)}:[ \t]*(.*)$", self.text, re.M | re.I)
        return found.group(1).strip() if found else None


@dataclass
class Run:
    """What a scenario left behind."""

    messages: list[Message]

    def received(self, method: str = "INVITE") -> list[int]:
        """Status codes of the responses to `method`, in order, repeats included."""
        return [m.status for m in self.messages if not m.sent and m.status is not None and m.method == method]

    def first(self, status: int, method: str = "INVITE") -> Message:
        """The first response with this status to `method`."""
        for message in self.messages:
            if not message.sent and message.status == status and message.method == method:
                return message
        raise AssertionError(f"no {status} to {method}; received {self.received(method)}")

    def all(self, status: int, method: str = "INVITE") -> list[Message]:
        """Every response with this status to `method`."""
        return [m for m in self.messages if not m.sent and m.status == status and m.method == method]


@dataclass
class Scenario:
    """A sipp scenario under construction: each method adds one step and returns the scenario."""

    name: str
    user: str = "service"
    _steps: list[str] = field(default_factory=list)
    _has_remote_target: bool = False

    def invite(self, sdp: str | None = OFFER, again: bool = False, **headers: str) -> Scenario:
        """Sends the INVITE; `again` sends the same transaction's INVITE once more."""
        self._send("INVITE", f"sip:{self.user}@[remote_ip]:[remote_port]", 1, "", sdp, headers, branch="inv")
        return self

    def expect(self, status: int, optional: bool = False, keep: str = "") -> Scenario:
        """Waits for a response; `keep` names a header whose number is kept as variable 1."""
        action = ""
        if keep:
            action = (
                f'<action><ereg regexp="[0-9]+" search_in="hdr" header="{keep}:" '
                'check_it="true" assign_to="1"/>'
                "</action>"
            )
        more = ' optional="true"' if optional else ""
        if status in (180, 183, 200) and not self._has_remote_target:
            self._has_remote_target = True
            more += ' rrs="true"'
        self._steps.append(f'<recv response="{status}" timeout="8000"{more}>{action}</recv>')
        return self

    def expect_request(self, method: str) -> Scenario:
        """Waits for a request and answers 200."""
        self._steps.append(f'<recv request="{method}" timeout="15000"/>')
        self._steps.append(
            "<send><![CDATA[\nSIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n"
            "[last_Call-ID:]\n[last_CSeq:]\n"
            "Content-Length: 0\n\n]]></send>"
        )
        return self

    def pause(self, seconds: float) -> Scenario:
        """Does nothing for a time; repeats from the server are absorbed."""
        self._steps.append(f'<pause milliseconds="{round(seconds * 1000)}"/>')
        return self

    def ack(self, sdp: str | None = None, cseq: int = 1) -> Scenario:
        """ACK for a 2xx to the INVITE with this sequence number."""
        self._send("ACK", "[next_url]", cseq, "[peer_tag_param]", sdp, {}, branch=f"ack{len(self._steps)}")
        return self

    def ack_refusal(self) -> Scenario:
        """ACK for a final response of 300 or more: the INVITE's branch and URI."""
        target = f"sip:{self.user}@[remote_ip]:[remote_port]"
        self._send("ACK", target, 1, "[peer_tag_param]", None, {}, branch="inv")
        return self

    def prack(self, cseq: int, sdp: str | None = None, branch: str = "prack") -> Scenario:
        """PRACK of the reliable response whose RSeq `expect(keep="RSeq")` kept."""
        self._send(
            "PRACK", "[next_url]", cseq, "[peer_tag_param]", sdp, {"RAck": "[$1] 1 INVITE"}, branch=branch
        )
        return self

    def cancel(self) -> Scenario:
        """CANCEL of the INVITE."""
        self._send("CANCEL", f"sip:{self.user}@[remote_ip]:[remote_port]", 1, "", None, {}, branch="inv")
        return self

    def request(self, method: str, cseq: int, sdp: str | None = None) -> Scenario:
        """A request inside the dialog."""
        self._send(method, "[next_url]", cseq, "[peer_tag_param]", sdp, {}, branch=f"{method.lower()}{cseq}")
        return self

    def run(self, server: Offhook, folder: Path, seconds: float = 30, absorb_repeats: bool = True) -> Run:
        """Runs the scenario once; fails with sipp's own words when it did not go as written.

        A message that comes a second time is no step of the scenario; without `absorb_repeats` it is one.
        """
        file = folder / f"{self.name}.xml"
        file.write_text(self._xml())
        trace = folder / f"{self.name}.messages"
        errors = folder / f"{self.name}.errors"
        command = [
            "sipp", "-sf", str(file), "-m", "1",
            "-i", LOOPBACK, "-p", str(free_port()), "-mp", str(free_port()),
            "-nostdin", "-timeout", f"{seconds:.0f}s", "-timeout_error",
            "-trace_msg", "-message_file", str(trace),
            "-trace_err", "-error_file", str(errors), "-max_retrans", "3", f"{LOOPBACK}:{server.port}",
        ]  # fmt: skip
        if not absorb_repeats:
            command.insert(1, "-nr")
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=seconds + 20, check=False
        )
        messages = parse_trace(trace.read_text(errors="replace")) if trace.exists() else []
        if done.returncode != 0:
            lines = [f"{m.seconds:.3f} {'->' if m.sent else '<-'} {m.text.splitlines()[0]}" for m in messages]
            said = errors.read_text() if errors.exists() else ""
            log = server.log.read_text()[-4000:]
            raise AssertionError(
                f"sipp ended with {done.returncode} in {self.name}\n"
                + "\n".join(lines)
                + f"\n{said}\nserver:\n{log}"
            )
        return Run(messages)

    def _send(
        self,
        method: str,
        uri: str,
        cseq: int,
        to_tag: str,
        sdp: str | None,
        headers: dict[str, str],
        branch: str,
    ) -> None:
        extra = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in headers.items())
        kind = "Content-Type: application/sdp\n" if sdp else ""
        self._steps.append(
            "<send><![CDATA[\n"
            f"{method} {uri} SIP/2.0\n"
            f"Via: SIP/2.0/UDP [local_ip]:[local_port];branch=z9hG4bK-[pid]-[call_number]-{branch};rport\n"
            "Max-Forwards: 70\n"
            "From: sipp <sip:sipp@[local_ip]:[local_port]>;tag=[pid]t[call_number]\n"
            f"To: <sip:{self.user}@[remote_ip]:[remote_port]>{to_tag}\n"
            "Call-ID: [call_id]\n"
            f"CSeq: {cseq} {method}\n"
            "Contact: <sip:sipp@[local_ip]:[local_port]>\n"
            f"{extra}{kind}Content-Length: [len]\n\n{sdp or ''}]]></send>"
        )

    def _xml(self) -> str:
        steps = "\n".join(self._steps)
        # A variable that no step reads is an error for sipp.
        unused = "" if "[$1]" in steps or "assign_to" not in steps else '<Reference variables="1"/>'
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<scenario name="{self.name}">\n{steps}\n{unused}\n</scenario>\n'
        )


def parse_trace(text: str) -> list[Message]:
    """The messages of a file that sipp wrote with `-trace_msg`."""
    messages = []
    pattern = re.compile(
        r"^-{10,} (\d{4}-\d\d-\d\d)[ \t](\d\d:\d\d:\d\d\.\d+)[^\n]*\n"
        r"UDP message (sent|received)[^\n]*\n\n(.*?)(?=^-{10,} \d{4}-|\Z)",
        re.M | re.S,
    )
    for day, clock, way, body in pattern.findall(text):
        at = datetime.fromisoformat(f"{day}T{clock}").timestamp()
        messages.append(Message(at, way == "sent", body.replace("\r", "")))
    return messages
