"""What the tracking server needs before and beside it."""
