"""The cost of jobs: their own CPU time, and the latency of requests beside them.

Whether the results of jobs are right is for the tests.
"""
