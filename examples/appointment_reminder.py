"""Reminds of an appointment: a person may confirm by a key, an answering machine gets the whole message.

Started with `offhook start`, one instance for each person; the parameters are the address to call, a comma
and the time, for example "+441234567890,Tuesday at ten".
"""

__uas_identify__ = "application"
__uas_version__ = "1.0"

CONFIRMED, NOT_CONFIRMED, LEFT_A_MESSAGE = 0, 1, 2
NOT_REACHED, BAD_PARAMETERS = -100, -101


def main(channel, application_instance_id, file_man, my_log, application_parameters, outbound_parameters):
    address, _, appointment = outbound_parameters.partition(",")
    if not appointment:
        my_log.error(f"the parameters are {outbound_parameters!r}, and should be an address, a comma, a time")
        return BAD_PARAMETERS
    state = channel.call(
        address,
        application_parameters,
        seconds_timeout=45,
        live_speaker_detect=channel.LiveSpeakerDetectionSettings.DEFAULT,
    )
    if state != channel.State.ANSWERED:
        my_log.info(f"not reached: {channel.cause().name} {channel.Details.raw_cause}")
        return NOT_REACHED
    far_end = channel.Details.far_end_type
    my_log.info(f"answered by {far_end.name}")
    reminder = f"This is a reminder of your appointment on {appointment}."
    if far_end == channel.CallFarEndType.FAX_MACHINE:
        return NOT_REACHED
    if far_end == channel.CallFarEndType.ANSWER_MACHINE:
        channel.wait_for_answer_machine(seconds_timeout=30)
        channel.FilePlayer.say(reminder)
        return LEFT_A_MESSAGE
    channel.FilePlayer.say(f"{reminder} To confirm, please press 1.", barge_in=True)
    digit = channel.DTMFDetector.get_digits(count=1, seconds_predigits_timeout=8)
    if digit == "1":
        channel.FilePlayer.say("Thank you. Goodbye.")
        return CONFIRMED
    return NOT_CONFIRMED
