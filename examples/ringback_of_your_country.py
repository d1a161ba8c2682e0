"""Plays the ringing tone of the caller's country as early media, chosen by the number's prefix."""

from offhook.uas import ToneManager, TonePlayer

RINGBACK = {"+44": "ringback.gb", "+49": "ringback.de", "+33": "ringback.fr", "+1": "ringback.us"}


def main(channel):
    TonePlayer(channel, ToneManager())
    caller = channel.Details.call_from
    tone = next((name for prefix, name in RINGBACK.items() if prefix in caller), "RINGBACK_EU")
    state = channel.ring(6, negotiate_early_media=True, custom_ringtone=tone, loop_ringtone=True)
    if state == channel.State.IDLE:
        return
    channel.answer()
    channel.FilePlayer.say("You have reached us.")
