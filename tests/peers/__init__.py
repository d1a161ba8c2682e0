"""Tests against independent peers: sipp as a scripted user agent, baresip as a softphone, tshark as the judge."""
