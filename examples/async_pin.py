"""A coroutine that waits for two things at once: the caller's number, and the end of the call."""

import asyncio

PIN = "2468"


async def main(channel):
    if await channel.ring(1) != channel.State.RING_INCOMING:
        return 0
    await channel.answer()
    await channel.FilePlayer.start_say("Please enter your number.", barge_in=True)
    # Both wait at once: whichever is over first, the caller's keys or the time.
    digits = asyncio.create_task(
        channel.DTMFDetector.get_digits(clear=True, count=4, seconds_predigits_timeout=10, end="#")
    )
    gone = asyncio.create_task(channel.wait_for_idle())
    await asyncio.wait({digits, gone}, return_when=asyncio.FIRST_COMPLETED)
    gone.cancel()
    if channel.state() != channel.State.ANSWERED:
        return 1
    await channel.FilePlayer.stop()
    right = await digits == PIN
    await channel.FilePlayer.say("Thank you." if right else "That is not right.")
    return 0 if right else 2
