"""offhook: a phone server whose calls are answered by a few lines of Python.

Applications import ``offhook.uas``; the server ``offhook serve app.py`` runs their ``main`` for each call.
The package is pure Python and uses nothing but the standard library.
"""

from __future__ import annotations

from offhook._clock import sleep
from offhook._scenario import ScenarioError, record_scenario
from offhook.errors import Error, Hangup, OffhookError

__all__ = ["Error", "Hangup", "OffhookError", "ScenarioError", "__version__", "record_scenario", "sleep"]

__version__ = "0.1.0"
