"""Measuring a service: the client that drives it, the CPU time and memory of its processes, and the report.

Which measurements a command makes is in the folder of that command. Pictures and labels are in `loadtest.data`.
"""
