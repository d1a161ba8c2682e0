"""A mailbox: callers leave a message after the beep, and the owner, told by beeps of a new one, hears it.

The service's parameters are the owner's number or name.
"""

from offhook.uas import Hangup, ToneManager, TonePlayer

__uas_identify__ = "application"
__uas_version__ = "1.0"

NOTHING_RECORDED = -100
CALLER_GAVE_UP = -101

SILENCE = {"frequency": 0, "amplitude": 0}
BEEP = ({"frequency": 1400, "amplitude": 13}, SILENCE, {"duration": 100, "add": "summation"})
PAUSE = (SILENCE, SILENCE, {"duration": 100, "add": "summation"})


def main(channel, application_instance_id, file_man, my_log, application_parameters):
    owner = application_parameters
    message = f"voicemail/{owner}.wav"
    try:
        channel.ring(1)
        channel.answer()
        if user_part(channel.Details.call_from) == owner:
            return listen(channel, file_man, message)
        return leave(channel, application_instance_id, file_man, my_log, message)
    except Hangup:
        return CALLER_GAVE_UP


def leave(channel, application_instance_id, file_man, my_log, message):
    """Record under a name of its own first, so that a caller who hangs up at once leaves nothing behind."""
    recording = f"voicemail/new/{application_instance_id}.wav"
    channel.FilePlayer.say("Please speak after the beep. Press hash when you have finished.", barge_in=True)
    cause = channel.FileRecorder.record(
        recording,
        milliseconds_max_duration=120_000,
        milliseconds_max_silence=5_000,
        barge_in_digits="#",
        beep_on_start=True,
    )
    if not channel.FileRecorder.audio_detected_in_recording():
        file_man.delete_file(recording)
        return NOTHING_RECORDED
    file_man.delete_file(message)
    file_man.rename(recording, message)
    my_log.info(f"a new message, ended by {cause.name}")
    if channel.state() == channel.State.ANSWERED:
        channel.FilePlayer.say("Thank you. Your message has been left.")
    return 0


def listen(channel, file_man, message):
    """Play the message, if there is one, and delete it if its owner presses 7."""
    tone_manager = ToneManager()
    tone_manager.create_tone([BEEP, PAUSE] * 5, "message waiting")
    player = TonePlayer(channel, tone_manager)
    if not file_man.exists(message):
        channel.FilePlayer.say("You have no message.")
        return 0
    player.play("message waiting")
    channel.FilePlayer.play(message, barge_in=True)
    channel.FilePlayer.say("To delete the message press 7.", barge_in=True)
    if channel.DTMFDetector.get_digits(count=1, seconds_predigits_timeout=5) == "7":
        file_man.delete_file(message)
        channel.FilePlayer.say("Deleted.")
    return 0


def user_part(address):
    """The number or name in a SIP address."""
    return address.removeprefix("sip:").split("@")[0]
