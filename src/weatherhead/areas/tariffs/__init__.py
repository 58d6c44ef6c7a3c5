"""Rate schedules as data: loaded, kept by content, found by date."""
