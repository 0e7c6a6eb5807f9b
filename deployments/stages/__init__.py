"""The stages of a page (preprocessing, detection, recognition), each a class that a replica or a worker runs.

The classes load, batch and report. Arithmetic on pixels is in `models`, decoding in `deployments.preprocess`.
"""
