"""Where events are sent: webhook, stdout, file."""
