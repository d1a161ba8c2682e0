"""Tells the caller before the answer why nobody will answer, and refuses with a code of its own choice."""

from offhook.uas import PlayableMedia


def main(channel):
    notice = PlayableMedia(text_to_say="Our office is closed. Please call again tomorrow.")
    channel.ring(seconds_ringtime=None, negotiate_early_media=True, custom_ringtone=notice)
    channel.reject(raw_cause="480")
