"""The buyers' door: server-rendered pages."""
