"""What users touch: the HTTP API, the command line, the settings, and the application builder."""
