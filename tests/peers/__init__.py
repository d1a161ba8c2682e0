"""Tests against independent peers.

sipp is a user agent, baresip and Linphone are softphones, Kamailio is registrar and proxy, tshark the judge.
"""
