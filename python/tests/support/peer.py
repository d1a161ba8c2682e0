"""The worker's side under test, together with the server's end that a test plays."""

from __future__ import annotations

import textwrap
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

from offhook import aio, uas
from offhook._wire import Wire
from offhook.worker import Worker
from support.protocol import DETAILS, PATIENCE, START, Message, ServerEnd
from support.threads import Running


class ChannelPeer:
    """Channels on a wire that a thread reads; the test is the server."""

    def __init__(self) -> None:
        self.server = ServerEnd()
        self.wire = Wire(self.server.far_end)
        self.stops = threading.Event()
        self._channels: dict[str, Any] = {}
        self.channel = self.make_channel()
        self._reader = threading.Thread(target=self.wire.read, args=(self._dispatch,), daemon=True)
        self._reader.start()

    def make_channel(self, kind: type[Any] = uas.UASCallChannel, **changes: Any) -> Any:
        """A channel with an id of its own unless `changes` names one."""
        name = changes.pop("channel", f"c-{len(self._channels) + 1}")
        details = {**DETAILS, **changes.pop("details", {})}
        channel = kind(self.wire, {**START, "channel": name, "details": details, **changes}, self.stops)
        for each in (channel, *channel.ExtraChannel):
            self._channels[each._id] = each
        return channel

    def make_async_channel(self, **changes: Any) -> aio.UASCallChannel:
        """An async twin."""
        channel: aio.UASCallChannel = self.make_channel(aio.UASCallChannel, **changes)
        return channel

    def in_state(self, state: str, **details: Any) -> Any:
        """A blocking channel in that state."""
        return self.make_channel(state=state, details=details)

    def lose_connection(self) -> None:
        """Close the server's end and wait until the reader has noticed."""
        self.server.close()
        self._reader.join(PATIENCE)
        assert not self._reader.is_alive()

    def __enter__(self) -> ChannelPeer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.close()
        self._reader.join(PATIENCE)

    def _dispatch(self, message: Message) -> None:
        channel = self._channels[message["params"]["channel"]]
        if message["method"] == "channel.state":
            channel._update(message["params"])
        else:
            channel._update_player(message["params"])


class WorkerPeer:
    """A whole worker on a thread; the test is the server."""

    def __init__(
        self, max_threads: int = 8, log_level: str = "debug", media_root: str = "/nonexistent"
    ) -> None:
        self.server = ServerEnd()
        self.worker = Worker(self.server.far_end)
        self.running = Running(self.worker.run)
        self.hello = self.server.expect("worker.hello")["params"]
        self._started = 0
        self.configure(max_threads=max_threads, log_level=log_level, media_root=media_root)

    def configure(self, **changes: Any) -> None:
        """Send the settings."""
        params = {
            "protocol": 1,
            "media_root": "/nonexistent",
            "operating_directory": None,
            "log_level": "debug",
            "max_threads": 8,
            "tones": ["RINGBACK", "RINGBACK_UK", "RINGBACK_EU", "ringback.fr", "busy.de"],
            **changes,
        }
        assert self.server.request("worker.configure", params)["result"] == {}

    def load(self, path: Path, source: str) -> Message:
        """Write an application and have it loaded; the response."""
        path.write_text(textwrap.dedent(source))
        return self.server.request("application.load", {"name": path.stem, "path": str(path)})

    def start(self, application: str, **changes: Any) -> str:
        """Start an instance; its number makes the ids `i-<n>` and `c-<n>`."""
        self._started += 1
        ids = {"instance": f"i-{self._started}", "channel": f"c-{self._started}"}
        self.server.notify("instance.start", {**START, **ids, "application": application, **changes})
        return ids["channel"]

    def end(self) -> Message:
        """Await and confirm the next end of an instance; what it said."""
        request = self.server.expect("instance.end")
        self.server.respond(request, {})
        params: Message = request["params"]
        return params

    def run(self, application: str, **changes: Any) -> Message:
        """Start an instance that needs no answers and await its end."""
        self.start(application, **changes)
        return self.end()

    def __enter__(self) -> WorkerPeer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.close()
        if error is None:
            self.running.result()
