"""The stages of a bulk run, as actors of Ray Data, and the coordinator that they all know.

They run the classes of `deployments.stages`. How a page is read is not here.
"""
