"""A conference bridge: the caller enters a room's number, says a name, and talks to all others in that room.

The service has one extra channel, which stands for the caller's place in the room.
"""

from offhook.uas import Hangup

__uas_identify__ = "application"
__uas_version__ = "1.0"

NO_ROOM = 1
CALLER_GAVE_UP = 2


def main(channel, application_instance_id, file_man, my_log, application_parameters):
    name = f"names/{application_instance_id}.wav"
    try:
        return join(channel, name)
    except Hangup:
        return CALLER_GAVE_UP
    finally:
        file_man.delete_file(name)


def join(channel, name):
    """Ask for the room and the caller's name, and stay in the room until the caller leaves it."""
    channel.answer()
    channel.FilePlayer.say("Please enter the number of your conference, and hash.", barge_in=True)
    number = channel.DTMFDetector.get_digits(end="#", seconds_predigits_timeout=10)
    if not number.isdigit():
        channel.FilePlayer.say("Goodbye.")
        return NO_ROOM
    channel.FilePlayer.say("Please say your name after the beep.")
    channel.FileRecorder.record(
        name, milliseconds_max_duration=4000, milliseconds_max_silence=1500, beep_on_start=True
    )
    settings = channel.ConferencePartyMediaSettings(exit_on_dtmf_digit="#")
    settings.PrefixMedia.file_to_play(name)
    settings.OnEntryMedia.text_to_say("has joined.")
    settings.OnExitMedia.text_to_say("has left.")
    settings.MuteOnDTMFDigits.set_digits(mute="0", unmute="1")
    place = channel.ExtraChannel[0]
    state = channel.transfer_to_conference_room(
        place, f"room{number}", conference_party_media_settings=settings
    )
    if state == channel.State.TRANSFERRED:
        # Until the caller presses the exit digit, or hangs up.
        place.wait_for_idle()
        if channel.state() == channel.State.TRANSFERRED:
            channel.retrieve_transferred_call()
            channel.FilePlayer.say("Goodbye.")
    return 0
