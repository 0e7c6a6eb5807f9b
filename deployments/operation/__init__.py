"""What an operator sees of a replica: its metrics and logs, and when it is replaced.

What a replica does for a page is in `deployments.stages`.
"""
