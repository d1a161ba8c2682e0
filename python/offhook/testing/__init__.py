"""Test an application without a telephone and without waiting.

With pytest, the fixture ``offhook`` is there as soon as the package is installed::

    def test_caller_is_greeted(offhook):
        call = offhook.call("app.py")
        assert call.response() == 183
        assert call.until_answered()
        call.hang_up()
        assert call.instance.return_code == 0

Applications that dial reach the callees of the test::

    def test_the_customer_is_called_back(offhook):
        customer = offhook.callee("300", answers_after=3.0)
        run = offhook.start("callback.py", "300")
        assert customer.until_answered()
        assert customer.hears_speech("You asked us to call you back.")
        customer.hang_up()
        assert run.return_code == 0

With unittest, :class:`TestCase` has it as ``self.offhook``; anywhere else, use :class:`Rehearsal`.

The server is the real one and the application runs in a real worker. Only the network and the clock are
simulated: time goes on when every thread of the application waits in the API or in ``offhook.sleep``, and
not otherwise.
"""

from __future__ import annotations

from offhook.testing._call import Call
from offhook.testing._callee import Callee, Invite, ReceivedCall
from offhook.testing._heard import Heard
from offhook.testing._instance import Instance
from offhook.testing._link import Link
from offhook.testing._person import AnsweringMachine, AnyPerson, Fax, Person
from offhook.testing._rehearsal import Rehearsal
from offhook.testing._server import ClockStandsError, InvalidApplicationError, RehearsalError
from offhook.testing._telephone import Telephone
from offhook.testing._unittest import TestCase

__all__ = [
    "AnsweringMachine",
    "AnyPerson",
    "Call",
    "Callee",
    "ClockStandsError",
    "Fax",
    "Heard",
    "Instance",
    "InvalidApplicationError",
    "Invite",
    "Link",
    "Person",
    "ReceivedCall",
    "Rehearsal",
    "RehearsalError",
    "Telephone",
    "TestCase",
]
