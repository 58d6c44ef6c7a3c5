"""Prairie City: the demo's town. Its people, places, loads and a year of their life, lived through the one door."""
