"""Rings for a second, answers, and thanks the caller."""


def main(channel):
    if channel.ring(1) == channel.State.RING_INCOMING:
        channel.answer()
        channel.FilePlayer.say("Thank you for calling.")
