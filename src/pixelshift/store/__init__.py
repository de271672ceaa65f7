"""Where series, their state and their events are kept."""
