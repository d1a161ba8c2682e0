"""Peers for the tests: a server's end of the worker protocol, and a SIP caller, both independent of offhook's own code."""
