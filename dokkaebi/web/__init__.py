"""The books over HTTP: read-only JSON, for pages and programs of others."""
