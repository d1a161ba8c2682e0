"""The long form: parameters from the configuration, a log, return codes, and a call that is refused as busy.

The service's parameters are the opening hours, for example "9-17".
"""

import datetime

from offhook.uas import Hangup

__uas_identify__ = "application"
__uas_version__ = "1.0"

BAD_PARAMETERS = -100
CALLER_GAVE_UP = -101


def main(channel, application_instance_id, file_man, my_log, application_parameters):
    try:
        opens, closes = (int(hour) for hour in application_parameters.split("-"))
    except ValueError:
        my_log.error(f"the parameters are {application_parameters!r}, and should be like 9-17")
        return BAD_PARAMETERS
    if not opens <= datetime.datetime.now().hour < closes:
        channel.reject(channel.Cause.BUSY)
        return 0
    try:
        channel.ring(2)
        channel.answer()
        if file_man.exists("welcome.wav"):
            channel.FilePlayer.play("welcome.wav", barge_in=True)
        else:
            channel.FilePlayer.say("Welcome.", barge_in=True)
    except Hangup:
        my_log.info(f"the caller gave up, {application_instance_id}")
        return CALLER_GAVE_UP
    return 0
