"""Peers for the tests: a server's end of the worker protocol, and a SIP caller.

Both are independent of offhook's own code.
"""
