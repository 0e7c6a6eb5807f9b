"""The replicas: what loads, batches and reports health, the storages they read, and the pipeline that joins them."""
