"""Migration in: sets of files from an old system, checked whole, loaded in shards, signed off by a second person."""
