#!/usr/bin/env python3
"""A worker without the package `offhook`: speaks the protocol by hand, and keeps what the server writes.

Started in the place of Python (`--python`). It runs the one application `script`: for each instance it asks
for every operation of the protocol once, good and bad, and then ends the instance.
"""

import json
import os
import socket
import sys

OPERATIONS = [
    ("channel.details", {}),
    ("channel.ring", {"seconds": -1, "early_media": False, "ringtone": None, "loop": False, "codecs": None}),
    (
        "channel.ring",
        {"seconds": 0, "early_media": False, "ringtone": {"error": "ignored"}, "loop": False, "codecs": None},
    ),
    (
        "channel.ring",
        {
            "seconds": 0,
            "early_media": True,
            "ringtone": {"error": "my own words"},
            "loop": False,
            "codecs": None,
        },
    ),
    (
        "channel.ring",
        {
            "seconds": 0.1,
            "early_media": True,
            "ringtone": {"tone": "RINGBACK_UK"},
            "loop": True,
            "codecs": "g711a;g711u",
        },
    ),
    (
        "channel.ring",
        {"seconds": None, "early_media": True, "ringtone": {"text": "Hello."}, "loop": False, "codecs": None},
    ),
    (
        "channel.ring",
        {
            "seconds": 0,
            "early_media": True,
            "ringtone": {"file": "missing.wav"},
            "loop": False,
            "codecs": None,
        },
    ),
    (
        "tone_player.play",
        {
            "tone": {"tone": "mine", "sequence": [[1000, 10, 0, 0, 100, "summation"]]},
            "loop": False,
            "seconds_timeout": None,
            "wait": True,
        },
    ),
    ("tone_player.play", {"tone": {"tone": "busy.de"}, "loop": True, "seconds_timeout": None, "wait": False}),
    ("tone_player.stop", {}),
    ("tone_player.wait", {"seconds": None}),
    ("channel.answer", {"codecs": None, "headers": [["x-order", "42"]]}),
    ("channel.answer", {"codecs": None, "headers": []}),
    (
        "file_player.play",
        {
            "media": {"text": "Hi."},
            "barge_in": True,
            "barge_in_digits": None,
            "loop": False,
            "seconds_timeout": 5,
            "wait": True,
        },
    ),
    (
        "file_player.play",
        {
            "media": {"text": "Hello again."},
            "barge_in": False,
            "barge_in_digits": None,
            "loop": True,
            "seconds_timeout": None,
            "wait": False,
        },
    ),
    (
        "file_player.play",
        {
            "media": {"file": "missing.wav"},
            "barge_in": False,
            "barge_in_digits": None,
            "loop": False,
            "seconds_timeout": None,
            "wait": False,
        },
    ),
    ("file_player.wait", {"seconds": 0.05}),
    ("file_player.stop", {}),
    # Given up at once: a job is stopped, another operation leaves the call as it is.
    (
        "file_player.play",
        {
            "media": {"text": "Hello for the third time."},
            "barge_in": False,
            "barge_in_digits": None,
            "loop": True,
            "seconds_timeout": None,
            "wait": True,
            "cancelled": True,
        },
    ),
    ("channel.wait_for_idle", {"seconds": None, "cancelled": True}),
    ("channel.reject", {"cause": "NO SUCH", "raw_cause": None}),
    ("channel.wait_for_idle", {"seconds": 0.01}),
    ("channel.no_such_operation", {}),
    ("channel.hang_up", {}),
    ("channel.reject", {"cause": "BUSY", "raw_cause": None}),
    ("channel.ring", {"seconds": 0, "early_media": False, "ringtone": None, "loop": False, "codecs": None}),
]

connection = socket.socket(fileno=int(os.environ["OFFHOOK_WORKER_FD"]))
lines = connection.makefile("rb")
record = open(os.environ["RECORD"], "a", encoding="utf-8")


def send(message):
    connection.sendall(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")


def note(direction, message):
    record.write(json.dumps({"direction": direction, "message": message}) + "\n")
    record.flush()


def operate(channel, remaining, number):
    method, params = remaining[0]
    message = {"id": number, "method": method, "params": {"channel": channel, **params}}
    note("asked", message)
    send(message)
    if "cancelled" in params:
        send({"method": "$/cancel", "params": {"id": number}})


send({"method": "worker.hello", "params": {"protocol": 1, "python": "by hand", "pid": os.getpid()}})
remaining, number, instance, channel, stopping = list(OPERATIONS), 100, None, None, False
for line in lines:
    message = json.loads(line)
    note("received", message)
    method = message.get("method")
    if method in {"worker.configure", "worker.ping"}:
        result = {"instances": 0, "threads": 0} if method == "worker.ping" else {}
        send({"id": message["id"], "result": result})
    elif method == "application.load":
        send(
            {"id": message["id"], "result": {"ok": True, "form": "short", "is_async": False, "version": None}}
        )
    elif method == "instance.start":
        instance, channel = message["params"]["instance"], message["params"]["channel"]
        send({"method": "log", "params": {"instance": instance, "level": "report", "text": "one\ntwo"}})
        send({"method": "notifications.unknown", "params": {}})
        operate(channel, remaining, number)
    elif method == "worker.stop":
        stopping = True
    elif method is None and message["id"] == number:
        remaining.pop(0)
        number += 1
        if remaining:
            operate(channel, remaining, number)
        elif instance:
            end = {"instance": instance, "return_code": 5, "exception": None, "hangup": False}
            message = {"id": number, "method": "instance.end", "params": end}
            note("asked", message)
            send(message)
            instance = None
    if stopping and instance is None and method is None:
        sys.exit(0)
