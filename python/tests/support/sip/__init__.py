"""A SIP and RTP caller for tests, written from the RFCs with the standard library only.

It shares no code with offhook, so what both agree on is what the RFCs say. It does what a test tells it, in
the order in which it is told, and keeps everything that it receives together with the time of arrival.
"""

from support.sip.caller import Call, Caller
from support.sip.message import Request, Response
from support.sip.rtp import MediaSession, RtpPacket
from support.sip.sdp import SessionDescription, offer

__all__ = [
    "Call",
    "Caller",
    "MediaSession",
    "Request",
    "Response",
    "RtpPacket",
    "SessionDescription",
    "offer",
]
