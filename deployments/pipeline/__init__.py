"""Takes pages through the replicas, and tries again when one of them ends.

The work of the stages is not here (`deployments.stages`), nor is the order of a document's pages (`serve.documents`).
"""
