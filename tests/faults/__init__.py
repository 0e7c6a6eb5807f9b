"""Faults that tests put into the service on purpose."""
