"""Connects the caller with a desk and records both: the caller on the left, the desk on the right.

The service has one extra channel, and its parameters are the address of the desk.
"""

from offhook.uas import Hangup

__uas_identify__ = "application"
__uas_version__ = "1.0"

NOBODY_THERE = 1
CALLER_GAVE_UP = 2


def main(channel, application_instance_id, file_man, my_log, application_parameters):
    try:
        return bridge(channel, application_instance_id, my_log, application_parameters)
    except Hangup:
        return CALLER_GAVE_UP


def bridge(channel, application_instance_id, my_log, address):
    """Call the desk while the caller hears that, and connect the two."""
    channel.answer()
    channel.FilePlayer.start_say("One moment please. This call is recorded.")
    desk = channel.ExtraChannel[0]
    reached = desk.call(address, channel.Details.call_from, seconds_timeout=30)
    # Whoever plays cannot be connected, so the sentence is heard to its end first.
    channel.FilePlayer.wait_until_finished()
    if reached != channel.State.ANSWERED:
        channel.FilePlayer.say("Nobody is there. Please call again later.")
        return NOBODY_THERE
    channel.FileRecorder.start(f"calls/{application_instance_id}.wav", channels="stereo")
    if channel.connect(desk):
        my_log.info(f"connected to {desk.Details.call_to}")
    # Whoever hangs up first ends it; what is left is hung up when main returns.
    while channel.state() == desk.state() == channel.State.ANSWERED:
        channel.wait_for_idle(0.2)
    return 0
