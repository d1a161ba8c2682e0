"""Takes the number of a caller who wants to be called back; callback_queue.py calls it."""

import os
import time

QUEUE = "callbacks"


def main(channel):
    channel.ring(1)
    channel.answer()
    channel.FilePlayer.say(
        "All lines are busy. Enter your number and hash, and we call you back.", barge_in=True
    )
    number = channel.DTMFDetector.get_digits(end="#", seconds_predigits_timeout=10)
    if not number:
        channel.FilePlayer.say("Then please try again later.")
        return 1
    os.makedirs(QUEUE, exist_ok=True)
    with open(os.path.join(QUEUE, f"{time.time_ns()}-{number}"), "x"):
        pass
    channel.FilePlayer.say("Thank you. We call you back.")
    return 0
