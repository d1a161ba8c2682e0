"""Early media, an announcement, the answer, a greeting: what `offhook demo` runs."""

from offhook.uas import PlayableMedia, ToneManager, TonePlayer


def main(channel):
    # The caller hears a British ringback tone for four seconds. Nothing is answered so far.
    TonePlayer(channel, ToneManager())
    ringback = ToneManager.PredefinedTones.RINGBACK_UK
    channel.ring(4, negotiate_early_media=True, custom_ringtone=ringback, loop_ringtone=True)

    # Still ringing: the announcement replaces the tone, and ring() returns when it has been spoken.
    announcement = PlayableMedia(text_to_say="Thank you for calling. One moment, please.")
    channel.ring(None, custom_ringtone=announcement)

    channel.answer()
    channel.FilePlayer.say("Good morning. Welcome to off hook.")
    # When main returns, the call is hung up.
