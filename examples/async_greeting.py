"""The same as a coroutine: every function that can wait is awaited."""


async def main(channel):
    if await channel.ring(1) == channel.State.RING_INCOMING:
        await channel.answer()
        await channel.FilePlayer.say("Thank you for calling.")
