"""Is a raw month what its schema says? Every check returns all the faults it finds."""
