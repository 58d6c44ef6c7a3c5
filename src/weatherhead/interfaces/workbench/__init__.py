"""The workbench: the representative's desk. Server-rendered, dense, keyboard first."""
