"""The parts that users meet: the HTTP API, the command line, jobs, bulk runs, the settings and the application builder.

The replicas that do the work are in `deployments`, and the OCR itself is in `models`.
"""
