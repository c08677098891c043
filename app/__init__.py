"""The HTTP service and its pages. `app.factory.create_app` puts it together; `python -m app` runs it."""
