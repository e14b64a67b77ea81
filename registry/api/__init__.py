"""The HTTP edge: FastAPI app, routes, problem details."""
