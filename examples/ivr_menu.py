"""A menu: the caller presses keys, also while the menu is spoken, and three wrong ones end the call."""

MENU = "For our opening hours press 1. For our address press 2. To end the call press star."
ANSWERS = {
    "1": "We are open from nine to five.",
    "2": "You find us at the harbour, pier four.",
}
MOST_MISTAKES = 3


def main(channel):
    channel.ring(1)
    channel.answer()
    mistakes = 0
    while mistakes < MOST_MISTAKES:
        # The key that stops the menu stays in the buffer, and get_digits takes it from there.
        channel.FilePlayer.say(MENU, barge_in=True)
        digit = channel.DTMFDetector.get_digits(count=1, seconds_predigits_timeout=5)
        if digit == "*":
            channel.FilePlayer.say("Goodbye.")
            return 0
        if digit in ANSWERS:
            channel.FilePlayer.say(ANSWERS[digit], barge_in=True)
        else:
            mistakes += 1
            channel.FilePlayer.say("Sorry, that is not in the menu.", barge_in=True)
    return -100
