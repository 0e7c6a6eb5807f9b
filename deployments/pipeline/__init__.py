"""A page's way through the replicas, and what happens when one of them ends.

The work of the stages is not here (`deployments.stages`), nor is the order of a document's pages (`serve.documents`).
"""
