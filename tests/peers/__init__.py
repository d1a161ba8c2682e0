"""Tests against independent peers: sipp as a user agent, baresip as a softphone, tshark as the judge."""
