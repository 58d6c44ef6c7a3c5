"""The faces: workbench and command line. Strangers to each other; only they read the clock."""
