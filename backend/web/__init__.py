"""HTTP: routes for tags, pages, and how requests are identified and refused."""
