"""HTTP: tag-facing routes, pages, and how requests are identified and refused."""
