"""Typed edits: what a client may ask to be done to a picture. Pure values; the floor below every image room."""
