"""An external Lambda extension that ships logs and metrics to S3: a process of its own, on the standard library."""
