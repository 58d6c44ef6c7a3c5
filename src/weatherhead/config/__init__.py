"""Settings, URLs and the WSGI entry: the one place that reads the environment."""
