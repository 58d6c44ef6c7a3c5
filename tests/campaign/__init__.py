"""Long tests with full counts: each module runs by itself and writes its result to docs/campaigns."""
