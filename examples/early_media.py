"""Speaks to the caller and plays music before the call is answered."""

from offhook.uas import PlayableMedia


def main(channel):
    my_ring_tone = PlayableMedia(text_to_say="Thank you for calling.", channel=channel)
    state = channel.ring(
        seconds_ringtime=None,  # block for the duration of the text
        negotiate_early_media=True,  # if it is available; otherwise the call rings plainly
        custom_ringtone=my_ring_tone,
    )
    if state == channel.State.RING_INCOMING:
        my_next_ring_tone = PlayableMedia(file_to_play="some_music.wav", channel=channel)
        channel.ring(seconds_ringtime=10, custom_ringtone=my_next_ring_tone)
        channel.answer()
