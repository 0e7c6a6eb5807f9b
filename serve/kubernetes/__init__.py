"""Asks the API server of Kubernetes, from a pod and with the pod's service account.

`api` makes the requests; `rayservice` tells whether a RayService runs with its newest settings; `budget` keeps
disruption budgets in proportion to the workers that run. What Kubernetes is told at install is in `helm/`.
"""
