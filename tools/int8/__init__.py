"""Making nets faster than they were published: what a developer runs, and what the service applies as it loads."""
