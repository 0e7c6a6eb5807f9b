"""The chart on a real cluster: that of the current kubeconfig. `make e2e` runs it."""
