"""The call-channel API for applications (``GEN-1``).

Example::

    from offhook.uas import Hangup, PlayableMedia

    def main(channel):
        channel.ring(
            seconds_ringtime=None,
            negotiate_early_media=True,
            custom_ringtone=PlayableMedia(text_to_say="Thank you for calling."),
        )
        channel.answer()
        channel.FilePlayer.say("You are through.")

Enumerations are reached through the objects that own them: ``channel.State.ANSWERED``,
``channel.FilePlayer.Cause.BARGEIN`` (``GEN-4``).
"""

from __future__ import annotations

from offhook.channel import ICanRun, UASCallChannel
from offhook.cipher import AESCBCCipher
from offhook.errors import Error, Hangup
from offhook.headers import SIPHeaderField
from offhook.media import PlayableMedia
from offhook.tones import ToneManager, TonePlayer

__all__ = [
    "AESCBCCipher",
    "Error",
    "Hangup",
    "ICanRun",
    "PlayableMedia",
    "SIPHeaderField",
    "ToneManager",
    "TonePlayer",
    "UASCallChannel",
]
