"""A queue that calls back: a caller leaves a number and hangs up, and is called as soon as it is free.

Two services share this folder: an inbound one runs callback_request.py, which writes the numbers; an
outbound one runs this file, started with `offhook start`, and calls one after another until none is left.
"""

import os

__uas_identify__ = "application"
__uas_version__ = "1.0"

QUEUE = "callbacks"
"""Folder of the waiting numbers, one empty file each, named by time and number."""


def main(channel, application_instance_id, file_man, my_log, application_parameters, outbound_parameters):
    reached = 0
    while (number := take()) is not None:
        state = channel.call(address(number, outbound_parameters), application_parameters, seconds_timeout=30)
        if state != channel.State.ANSWERED:
            my_log.info(f"{number} was not reached: {channel.cause().name}")
            continue
        reached += 1
        channel.FilePlayer.say("You asked us to call you back. How can we help?", barge_in=True)
        channel.wait_for_idle(60)
        channel.hang_up()
    return reached


def take():
    """The number that has waited longest, taken off the queue so that no other instance calls it."""
    for name in sorted(os.listdir(QUEUE) if os.path.isdir(QUEUE) else []):
        try:
            os.unlink(os.path.join(QUEUE, name))
        except FileNotFoundError:
            continue
        return name.partition("-")[2]
    return None


def address(number, host):
    """Through a trunk, or directly at a host if the start request names one."""
    return f"sip:{number}@{host}" if host else number
