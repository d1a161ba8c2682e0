"""Makes a tone of its own and repeats it as early media until somebody is free to answer."""

from offhook.uas import ICanRun, ToneManager, TonePlayer

SILENCE = {"frequency": 0, "amplitude": 0}
CHIME = [
    ({"frequency": 784, "amplitude": 13}, SILENCE, {"duration": 180, "add": "summation"}),
    ({"frequency": 659, "amplitude": 13}, SILENCE, {"duration": 180, "add": "summation"}),
    ({"frequency": 523, "amplitude": 13}, SILENCE, {"duration": 360, "add": "summation"}),
    (SILENCE, SILENCE, {"duration": 2280, "add": "summation"}),
]


def somebody_is_free(rings):
    return rings >= 2


def main(channel):
    tone_manager = ToneManager()
    tone_manager.create_tone(CHIME, "chime")
    TonePlayer(channel, tone_manager)
    i_can_run = ICanRun(channel)
    rings = 0
    while i_can_run and not somebody_is_free(rings):
        channel.ring(3, negotiate_early_media=True, custom_ringtone="chime", loop_ringtone=True)
        rings += 1
    if i_can_run:
        channel.answer()
        channel.FilePlayer.say("Thank you for waiting.")
