"""Where originals come from: a folder, S3, HTTPS hosts on an allow-list."""
